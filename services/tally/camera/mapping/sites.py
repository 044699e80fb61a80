"""The site resource, and masked updates of it."""

from collections.abc import Callable, Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from tally.api.camera.v1 import site_pb2
from tally.camera.domain.hours import Hours, Weekday
from tally.camera.domain.site import Site, SiteSpec
from tally.kernel.errors import InvalidInput
from tally.kernel.grpc.validation import field_violations


def site_to_proto(site: Site) -> site_pb2.Site:
    """The whole resource."""
    message = _spec_to_proto(site.spec)
    message.id = site.id
    message.etag = site.etag
    message.create_time.FromDatetime(site.create_time)
    message.update_time.FromDatetime(site.update_time)
    return message


def site_spec_from_proto(message: site_pb2.Site) -> SiteSpec:
    """The fields that users decide about; the others are ignored."""
    return SiteSpec(
        name=message.name,
        address=message.address,
        time_zone=message.time_zone,
        capacity=message.capacity,
        opening_hours=tuple(
            Hours(Weekday(hours.day), hours.opens, hours.closes) for hours in message.opening_hours
        ),
    )


def site_revision(wanted: site_pb2.Site, paths: Sequence[str]) -> Callable[[SiteSpec], SiteSpec]:
    """The change that takes the named fields from `wanted` and leaves the others.

    It raises InvalidInput, with every violation, if what would come out broke the contract's rules for a site.
    """
    mask = FieldMask(paths=paths)

    def revise(present: SiteSpec) -> SiteSpec:
        merged = _spec_to_proto(present)
        mask.MergeMessage(wanted, merged, replace_repeated_field=True)
        if violations := field_violations(merged, prefix="site"):
            raise InvalidInput(violations)
        return site_spec_from_proto(merged)

    return revise


def _spec_to_proto(spec: SiteSpec) -> site_pb2.Site:
    # The contract numbers weekdays as ISO 8601 does too.
    return site_pb2.Site(
        name=spec.name,
        address=spec.address,
        time_zone=spec.time_zone,
        capacity=spec.capacity,
        opening_hours=[
            site_pb2.OpeningHours(
                day=site_pb2.Weekday.ValueType(hours.day), opens=hours.opens, closes=hours.closes
            )
            for hours in spec.opening_hours
        ],
    )
