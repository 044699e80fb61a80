"""The demo camera's address: `demo://plaza?seed=1&walkers=16&…`."""

from dataclasses import dataclass, fields
from urllib.parse import parse_qsl, urlsplit

from tally.worker.agent.sources.demo.scene import MAX_WALKERS, MIN_WALKERS, Scene
from tally.worker.agent.sources.errors import SourceError, SourceErrorReason

_PLACE = "plaza"
_LIMITS = {
    "seed": (0, 2**63 - 1),
    "walkers": (MIN_WALKERS, MAX_WALKERS),
    "fps": (1, 60),
    "width": (160, 1920),
    "height": (90, 1080),
    "start": (0, 2**53),
    "frames": (0, 2**53),
}


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What a demo address may say; every value is a whole number.

    Attributes:
        seed: Of the scene; the same seed is the same scene.
        walkers: People who share the square.
        fps: Frames per second.
        width: Picture width in pixels.
        height: Picture height in pixels.
        start: First frame, when the scene does not follow the wall clock.
        frames: Number of frames until the stream ends; 0 is endless.
    """

    seed: int = 1
    walkers: int = 16
    fps: int = 15
    width: int = 640
    height: int = 360
    start: int = 0
    frames: int = 0

    @classmethod
    def parse(cls, uri: str) -> "DemoOptions":
        """Reads an address.

        Raises:
            SourceError: the place or an option is unknown, or a value is out of range.
        """
        parts = urlsplit(uri)
        if parts.netloc != _PLACE or parts.path not in ("", "/"):
            raise _invalid(f"there is one demo scene, demo://{_PLACE}")
        known = [field.name for field in fields(cls)]
        values: dict[str, int] = {}
        for name, text in parse_qsl(parts.query, keep_blank_values=True):
            if name not in known:
                raise _invalid(f"the demo scene has no option {name!r}; it has {', '.join(known)}")
            lowest, highest = _LIMITS[name]
            if not text.isdecimal() or not lowest <= int(text) <= highest:
                raise _invalid(f"{name} must be a whole number from {lowest} to {highest}")
            values[name] = int(text)
        return cls(**values)

    def scene(self) -> Scene:
        """The scene that the address describes."""
        return Scene(seed=self.seed, walkers=self.walkers, aspect=self.width / self.height)


def _invalid(message: str) -> SourceError:
    return SourceError(SourceErrorReason.INVALID_URI, message)
