"""Between the messages about visits and the domain."""

from collections.abc import Sequence
from itertools import zip_longest

from tally.analytics.application.query.list_visits import VisitPage
from tally.analytics.domain.model import DWELL_BUCKETS, Dwells, StoredVisit, VisitKind
from tally.analytics.entrypoints.mapping import VISIT_KINDS, to_duration, to_timestamp
from tally.api.analytics.v1 import visit_service_pb2 as messages
from tally.api.counting.v1 import count_pb2

_KIND_VALUES = {kind: value for value, kind in VISIT_KINDS.items()}


def kind(value: count_pb2.VisitKind.ValueType) -> VisitKind | None:
    """The kind that is asked for; None for all."""
    return VISIT_KINDS.get(value)


def visits_response(page: VisitPage) -> messages.ListVisitsResponse:
    """A page of visits."""
    return messages.ListVisitsResponse(
        visits=map(_visit_record, page.visits), next_page_token=page.next_page_token
    )


def dwells_response(dwells: Sequence[Dwells]) -> messages.QueryDwellsResponse:
    """How long people stayed."""
    return messages.QueryDwellsResponse(dwells=map(_dwells, dwells))


def _visit_record(stored: StoredVisit) -> messages.VisitRecord:
    visit = stored.visit
    return messages.VisitRecord(
        camera_id=stored.camera_id,
        run_id=stored.run_id,
        visit=count_pb2.Visit(
            id=visit.id,
            zone=visit.zone,
            kind=_KIND_VALUES[visit.kind],
            time=to_timestamp(visit.time),
            track=visit.track,
            ordinal=visit.ordinal,
            dwell=None if visit.dwell is None else to_duration(visit.dwell),
            object_class=visit.object_class,
        ),
        config_version=stored.config_version,
        detector=stored.detector,
    )


def _dwells(dwells: Dwells) -> messages.Dwells:
    return messages.Dwells(
        zone=dwells.zone,
        visits=dwells.visits,
        mean=to_duration(dwells.mean),
        median=to_duration(dwells.median),
        percentile_90=to_duration(dwells.percentile_90),
        buckets=[
            messages.DwellBucket(up_to=None if end is None else to_duration(end), visits=visits)
            for end, visits in zip_longest(DWELL_BUCKETS, dwells.buckets)
        ],
    )
