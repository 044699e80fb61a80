"""The bodies of the people on the demo's square: jointed, walking, as outlines in the picture.

Lengths are shares of the body height, after the segment lengths of Drillis and Contini (Body Segment
Parameters, New York University, 1966). All people of a moment are computed at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.sources.demo.appearance import Appearance, Colour, Outfit
from tally.worker.agent.sources.demo.camera import PinholeCamera
from tally.worker.agent.sources.demo.scene import Walker

Array = NDArray[np.float64]

# Shadows fall to the right and a little away from the camera: metres of ground per metre of height.
_SHADOW = np.array([0.62, 0.22])

_LIT_SHARE, _LIT_SHIFT = 0.66, 0.09
_STRIDE = 0.82  # two steps, in body heights
_THIGH, _SHANK, _ANKLE = 0.245, 0.246, 0.045
_UPPER_ARM, _FOREARM = 0.172, 0.16

_JOINTS: Final = (
    "head", "face", "neck", "shoulder_l", "shoulder_r", "hip_l", "hip_r", "knee_l", "knee_r",
    "ankle_l", "ankle_r", "toe_l", "toe_r", "elbow_l", "elbow_r", "hand_l", "hand_r",
    "pack_top", "pack_bottom", "hem_l", "hem_r",
)  # fmt: skip

_RING: Final = np.stack(
    [np.cos(np.linspace(0, 2 * np.pi, 8, False)), np.sin(np.linspace(0, 2 * np.pi, 8, False))], -1
)
"""A circle's outline, (8, 2)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The convex hull of circles around up to four joints."""

    name: str
    joints: tuple[str, ...]
    radii: tuple[float, ...]


_PARTS: Final = (
    _Part("shoe", ("ankle_l", "toe_l"), (0.026, 0.02)),
    _Part("shoe", ("ankle_r", "toe_r"), (0.026, 0.02)),
    _Part("shin", ("knee_l", "ankle_l"), (0.036, 0.026)),
    _Part("shin", ("knee_r", "ankle_r"), (0.036, 0.026)),
    _Part("thigh", ("hip_l", "knee_l"), (0.056, 0.038)),
    _Part("thigh", ("hip_r", "knee_r"), (0.056, 0.038)),
    _Part("skirt", ("hip_l", "hip_r", "hem_l", "hem_r"), (0.062, 0.062, 0.05, 0.05)),
    _Part("trunk", ("shoulder_l", "shoulder_r", "hip_l", "hip_r"), (0.046, 0.046, 0.056, 0.056)),
    _Part("sleeve", ("shoulder_l", "elbow_l"), (0.034, 0.027)),
    _Part("sleeve", ("shoulder_r", "elbow_r"), (0.034, 0.027)),
    _Part("forearm", ("elbow_l", "hand_l"), (0.026, 0.02)),
    _Part("forearm", ("elbow_r", "hand_r"), (0.026, 0.02)),
    _Part("hand", ("hand_l",), (0.023,)),
    _Part("hand", ("hand_r",), (0.023,)),
    _Part("neck", ("neck", "head"), (0.028, 0.028)),
    _Part("hair", ("head",), (0.066,)),
    _Part("face", ("face",), (0.053,)),
    _Part("pack", ("pack_top", "pack_bottom"), (0.062, 0.066)),
)
# Every part has four circles: those of a part with fewer joints stand twice or four times.
_CIRCLES: Final = np.array(
    [[_JOINTS.index(j) for j in part.joints * (4 // len(part.joints))] for part in _PARTS]
)
_RADII: Final = np.array([part.radii * (4 // len(part.radii)) for part in _PARTS])
# Hidden inside other parts in the shadow, or too small to show there.
_SHADOWLESS: Final = {"face", "hand", "neck"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One person in the picture, made of parts.

    Each part is the convex hull of an outline; a second, smaller one is its side in the light.

    Attributes:
        walker: Who it is.
        foot: (2,) the ground point between the feet, relative picture coordinates.
        box: (4,) left, top, right, bottom around the body, relative picture coordinates.
        outlines: (parts, 2, points, 2) relative picture coordinates of the whole and the lit
            outline, farthest part first.
        colours: (parts, 3) each part's colour in full light.
        shadow: (parts, points, 2) the shadow's parts on the ground.
    """

    walker: Walker
    foot: Array
    box: Array
    outlines: Array
    colours: Array
    shadow: Array


def figures(walkers: Sequence[Walker], camera: PinholeCamera) -> list[Figure]:
    """Poses and projects people; farthest first, and nobody behind the camera."""
    walkers = sorted(walkers, key=lambda walker: -walker.y)
    if not walkers:
        return []
    heights = np.array([walker.appearance.height for walker in walkers])
    joints = _joints(walkers) * heights[:, None, None]
    places = np.array([(walker.x, walker.y) for walker in walkers])
    headings = np.array([walker.heading for walker in walkers])
    cos, sin = np.cos(headings)[:, None], np.sin(headings)[:, None]
    forward, left, up = joints[..., 0], joints[..., 1], joints[..., 2]
    world = np.stack(
        [
            forward * cos - left * sin + places[:, :1],
            forward * sin + left * cos + places[:, 1:],
            up,
        ],
        axis=-1,
    )
    circles = world[:, _CIRCLES]  # person, part, circle, xyz
    radii = _RADII * heights[:, None, None]
    centres, depths = camera.project(circles)
    scale = np.array([camera.matrix[0, 0], camera.matrix[0, 0] * camera.aspect])
    rings = (radii / depths)[..., None, None] * scale * _RING
    wholes = (centres[..., None, :] + rings).reshape(len(walkers), len(_PARTS), -1, 2)
    lower, upper = wholes.min(axis=2), wholes.max(axis=2)
    outlines = np.stack([wholes, _lit(wholes, lower, upper, camera.aspect)], axis=2)
    part_depths = depths.mean(axis=-1)
    shadows = _shadows(circles, radii, camera)
    feet, _ = camera.project(np.column_stack([places, np.zeros(len(walkers))]))

    drawn = []
    for person, walker in enumerate(walkers):
        colours = _colours(walker.appearance)
        parts = [i for i in np.argsort(-part_depths[person]) if _PARTS[i].name in colours]
        cast = [i for i in parts if _PARTS[i].name not in _SHADOWLESS]
        drawn.append(
            Figure(
                walker=walker,
                foot=feet[person],
                box=np.concatenate(
                    [lower[person, parts].min(axis=0), upper[person, parts].max(axis=0)]
                ),
                outlines=outlines[person, parts],
                colours=np.array([colours[_PARTS[i].name] for i in parts], np.float64),
                shadow=shadows[person, cast],
            )
        )
    return drawn


def _joints(walkers: Sequence[Walker]) -> Array:
    """Body coordinates (forward, left, up) of every joint, (people, joints, 3), in body heights."""
    heights = np.array([walker.appearance.height for walker in walkers])
    build = np.array([walker.appearance.build for walker in walkers])
    pace = np.array([walker.pace for walker in walkers])
    phase = 2 * np.pi * np.array([walker.distance for walker in walkers]) / (_STRIDE * heights)
    nothing = np.zeros(len(walkers))
    hip = nothing + 0.53
    sides: dict[str, Array] = {}
    for side, sign in (("l", 1.0), ("r", -1.0)):
        swing = np.sin(phase) * sign
        thigh = 0.44 * pace * swing
        # The knee bends while its leg swings forward.
        shank = thigh - 0.06 - 0.75 * pace * np.maximum(0, np.cos(phase) * sign)
        across = sign * build
        knee = np.stack(
            [_THIGH * np.sin(thigh), 0.05 * across, hip - _THIGH * np.cos(thigh)], axis=-1
        )
        ankle = knee + np.stack(
            [_SHANK * np.sin(shank), 0 * across, -_SHANK * np.cos(shank)], axis=-1
        )
        # Arms swing against the legs.
        upper_arm = -0.4 * pace * swing + 0.03
        forearm = upper_arm + 0.25 + 0.25 * pace * np.maximum(0, -swing)
        shoulder = np.stack([nothing, 0.105 * across, nothing + 0.815], axis=-1)
        elbow = np.stack(
            [
                _UPPER_ARM * np.sin(upper_arm),
                0.145 * across,
                0.815 - _UPPER_ARM * np.cos(upper_arm),
            ],
            axis=-1,
        )
        sides |= {
            f"hip_{side}": np.stack([nothing, 0.05 * across, hip], axis=-1),
            f"knee_{side}": knee,
            f"ankle_{side}": ankle,
            f"toe_{side}": ankle
            + np.stack([0.085 * np.cos(shank), 0 * across, 0.085 * np.sin(shank) - 0.02], axis=-1),
            f"shoulder_{side}": shoulder,
            f"elbow_{side}": elbow,
            f"hand_{side}": elbow
            + np.stack(
                [_FOREARM * np.sin(forearm), -0.01 * across, -_FOREARM * np.cos(forearm)], axis=-1
            ),
            f"hem_{side}": np.stack([knee[:, 0] * 0.7, 0.06 * across, hip - 0.2], axis=-1),
        }
    middle = {
        "head": (0.01, 0.935),
        "face": (0.034, 0.927),
        "neck": (0.0, 0.85),
        "pack_top": (-0.085, 0.775),
        "pack_bottom": (-0.09, 0.66),
    }
    joints = sides | {
        name: np.stack([nothing + forward, nothing, nothing + up], axis=-1)
        for name, (forward, up) in middle.items()
    }
    body = np.stack([joints[name] for name in _JOINTS], axis=1)
    # The lower foot stands on the ground, so the body rises and falls with the step.
    ankles = body[:, [_JOINTS.index("ankle_l"), _JOINTS.index("ankle_r")], 2]
    body[..., 2] += (_ANKLE - ankles.min(axis=1))[:, None]
    return body


def _lit(wholes: Array, lower: Array, upper: Array, aspect: float) -> Array:
    """The sides of parts that face the light, which comes from the left and above."""
    middles = (lower + upper)[..., None, :] / 2
    breadths = ((upper - lower) * [aspect, 1.0]).min(axis=-1)[..., None, None]
    shift = _LIT_SHIFT * breadths * [1 / aspect, 1.0]
    lit: Array = middles + (wholes - middles) * _LIT_SHARE - shift
    return lit


def _shadows(circles: Array, radii: Array, camera: PinholeCamera) -> Array:
    """Outlines of the parts' shadows: (people, parts, points, 2) relative picture coordinates."""
    ground = circles[..., :2] + circles[..., 2:] * _SHADOW
    rims = ground[..., None, :] + radii[..., None, None] * _RING
    flat = np.concatenate([rims, np.zeros((*rims.shape[:-1], 1))], axis=-1)
    projected, _ = camera.project(flat)
    return projected.reshape(*projected.shape[:2], -1, 2)


def _colours(looks: Appearance) -> dict[str, Colour]:
    """The colour of each part that this person has."""
    bare_arms = looks.outfit is Outfit.DRESS
    colours = {
        "shoe": looks.shoes,
        "shin": looks.skin if bare_arms else looks.trousers,
        "thigh": looks.skin if bare_arms else looks.trousers,
        "trunk": looks.top,
        "sleeve": looks.top,
        "forearm": looks.skin if bare_arms else looks.top,
        "hand": looks.skin,
        "neck": looks.skin,
        "hair": looks.hair,
        "face": looks.skin,
    }
    if looks.outfit is not Outfit.JACKET:
        colours["skirt"] = looks.top
    if looks.backpack is not None:
        colours["pack"] = looks.backpack
    return colours
