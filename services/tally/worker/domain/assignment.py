"""Decides which worker runs which camera."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from tally.worker.domain.load import USUAL_RATE, Costs, FrameCosts


class Admission(Enum):
    """Whether a worker takes cameras: any; no more; no more, and those it has are to go to others."""

    OPEN = "open"
    CORDONED = "cordoned"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera is.

    Attributes:
        camera_id: The camera.
        wanted: Whether somebody should run it.
        worker_id: Who does, if anybody.
        site_id: The site where it stands; empty if at none.
        labels: Its labels.
        ended: Whether it is a recording that its worker has read to the end, so that it needs no room there.
        detector: The detector that it is to have; empty leaves it to the worker.
        frames_per_second: How many frames are to be looked at.
    """

    camera_id: str
    wanted: bool
    worker_id: str | None
    site_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False
    detector: str = ""
    frames_per_second: float = USUAL_RATE


@dataclass(frozen=True, slots=True)
class Selector:
    """Which cameras a worker takes; without conditions all.

    Attributes:
        site_ids: The sites of which a camera must be at one, ascending.
        labels: Names and values of labels that a camera must have, ascending.
    """

    site_ids: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def takes(self, place: Place) -> bool:
        """Whether a camera meets all conditions."""
        return (not self.site_ids or place.site_id in self.site_ids) and all(
            place.labels.get(name) == value for name, value in self.labels
        )

    @property
    def conditions(self) -> int:
        """How many conditions a camera must meet."""
        return bool(self.site_ids) + len(self.labels)


@dataclass(frozen=True, slots=True)
class Seat:
    """A living worker, as far as assignment cares.

    Attributes:
        capacity: How many cameras it can run at once.
        admission: Whether it takes cameras.
        selector: Which.
        frame_costs: What it measured.
    """

    capacity: int
    admission: Admission = Admission.OPEN
    selector: Selector = field(default_factory=Selector)
    frame_costs: FrameCosts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """A camera goes from one worker to another; None stands for nobody."""

    camera_id: str
    from_worker: str | None
    to_worker: str | None


def plan(
    places: Iterable[Place],
    seats: Mapping[str, Seat],
    heirs: Mapping[str, str | None] = MappingProxyType({}),
    *,
    patient: bool = False,
) -> Sequence[Move]:
    """The moves after which the wanted cameras are with living workers that take them, as far as there is room.

    A camera stays where it is as long as its worker lives and has room for it: moving a camera ends its
    run, and everybody in its picture is a stranger to the next one. Recordings that were read to their end need no
    room. A camera without a worker goes to one with the most conditions that it meets, so that those which take
    any camera have room for the others; among these to the one that has the least load with it, as far as loads were
    measured, and the fewest cameras for its capacity. Nobody who has more to do than he can takes a camera that another
    one takes; but a camera without a worker would be worse. Last, cameras leave workers that are drained for
    those with room. The same input always gives the same plan.

    Args:
        places: Every camera that is wanted or with a worker.
        seats: The living workers by id.
        heirs: Living workers that took the place of others, which are not among the living, by the
            others' ids; None for those that took their leave.
        patient: Leave cameras with workers that are not among the living: they may live unheard.
    """
    taken = _Taken(seats)
    homeless: list[Place] = []
    leaving: list[Place] = []
    moves: list[Move] = []
    for place in sorted(places, key=lambda place: place.camera_id):
        if not place.wanted:
            if place.worker_id is not None:
                moves.append(Move(place.camera_id, place.worker_id, None))
            continue
        holder = heirs.get(place.worker_id or "", place.worker_id) or ""
        seat = seats.get(holder)
        if seat is None and holder and patient:
            continue
        full = seat is not None and taken.count[holder] >= seat.capacity and not place.ended
        if seat is None or full or not seat.selector.takes(place):
            homeless.append(place)
            continue
        taken.add(holder, place)
        if holder != place.worker_id:
            moves.append(Move(place.camera_id, place.worker_id, holder))
        elif seat.admission is Admission.DRAINING:
            leaving.append(place)
    room = _Room(seats, taken)
    for place in homeless:
        to = room.take(place)
        if to != place.worker_id:
            moves.append(Move(place.camera_id, place.worker_id, to))
    for place in leaving:
        to = room.take(place)
        if to is not None:
            moves.append(Move(place.camera_id, place.worker_id, to))
    return moves


def loads(places: Iterable[Place], seats: Mapping[str, Seat]) -> Mapping[str, float]:
    """The part of its time that each worker's detectors need for the cameras that it holds, by the worker's id."""
    taken = _Taken(seats)
    for place in places:
        if place.wanted and place.worker_id and place.worker_id in seats:
            taken.add(place.worker_id, place)
    return taken.load


class _Taken:
    """What workers have to do.

    Attributes:
        count: Cameras that need room, by worker.
        load: Part of its time, by worker.
    """

    def __init__(self, seats: Mapping[str, Seat]) -> None:
        self._seats = seats
        self._costs = Costs([seat.frame_costs for seat in seats.values()])
        self.count = dict.fromkeys(seats, 0)
        self.load = dict.fromkeys(seats, 0.0)

    def add(self, worker_id: str, place: Place) -> None:
        """A worker has a camera."""
        if place.ended:
            return
        self.count[worker_id] += 1
        self.load[worker_id] = self.load_with(worker_id, place)

    def load_with(self, worker_id: str, place: Place) -> float:
        """The load of a worker with one more camera."""
        costs = self._seats[worker_id].frame_costs
        cost = self._costs.load(place.frames_per_second, place.detector, costs)
        return self.load[worker_id] + cost


class _Room:
    """The places that are free at workers which take cameras."""

    def __init__(self, seats: Mapping[str, Seat], taken: _Taken) -> None:
        self._seats = seats
        self._taken = taken
        free: dict[Selector, list[str]] = defaultdict(list)
        for worker_id, seat in seats.items():
            if seat.admission is Admission.OPEN and taken.count[worker_id] < seat.capacity:
                free[seat.selector].append(worker_id)
        self._free = sorted(
            free.items(),
            key=lambda each: (-each[0].conditions, each[0].site_ids, each[0].labels),
        )

    def take(self, place: Place) -> str | None:
        """The worker that a camera goes to; None if no room is left for it."""
        taken = self._taken
        groups = [ids for selector, ids in self._free if ids and selector.takes(place)]
        if not groups:
            return None
        group = next(
            (each for each in groups if any(taken.load[id_] < 1 for id_ in each)), groups[0]
        )
        worker_id = min(group, key=lambda id_: self._rank(id_, place))
        taken.add(worker_id, place)
        if taken.count[worker_id] >= self._seats[worker_id].capacity:
            group.remove(worker_id)
        return worker_id

    def _rank(self, worker_id: str, place: Place) -> tuple[float, float, str]:
        taken = self._taken
        share = taken.count[worker_id] / self._seats[worker_id].capacity
        return taken.load_with(worker_id, place), share, worker_id
