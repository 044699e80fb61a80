"""The truth about a scene, summed over a run."""

from collections.abc import Sequence
from datetime import datetime

from tally.api.counting.v1 import count_pb2
from tally.counting import Line, Zone
from tally.worker.agent.sources.demo.reference import Reference
from tally.worker.agent.sources.demo.source import SCENE_BEGAN
from tally.worker.agent.task import CameraTask


class Truth:
    """True totals since the start of a run and true occupancies, over the frames that were counted on.

    Args:
        reference: Knows the scene.
        lines: What is counted at; of those that the reference does not know, nothing is told.
        zones: What is counted in; likewise.
    """

    def __init__(self, reference: Reference, lines: Sequence[Line], zones: Sequence[Zone]) -> None:
        self._reference = reference
        self._lines = [line for line in lines if reference.knows(line)]
        self._zones = [zone for zone in zones if reference.knows(zone)]
        self._totals = {line.name: count_pb2.LineTotal(line=line.name) for line in self._lines}
        self._until: datetime | None = None

    @classmethod
    def of(cls, task: CameraTask, *, live: bool) -> "Truth | None":
        """The truth about a camera; None for sources that do not know it, and where masks hide part of it."""
        if not task.uri.startswith("demo://") or task.masks:
            return None
        began = SCENE_BEGAN if live else task.activate_time
        return cls(Reference(task.uri, began=began), task.lines, task.zones)

    def begin(self, moment: datetime) -> None:
        """The run's first frame shows this moment."""
        self._until = moment

    def totals(self, until: datetime) -> Sequence[count_pb2.LineTotal]:
        """True crossings from the beginning to `until`, which must not go back."""
        since = self._until or until
        for line in self._lines:
            found = self._reference.totals(line, since, until)
            self._totals[line.name].in_count += found.into
            self._totals[line.name].out_count += found.out
        self._until = until
        return list(self._totals.values())

    def occupancies(self, moment: datetime) -> Sequence[count_pb2.ZoneOccupancy]:
        """True occupancies."""
        return [
            count_pb2.ZoneOccupancy(zone=zone.name, count=self._reference.occupancy(zone, moment))
            for zone in self._zones
        ]
