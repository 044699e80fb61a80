"""Flat surfaces of the demo's square: the paving seen from above and the street front behind it."""

import cv2
import numpy as np

from tally.worker.agent.sources.base import Image
from tally.worker.agent.sources.demo.appearance import Colour

FRONT_Y = 32.0
"""Distance of the street front from the camera, in metres."""

_PAVING_SIZE_M = (48.0, FRONT_Y - 5.2)
_PAVING_PX_PER_M = 40
_MOSAIC_CENTRE = (24.0, FRONT_Y - 15.0)  # metres from the texture's upper left corner
_FRONT_SIZE_M = (54.0, 15.0)
_FRONT_PX_PER_M = 28

_WALLS: tuple[Colour, ...] = (
    (168, 190, 206), (132, 158, 186), (190, 196, 196), (150, 176, 170), (120, 140, 176),
)  # fmt: skip
_AWNINGS: tuple[Colour, ...] = ((70, 72, 168), (96, 118, 60), (148, 104, 58), (60, 130, 190))


def paving(rng: np.random.Generator) -> Image:
    """The ground from `FRONT_Y` (top) to just before the camera, stone by stone."""
    scale = _PAVING_PX_PER_M
    width, height = (round(metres * scale) for metres in _PAVING_SIZE_M)
    texture = np.empty((height, width, 3), np.uint8)
    texture[:] = (118, 126, 132)  # the joints
    stone_width, stone_height = round(0.9 * scale), round(0.6 * scale)
    for row, top in enumerate(range(0, height, stone_height)):
        for left in range(-(row % 2) * stone_width // 2, width, stone_width):
            tint = rng.normal(0, 5) + rng.normal(0, 1.5, 3)
            colour = np.clip(np.array([150, 158, 165]) + tint, 0, 255).tolist()
            corner = (left + stone_width - 2, top + stone_height - 2)
            cv2.rectangle(texture, (left, top), corner, colour, cv2.FILLED)
    for band in range(0, width, 8 * scale):
        strip = texture[:, band : band + round(0.5 * scale)]
        strip[:] = (strip * 0.82).astype(np.uint8)
    _mosaic(texture, rng)
    pavement = texture[: round(4.2 * scale)]
    pavement[:] = np.clip(pavement * 1.06 + 6, 0, 255).astype(np.uint8)
    texture[round(4.2 * scale) : round(4.4 * scale)] = (128, 134, 138)
    stains = cv2.resize(
        rng.normal(1, 0.035, (28, 50)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    grain = rng.normal(1, 0.025, (height, width))
    return np.clip(texture * (stains * grain)[..., None], 0, 255).astype(np.uint8)


def _mosaic(texture: Image, rng: np.random.Generator) -> None:
    """A ring of small stones around the middle of the square, with a star in it."""
    scale = _PAVING_PX_PER_M
    centre = tuple(round(metres * scale) for metres in _MOSAIC_CENTRE)
    light, dark = np.array([172, 180, 188]), np.array([104, 112, 124])
    radii = np.arange(4.2, 0.3, -0.3)
    for ring, radius in enumerate(radii):
        stones = max(10, round(2 * np.pi * radius / 0.34))
        base = dark if ring in (0, 4, 8) else light
        for stone in range(stones):
            colour = np.clip(base + rng.normal(0, 7), 0, 255).tolist()
            start = 360 * stone / stones + 8 * ring
            size = round(radius * scale)
            cv2.ellipse(
                texture,
                centre,
                (size, size),
                0,
                start,
                start + 360 / stones - 0.8,
                colour,
                cv2.FILLED,
            )
        cv2.circle(texture, centre, round(radius * scale), (112, 120, 126), 1)
    points = [
        (
            centre[0] + round(scale * reach * np.cos(np.pi * k / 8)),
            centre[1] + round(scale * reach * np.sin(np.pi * k / 8)),
        )
        for k, reach in enumerate([2.4, 0.8] * 8)
    ]
    cv2.fillPoly(texture, [np.array(points)], (88, 98, 126), cv2.LINE_AA)
    cv2.circle(texture, centre, round(0.55 * scale), (176, 184, 190), cv2.FILLED, cv2.LINE_AA)


def street_front(rng: np.random.Generator) -> Image:
    """Houses with shops, 15 m high, standing at `FRONT_Y`."""
    scale = _FRONT_PX_PER_M
    width, height = (round(metres * scale) for metres in _FRONT_SIZE_M)
    texture = np.zeros((height, width, 3), np.uint8)
    left, house = 0, 0
    while left < width:
        right = min(width, left + round(rng.uniform(7.5, 11) * scale))
        _house(texture[:, left:right], _WALLS[house % len(_WALLS)], _AWNINGS[house % 4], rng)
        left, house = right, house + 1
    grain = rng.normal(1, 0.02, (height, width, 1))
    return np.clip(texture * grain, 0, 255).astype(np.uint8)


def _house(wall: Image, colour: Colour, awning: Colour, rng: np.random.Generator) -> None:
    """Draws one house over the whole of `wall`."""
    scale = _FRONT_PX_PER_M
    height, width = wall.shape[:2]
    wall[:] = colour

    def box(x: float, z: float, w: float, h: float, fill: Colour) -> None:
        """A rectangle in metres: from the house's left edge, above the ground."""
        corners = (
            (round(x * scale), round(height - (z + h) * scale)),
            (
                round((x + w) * scale) - 1,
                round(height - z * scale),
            ),
        )
        cv2.rectangle(wall, *corners, fill, cv2.FILLED)

    def shaded(factor: float) -> Colour:
        b, g, r = (int(channel * factor) for channel in colour)
        return b, g, r

    metres = width / scale
    for floor in range(3):
        z = 4.6 + 3.2 * floor
        box(0, z - 0.75, metres, 0.16, shaded(0.82))
        count = max(1, int(metres // 2.1))
        for window in range(count):
            x = (window + 0.5) * metres / count - 0.55
            box(x - 0.12, z - 0.16, 1.34, 2.05, shaded(1.12))
            glass = rng.uniform(0.7, 1.1)
            box(x, z, 1.1, 1.75, (int(112 * glass), int(92 * glass), int(74 * glass)))
            box(x, z + 0.95, 1.1, 0.8, (int(140 * glass), int(118 * glass), int(98 * glass)))
            box(x + 0.52, z, 0.07, 1.75, shaded(1.12))
            box(x, z + 0.92, 1.1, 0.06, shaded(1.12))
    box(0, 0, metres, 3.5, shaded(0.7))
    box(0.4, 0.5, metres - 2.2, 2.3, (86, 74, 60))
    for goods in np.arange(0.7, metres - 2.4, 0.55):
        tone = (0.6 * rng.uniform(60, 190, 3) + 50).astype(int).tolist()
        box(goods, 0.6, 0.4, rng.uniform(0.4, 1.4), (tone[0], tone[1], tone[2]))
    box(metres - 1.5, 0, 1.1, 2.5, (58, 62, 70))
    box(metres - 1.35, 0.9, 0.8, 1.4, (104, 92, 80))
    for stripe, x in enumerate(np.arange(0.3, metres - 1.8, 0.35)):
        box(x, 2.75, 0.35, 0.75, awning if stripe % 2 else (206, 214, 220))
    box(0, 0, 0.12, 15, shaded(0.78))
