"""Draws the demo scene: frame k of a scene is always the same picture, noise included."""

from functools import cached_property
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike

from tally.worker.agent.sources.base import Image
from tally.worker.agent.sources.demo.backdrop import Occluder, build_backdrop
from tally.worker.agent.sources.demo.figure import Figure, figures
from tally.worker.agent.sources.demo.scene import Scene

_SUPERSAMPLING = 3
_NOISE_SIGMA = 2.2
_NOISE_MARGIN = 64
_SHADOW_DEPTH = 0.46
_CONTACT_DEPTH = 0.22
_BRIGHTNESS: Final = np.array([[0.7], [1.06]])  # of a part in the shade, and on its lit side
_SUB_PIXEL_BITS: Final = 4


class Renderer:
    """Draws pictures of a scene.

    Args:
        scene: What to draw.
        seed: Of stones, leaves and noise.
        width: Pixels.
        height: Pixels.
    """

    def __init__(self, scene: Scene, *, seed: int, width: int, height: int) -> None:
        self._scene = scene
        self._seed = seed
        self._size = np.array([width, height])
        self._backdrop = build_backdrop(scene.camera, width, height, seed)

    def render(self, index: int, time_s: float) -> Image:
        """Draws the scene as it is at a time, with the sensor noise of frame `index`."""
        sunshine = self._scene.sunshine_at(time_s)
        backdrop = cv2.addWeighted(
            self._backdrop.sunny, sunshine, self._backdrop.overcast, 1 - sunshine, 0
        )
        people = figures(self._scene.walkers_at(time_s), self._scene.camera)
        picture = self._with_shadows(backdrop, people, sunshine)
        hiding = list(self._backdrop.occluders)
        for person in people:
            while hiding and hiding[0].y > person.walker.y:
                _hide(picture, backdrop, hiding.pop(0))
            self._draw(picture, person, 0.84 + 0.2 * sunshine)
        for occluder in hiding:
            _hide(picture, backdrop, occluder)
        return self._with_noise(picture, index)

    def _with_shadows(self, backdrop: MatLike, people: list[Figure], sunshine: float) -> MatLike:
        height, width = backdrop.shape[:2]
        light: MatLike = np.full((height, width), 255, np.uint8)
        scale = self._size * 2**_SUB_PIXEL_BITS
        for person in people:
            foot = np.round(person.foot * scale).astype(int)
            reach = (person.box[3] - person.box[1]) * scale[1]
            cv2.ellipse(
                light,
                foot.tolist(),
                (round(reach * 0.13), round(reach * 0.045)),
                0,
                0,
                360,
                round(255 * (1 - _CONTACT_DEPTH)),
                cv2.FILLED,
                cv2.LINE_AA,
                _SUB_PIXEL_BITS,
            )
        cast = round(255 * (1 - _SHADOW_DEPTH * sunshine))
        for person in people:
            for outline in np.round(person.shadow * scale).astype(np.int32):
                hull = cv2.convexHull(outline)
                cv2.fillConvexPoly(light, hull, cast, cv2.LINE_AA, _SUB_PIXEL_BITS)
        light = cv2.blur(light, (3, 3))
        return cv2.multiply(backdrop, cv2.merge([light, light, light]), scale=1 / 255)

    def _draw(self, picture: MatLike, person: Figure, exposure: float) -> None:
        height, width = picture.shape[:2]
        left, top = np.floor(person.box[:2] * self._size).astype(int) - 1
        right, bottom = np.ceil(person.box[2:] * self._size).astype(int) + 1
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            return
        sprite = np.zeros(
            ((bottom - top) * _SUPERSAMPLING, (right - left) * _SUPERSAMPLING, 4), np.uint8
        )
        parts = (person.outlines * self._size - (left, top)) * _SUPERSAMPLING
        colours = np.full((len(parts), 2, 4), 255.0)
        colours[..., :3] = np.minimum(255, person.colours[:, None] * (_BRIGHTNESS * exposure))
        for (whole, lit), (shade, light) in zip(
            np.round(parts).astype(np.int32), colours.tolist(), strict=True
        ):
            hull = cv2.convexHull(whole, returnPoints=False)[:, 0]
            cv2.fillConvexPoly(sprite, whole[hull], shade)
            cv2.fillConvexPoly(sprite, lit[hull], light)
        small = cv2.resize(sprite, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, right), min(height, bottom)
        _blend(
            picture[y0:y1, x0:x1],
            small[y0 - top : y1 - top, x0 - left : x1 - left, :3],
            small[y0 - top : y1 - top, x0 - left : x1 - left, 3],
        )

    def _with_noise(self, picture: MatLike, index: int) -> Image:
        height, width = picture.shape[:2]
        rng = np.random.default_rng((self._seed, index))
        tile, y, x = rng.integers((2, _NOISE_MARGIN, _NOISE_MARGIN))
        window = np.s_[y : y + height, x : x + width]
        brighter, darker = self._noise[tile]
        noisy = cv2.subtract(cv2.add(picture, brighter[window]), darker[window])
        return noisy.astype(np.uint8, copy=False)

    @cached_property
    def _noise(self) -> list[tuple[Image, Image]]:
        """Two large sheets of noise, each split into what brightens and what darkens."""
        rng = np.random.default_rng(self._seed)
        width, height = self._size + _NOISE_MARGIN
        sheets = []
        for _ in range(2):
            grain = rng.normal(0, _NOISE_SIGMA, (height, width, 1))
            colour = rng.normal(0, _NOISE_SIGMA * 0.5, (height, width, 3))
            noise = np.round(grain + colour)
            sheets.append(
                (np.maximum(noise, 0).astype(np.uint8), np.maximum(-noise, 0).astype(np.uint8))
            )
        return sheets


def _hide(picture: MatLike, backdrop: MatLike, occluder: Occluder) -> None:
    """Puts an occluder, as the backdrop shows it, in front of what was drawn so far."""
    height, width = occluder.mask.shape
    window = np.s_[occluder.top : occluder.top + height, occluder.left : occluder.left + width]
    alpha = cv2.merge([occluder.mask] * 3)
    _blend(picture[window], cv2.multiply(backdrop[window], alpha, scale=1 / 255), occluder.mask)


def _blend(below: MatLike, above: MatLike, alpha: MatLike) -> None:
    """Lays `above`, already multiplied by its coverage `alpha` (0..255), over `below` in place."""
    rest = cv2.merge([255 - alpha] * 3)
    below[:] = cv2.add(cv2.multiply(below, rest, scale=1 / 255), above)
