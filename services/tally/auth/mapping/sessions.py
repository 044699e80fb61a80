"""Sessions, and who calls."""

from tally.api.auth.v1 import auth_service_pb2, session_service_pb2
from tally.auth.domain.access import Grants
from tally.auth.domain.model import Session


def session_to_proto(session: Session, current_id: str) -> session_service_pb2.Session:
    """The whole resource, as who is in the session `current_id` sees it."""
    message = session_service_pb2.Session(
        id=session.id,
        user_id=session.user_id,
        user_agent=session.client.user_agent,
        address=session.client.address,
        current=session.id == current_id,
    )
    message.create_time.FromDatetime(session.create_time)
    message.last_use_time.FromDatetime(session.last_use_time)
    message.expire_time.FromDatetime(session.expire_time)
    return message


def site_permissions_to_proto(grants: Grants) -> list[auth_service_pb2.SitePermissions]:
    """What may be done at some sites only, by site."""
    by_site: dict[str, list[str]] = {}
    for permission, site_ids in sorted(grants.sites.items()):
        for site_id in site_ids:
            by_site.setdefault(site_id, []).append(permission)
    return [
        auth_service_pb2.SitePermissions(site_id=site_id, permissions=permissions)
        for site_id, permissions in sorted(by_site.items())
    ]
