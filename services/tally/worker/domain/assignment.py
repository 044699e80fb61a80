"""Decides which worker runs which camera."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera is.

    Attributes:
        camera_id: The camera.
        wanted: Whether somebody should run it.
        worker_id: Who does, if anybody.
    """

    camera_id: str
    wanted: bool
    worker_id: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """A camera goes from one worker to another; None stands for nobody."""

    camera_id: str
    from_worker: str | None
    to_worker: str | None


def plan(
    places: Iterable[Place],
    capacities: Mapping[str, int],
    heirs: Mapping[str, str] = MappingProxyType({}),
) -> Sequence[Move]:
    """The fewest moves after which as many wanted cameras as there is room for are with workers that live.

    A camera stays where it is as long as its worker lives and has room for it: moving a camera ends its
    run, and everybody in its picture is a stranger to the next one. A camera without a worker goes to
    the one that is least loaded for its capacity. The same input always gives the same plan.

    Args:
        places: Every camera that is wanted or with a worker.
        capacities: How many cameras each living worker can run, by its id.
        heirs: Living workers that took the place of others, which are not among the living, by the
            others' ids.
    """
    held: dict[str, list[Place]] = defaultdict(list)
    homeless: list[Place] = []
    moves: list[Move] = []
    for place in sorted(places, key=lambda place: place.camera_id):
        holder = heirs.get(place.worker_id or "", place.worker_id)
        if not place.wanted:
            if place.worker_id is not None:
                moves.append(Move(place.camera_id, place.worker_id, None))
        elif holder is not None and len(held[holder]) < capacities.get(holder, 0):
            held[holder].append(place)
            if holder != place.worker_id:
                moves.append(Move(place.camera_id, place.worker_id, holder))
        else:
            homeless.append(place)

    def load(worker_id: str) -> tuple[float, str]:
        return len(held[worker_id]) / capacities[worker_id], worker_id

    free = [
        load(worker_id)
        for worker_id, capacity in capacities.items()
        if len(held[worker_id]) < capacity
    ]
    heapq.heapify(free)
    for place in homeless:
        worker_id = heapq.heappop(free)[1] if free else None
        if worker_id != place.worker_id:
            moves.append(Move(place.camera_id, place.worker_id, worker_id))
        if worker_id is not None:
            held[worker_id].append(place)
            if len(held[worker_id]) < capacities[worker_id]:
                heapq.heappush(free, load(worker_id))
    return moves
