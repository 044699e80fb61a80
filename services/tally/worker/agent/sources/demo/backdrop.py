"""The demo's square without people: paving, a street front, trees, a lamp; drawn once."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from tally.worker.agent.sources.base import Image
from tally.worker.agent.sources.demo.appearance import Colour
from tally.worker.agent.sources.demo.camera import PinholeCamera
from tally.worker.agent.sources.demo.textures import FRONT_Y, paving, street_front

_SUPERSAMPLING = 2
_SUNNY: Final = np.array([0.97, 1.03, 1.07])
_OVERCAST: Final = np.array([0.86, 0.82, 0.79])
_STATIC_SHADE = 0.42

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Occluder:
    """Something that hides who stands behind it.

    Attributes:
        y: Distance from the camera in metres.
        left: Pixels from the picture's left edge to the mask.
        top: Pixels from the picture's upper edge to the mask.
        mask: (h, w) coverage, 0..255.
    """

    y: float
    left: int
    top: int
    mask: Mask


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The empty square in full sunshine and under clouds, and what stands in front of people."""

    sunny: Image
    overcast: Image
    occluders: list[Occluder]


class _Canvas:
    """Draws world things on a picture, its static shadows and the occluders' masks."""

    def __init__(self, camera: PinholeCamera, width: int, height: int) -> None:
        self.camera = camera
        self.size = (width, height)
        self.picture = np.zeros((height, width, 3), np.uint8)
        self.shade = np.zeros((height, width), np.uint8)

    def pixels(self, points: object) -> NDArray[np.int32]:
        relative, _ = self.camera.project(np.array(points, np.float64))
        return np.round(relative * self.size).astype(np.int32)

    def plane(self, texture: Image, corners: object) -> None:
        """Spreads a texture over a rectangle given by three corners: upper left, right, lower left."""
        upper_left, upper_right, lower_left = np.array(corners, np.float64)
        rows, columns = texture.shape[:2]
        to_world = np.eye(4)[:, [0, 1, 3]]
        to_world[:3, 0] = (upper_right - upper_left) / columns
        to_world[:3, 1] = (lower_left - upper_left) / rows
        to_world[:3, 2] = upper_left
        to_pixels = np.diag([*self.size, 1.0]) @ self.camera.matrix @ to_world
        cv2.warpPerspective(
            texture,
            to_pixels,
            self.size,
            self.picture,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_TRANSPARENT,
        )

    def polygon(self, points: object, colour: Colour, mask: Mask | None = None) -> None:
        corners = self.pixels(points)
        cv2.fillConvexPoly(self.picture, corners, colour)
        if mask is not None:
            cv2.fillConvexPoly(mask, corners, 255)

    def ball(self, centre: object, radius: float, colour: Colour, mask: Mask | None = None) -> None:
        relative, depth = self.camera.project(np.array(centre, np.float64))
        at = np.round(relative * self.size).astype(int).tolist()
        pixels = max(1, round(radius * self.camera.matrix[0, 0] / float(depth) * self.size[0]))
        cv2.circle(self.picture, at, pixels, colour, cv2.FILLED)
        if mask is not None:
            cv2.circle(mask, at, pixels, 255, cv2.FILLED)

    def shadow(self, x: float, y: float, radius_x: float, radius_y: float) -> None:
        angles = np.linspace(0, 2 * np.pi, 40)
        ring = [(x + radius_x * np.cos(a), y + radius_y * np.sin(a), 0) for a in angles]
        cv2.fillConvexPoly(self.shade, self.pixels(ring), 255)


def build_backdrop(camera: PinholeCamera, width: int, height: int, seed: int) -> Backdrop:
    """Draws the empty square at a picture size in pixels; the seed varies the stones and leaves."""
    rng = np.random.default_rng(seed)
    canvas = _Canvas(camera, width * _SUPERSAMPLING, height * _SUPERSAMPLING)
    canvas.picture[:] = (214, 196, 176)
    canvas.plane(street_front(rng), [(-27, FRONT_Y, 15), (27, FRONT_Y, 15), (-27, FRONT_Y, 0)])
    canvas.plane(paving(rng), [(-24, FRONT_Y, 0), (24, FRONT_Y, 0), (-24, 5.2, 0)])
    for x in (-13.0, -4.6, 4.2, 13.0):
        _bench(canvas, x, 26.6)
    for x in (-17.5, -8.8, 0.0, 8.8, 17.5):
        _tree(canvas, rng, x, 28.2, crown=1.5)
    masks = {
        19.0: _tree(canvas, rng, -9.6, 19.0, crown=1.7),
        20.5: _tree(canvas, rng, 10.0, 20.5, crown=1.8),
        16.4: _lamp(canvas, 4.9, 16.4),
    }
    small = (width, height)
    picture = cv2.resize(canvas.picture, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = cv2.GaussianBlur(canvas.shade, (0, 0), 1.6 * _SUPERSAMPLING)
    shade = cv2.resize(soft, small, interpolation=cv2.INTER_AREA)[..., None] / 255
    return Backdrop(
        sunny=_to_image(picture * _SUNNY * (1 - _STATIC_SHADE * shade)),
        overcast=_to_image(picture * _OVERCAST * (1 - 0.12 * shade)),
        occluders=[
            _occluder(y, cv2.resize(mask, small, interpolation=cv2.INTER_AREA))
            for y, mask in sorted(masks.items(), reverse=True)
        ],
    )


def _tree(canvas: _Canvas, rng: np.random.Generator, x: float, y: float, *, crown: float) -> Mask:
    mask = np.zeros(canvas.shade.shape, np.uint8)
    canvas.shadow(x + 2.2, y + 0.9, crown * 1.25, crown * 0.8)
    side, rim = 0.7, 0.42
    canvas.shadow(x + 0.25, y + 0.1, side * 1.15, side)
    front, back = y - side, y + side
    for face, colour in (
        ([(x + side, front, 0), (x + side, back, 0), (x + side, back, rim), (x + side, front, rim)],
         (92, 100, 108)),
        ([(x - side, front, 0), (x - side, back, 0), (x - side, back, rim), (x - side, front, rim)],
         (134, 142, 150)),
        ([(x - side, front, 0), (x + side, front, 0), (x + side, front, rim), (x - side, front, rim)],
         (116, 124, 132)),
        ([(x - side, front, rim), (x + side, front, rim), (x + side, back, rim), (x - side, back, rim)],
         (140, 148, 156)),
    ):  # fmt: skip
        canvas.polygon(face, colour, mask)
    inner = side - 0.14
    canvas.polygon(
        [
            (x - inner, y - inner, rim),
            (x + inner, y - inner, rim),
            (x + inner, y + inner, rim),
            (x - inner, y + inner, rim),
        ],
        (44, 62, 78),
    )
    middle = crown + 2.3
    trunk_top = np.array([x, y, middle])
    for offset, width, colour in ((0.0, 0.13, (42, 56, 72)), (-0.04, 0.06, (70, 88, 104))):
        stem = [
            (x + offset - width, y, rim),
            (x + offset + width, y, rim),
            (x + offset + width * 0.7, y, middle),
            (x + offset - width * 0.7, y, middle),
        ]
        canvas.polygon(stem, colour, mask)
    leaves = rng.normal(0, 1, (260, 3))
    leaves *= crown * rng.uniform(0.35, 1, (260, 1)) / np.linalg.norm(leaves, axis=1, keepdims=True)
    leaves = leaves[np.argsort(-leaves[:, 1] + 0.8 * (leaves[:, 2] - leaves[:, 0]))]
    for leaf in leaves * [1.0, 1.0, 0.85]:
        # The sun stands high on the left.
        light = 0.62 + 0.42 * float(np.clip((leaf[2] - 0.6 * leaf[0]) / crown, -0.8, 0.9))
        tint = light * rng.uniform(0.88, 1.1)
        green = (int(58 * tint), int(118 * tint), int(88 * tint))
        canvas.ball(leaf + trunk_top, crown * rng.uniform(0.1, 0.2), green, mask)
    return mask


def _lamp(canvas: _Canvas, x: float, y: float) -> Mask:
    mask = np.zeros(canvas.shade.shape, np.uint8)
    canvas.shadow(x + 1.2, y + 0.42, 1.25, 0.09)
    for left, right, top, colour in (
        (-0.07, 0.07, 3.6, (52, 50, 46)),
        (-0.05, -0.01, 3.6, (92, 90, 84)),
        (-0.13, 0.13, 0.45, (48, 46, 42)),
    ):
        canvas.polygon(
            [(x + left, y, 0), (x + right, y, 0), (x + right, y, top), (x + left, y, top)],
            colour,
            mask,
        )
    canvas.ball((x, y, 3.8), 0.26, (60, 58, 54), mask)
    canvas.ball((x, y, 3.8), 0.21, (214, 232, 238), mask)
    canvas.ball((x - 0.06, y, 3.87), 0.1, (240, 248, 250), mask)
    return mask


def _bench(canvas: _Canvas, x: float, y: float) -> None:
    canvas.shadow(x + 0.3, y + 0.15, 1.1, 0.35)
    for leg in (-0.75, 0.75):
        canvas.polygon(
            [(x + leg - 0.05, y, 0), (x + leg + 0.05, y, 0), (x + leg + 0.05, y, 0.45), (x + leg - 0.05, y, 0.45)],
            (50, 50, 52),
        )  # fmt: skip
    back = y + 0.45
    for z in (0.62, 0.8):
        canvas.polygon(
            [(x - 1, back, z), (x + 1, back, z), (x + 1, back, z + 0.12), (x - 1, back, z + 0.12)],
            (62, 96, 140),
        )
    canvas.polygon(
        [(x - 1, y, 0.45), (x + 1, y, 0.45), (x + 1, back, 0.45), (x - 1, back, 0.45)],
        (74, 112, 158),
    )


def _to_image(picture: NDArray[np.floating]) -> Image:
    image: Image = np.clip(picture, 0, 255).astype(np.uint8)
    return image


def _occluder(y: float, mask: MatLike) -> Occluder:
    left, top, width, height = cv2.boundingRect(mask)
    cut = mask[top : top + height, left : left + width].astype(np.uint8)
    return Occluder(y, left, top, cut)
