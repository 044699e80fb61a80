"""Which of the detector's classes count."""

from collections.abc import Sequence

import numpy as np

from tally.counting import Detections
from tally.kernel.errors import FailedPrecondition
from tally.worker.agent.detector import Detector

PERSON = "person"


class ClassSelection:
    """Leaves out what is not to be counted.

    Args:
        detector: Whose classes these are.
        classes: What to count; empty: people where the detector knows people, everything otherwise.

    Raises:
        FailedPrecondition: The detector knows none of a wanted class.
    """

    def __init__(self, detector: Detector, classes: Sequence[str] = ()) -> None:
        known = detector.classes
        wanted = classes or ([PERSON] if PERSON in known else known)
        if unknown := [name for name in wanted if name not in known]:
            raise FailedPrecondition(
                f"the detector {detector.name} cannot tell {', '.join(unknown)}; "
                f"it knows {', '.join(known)}"
            )
        self._known = known
        self._wanted = np.array([name in wanted for name in known])

    def of(self, detections: Detections) -> Detections:
        """The detections that count."""
        counts = self._wanted[detections.classes]
        return Detections(
            detections.boxes[counts], detections.scores[counts], detections.classes[counts]
        )

    def name(self, class_id: int) -> str:
        """What the class is called."""
        return self._known[class_id]
