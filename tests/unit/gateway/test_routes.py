"""The gateway's routes say what the contracts say."""

from typing import Any

from gateway_envoy import load_table, render
from gateway_envoy.routes import routes
from gateway_envoy.table import Limit
from tally.kernel.contracts import methods

LIMIT = Limit(calls=10, seconds=1)
CONTEXTS = sorted(load_table().contexts)


def route_of(path: str) -> dict[str, Any]:
    return next(
        route["route"] for route in routes(CONTEXTS, LIMIT) if route["match"].get("path") == path
    )


def test_every_method_has_a_route_to_its_context() -> None:
    for method in methods().values():
        assert route_of(method.path)["cluster"] == method.context


def test_deadlines_and_retries_come_from_the_policy() -> None:
    read = route_of("/tally.api.camera.v1.CameraService/GetCamera")
    assert read["timeout"] == "10s"
    assert read["retry_policy"]["num_retries"] == 2
    query = route_of("/tally.api.analytics.v1.AnalyticsService/QueryLineCounts")
    assert query["timeout"] == "15s"
    assert query["retry_policy"]["num_retries"] == 1


def test_methods_that_are_not_repeatable_are_never_retried() -> None:
    assert "retry_policy" not in route_of("/tally.api.camera.v1.CameraService/CreateCamera")


def test_streams_have_no_time_limit() -> None:
    assert route_of("/tally.api.realtime.v1.RealtimeService/Subscribe")["timeout"] == "0s"


def test_tracing_is_configured_only_where_a_collector_is_named() -> None:
    def manager(config: dict[str, Any]) -> dict[str, Any]:
        chain = config["static_resources"]["listeners"][0]["filter_chains"][0]
        found: dict[str, Any] = chain["filters"][0]["typed_config"]
        return found

    table = load_table()
    assert "tracing" not in manager(render(table))
    traced = render(table.model_copy(update={"otlp": "127.0.0.1:4317"}))
    assert "tracing" in manager(traced)
    assert "otlp" in {cluster["name"] for cluster in traced["static_resources"]["clusters"]}
