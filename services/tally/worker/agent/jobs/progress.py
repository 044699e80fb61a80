"""How far a job is."""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """What a job last said of itself.

    Attributes:
        part: Part that is done, 0 to 1.
        text: The same in words.
    """

    part: float = 0.0
    text: str = ""

    def count(self, done: int, total: int | None, what: str) -> None:
        """So many are done, of so many if that is known."""
        self.part = min(done / total, 1.0) if total else 0.0
        self.text = f"{done} of {total} {what}" if total else f"{done} {what}"
