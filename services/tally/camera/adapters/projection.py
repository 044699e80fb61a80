"""What a changed camera changes in the read model."""

import json

from tally.camera.adapters.tables import COUNTING, LOCATION, STREAM
from tally.camera.domain.model import Camera, CameraState
from tally.kernel.event_store import Projection

_SHOW = """
INSERT INTO cameras (id, name, stream, counting, labels, site_id, area_id, location, state, version, create_time,
    update_time, sealed_credentials)
SELECT $1::uuid, $13::text, $14::jsonb, $15::jsonb, $16::jsonb, $17::uuid, $18::uuid, $19::jsonb, $20::text, $21::int,
    $22::timestamptz, $23::timestamptz, $24::bytea
WHERE EXISTS (SELECT FROM given)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, stream = excluded.stream, counting = excluded.counting,
    labels = excluded.labels, site_id = excluded.site_id, area_id = excluded.area_id, location = excluded.location,
    state = excluded.state, version = excluded.version, update_time = excluded.update_time,
    sealed_credentials = excluded.sealed_credentials
"""
_HIDE = "DELETE FROM cameras WHERE id = $1::uuid AND EXISTS (SELECT FROM given)"


def projection(camera: Camera) -> Projection:
    """Shows the camera as it is now; a deleted one no longer."""
    if camera.state is CameraState.DELETED:
        return Projection(_HIDE, ())
    spec = camera.spec
    return Projection(
        _SHOW,
        (
            spec.name,
            STREAM.dump_json(spec.stream).decode(),
            COUNTING.dump_json(spec.counting).decode(),
            json.dumps(dict(spec.labels)),
            spec.site_id or None,
            spec.area_id or None,
            LOCATION.dump_json(spec.location).decode(),
            camera.state.value,
            camera.version,
            camera.create_time,
            camera.update_time,
            camera.sealed_credentials,
        ),
    )
