"""Tells how many workers the cameras need."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from math import ceil
from statistics import mean

from tally.worker.domain.assignment import Admission, Place
from tally.worker.domain.load import Costs
from tally.worker.domain.model import Worker


class Demand(Enum):
    """What asks for the most workers."""

    CAMERAS = "cameras"
    LOAD = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How the pool is used.

    Attributes:
        wanted: Cameras that are to be run; not recordings that have been read to their end.
        waiting: Those of them that nobody runs.
        workers: Living workers.
        capacity: Cameras that those of them which take cameras can run.
        desired_workers: Workers that the wanted cameras would use to the target.
        load: Workers whose whole time the wanted cameras would take, as far as workers measured what a frame costs.
        demand: What the desired workers come from; the cameras' number if both ask for as many.
    """

    wanted: int
    waiting: int
    workers: int
    capacity: int
    desired_workers: int
    load: float
    demand: Demand


def scaling(
    places: Iterable[Place],
    living: Collection[Worker],
    known: Collection[Worker],
    target_utilisation: float,
) -> Scaling:
    """How the pool is used.

    Cameras need as many workers as have room for them, and as many as have time for them, whichever is more.
    Workers to come are taken to be as large and as fast as those that live, or, if none does, as those that did;
    where there never was one, one is asked for as soon as a camera is wanted.

    Args:
        places: Every camera that is wanted or with a worker.
        living: The workers whose lease holds.
        known: All that are remembered.
        target_utilisation: Part of the capacity that should be used, above 0 and at most 1.
    """
    wanted = [place for place in places if place.wanted and not place.ended]
    ids = {worker.id for worker in living}
    examples = living or known
    costs = Costs([worker.frame_costs for worker in examples])
    load = sum(costs.load(place.frames_per_second, place.detector, costs.usual) for place in wanted)
    by_cameras, by_load = int(bool(wanted)), ceil(load / target_utilisation)
    if examples:
        each = mean(worker.capacity for worker in examples)
        by_cameras = ceil(len(wanted) / each / target_utilisation)
    return Scaling(
        wanted=len(wanted),
        waiting=sum(place.worker_id not in ids for place in wanted),
        workers=len(living),
        capacity=sum(each.capacity for each in living if each.admission is Admission.OPEN),
        desired_workers=max(by_cameras, by_load),
        load=load,
        demand=Demand.LOAD if by_load > by_cameras else Demand.CAMERAS,
    )
