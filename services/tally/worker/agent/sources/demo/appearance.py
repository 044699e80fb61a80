"""What the people on the demo's square look like."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""

_SKIN: tuple[Colour, ...] = ((150, 178, 222), (118, 150, 200), (82, 112, 160), (52, 74, 110))
_HAIR: tuple[Colour, ...] = (
    (28, 30, 36),
    (38, 54, 82),
    (52, 92, 140),
    (120, 170, 205),
    (150, 150, 152),
)
_TOPS: tuple[Colour, ...] = (
    (60, 58, 178), (150, 92, 42), (70, 128, 64), (52, 150, 212), (208, 206, 200), (62, 56, 54),
    (110, 62, 120), (150, 140, 70), (96, 108, 200), (190, 160, 110), (48, 82, 128), (165, 170, 178),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = (
    (92, 66, 46), (58, 46, 38), (46, 44, 44), (104, 128, 150), (128, 104, 78), (84, 84, 82),
)  # fmt: skip
_SHOES: tuple[Colour, ...] = ((34, 34, 36), (40, 56, 84), (208, 208, 206))


class Outfit(Enum):
    """The cut of the clothes, which gives the body its outline."""

    JACKET = "jacket"
    COAT = "coat"
    DRESS = "dress"


@dataclass(frozen=True, slots=True)
class Appearance:
    """One person's looks.

    Attributes:
        height: Metres.
        build: Breadth relative to the height, 1 average.
        outfit: The clothes' cut.
        skin: Colour of face and hands.
        hair: Colour of hair, or of the hat.
        top: Colour of jacket, coat or dress.
        trousers: Colour of trousers or stockings.
        shoes: Colour of the shoes.
        backpack: Its colour, if there is one.
    """

    height: float
    build: float
    outfit: Outfit
    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    shoes: Colour
    backpack: Colour | None


def draw_appearance(rng: np.random.Generator) -> Appearance:
    """Draws a person."""
    outfits = list(Outfit)
    return Appearance(
        height=float(np.clip(rng.normal(1.72, 0.09), 1.5, 1.95)),
        build=float(rng.uniform(0.88, 1.16)),
        outfit=outfits[rng.choice(len(outfits), p=[0.64, 0.2, 0.16])],
        skin=_pick(rng, _SKIN),
        hair=_pick(rng, _HAIR),
        top=_pick(rng, _TOPS),
        trousers=_pick(rng, _TROUSERS),
        shoes=_pick(rng, _SHOES),
        backpack=_pick(rng, _TOPS) if rng.random() < 0.22 else None,
    )


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return colours[rng.integers(len(colours))]
