"""What the gateway tells of its work: a line a request without secrets, and figures on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from benchmarks.gateway.wire import answer_to
from tally.stack.folder import DataFolder
from tests.component.gateway.conftest import Setup, running_setup

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABOUT_KEYS = ("/.well-known/jwks.json", "/api/v1/auth/whoami")
SECRET = "s3cr3t-that-nobody-may-read"


@pytest_asyncio.fixture(loop_scope="module")
async def setup(tmp_path: Path) -> AsyncIterator[Setup]:
    """A gateway whose log holds nothing but the test's own requests."""
    async with running_setup(DataFolder(tmp_path)) as running:
        yield running


def entries(setup: Setup) -> list[dict[str, Any]]:
    """The log without what the gateway and the fixture ask about keys."""
    lines = setup.log.read_text().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    return [entry for entry in logged if entry["path"] not in ABOUT_KEYS]


async def logged(setup: Setup, count: int) -> list[dict[str, Any]]:
    """The log, when it has `count` lines."""
    async with asyncio.timeout(20):
        while len(entries(setup)) < count:
            await asyncio.sleep(0.1)
    return entries(setup)


async def test_the_access_log_has_a_json_line_for_each_request(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    answer = await http.get("/api/v1/cameras?pageSize=7")
    (entry,) = await logged(setup, 1)
    assert (entry["method"], entry["path"]) == ("GET", "/api/v1/cameras")
    assert (entry["status"], entry["cluster"], entry["grpc_status"]) == (200, "camera", "OK")
    assert entry["request_id"] == answer.headers["x-request-id"]


async def test_no_secret_is_ever_logged(setup: Setup, http: httpx.AsyncClient) -> None:
    told = {"authorization": f"Bearer {SECRET}", "cookie": f"session={SECRET}"}
    await http.get(f"/api/v1/cameras?pageToken={SECRET}", headers=told)
    await http.get(f"/api/v1/nothing?token={SECRET}", headers=told)
    await http.post("/api/v1/cameras", content=f'{{"{SECRET}": 1', headers=told)
    await http.post("/api/v1/cameras", json={"name": SECRET, "stream": {"uri": SECRET}})
    await answer_to(setup.gateway.listen, f"GET /?{SECRET} HTTP/1.1\r\n{SECRET}\r\n\r\n".encode())
    await answer_to(
        setup.gateway.listen, f"GET /?{SECRET}{'x' * 99_999} HTTP/1.1\r\nhost: a\r\n\r\n".encode()
    )
    assert len(await logged(setup, 6)) == 6
    assert SECRET not in setup.log.read_text()


async def test_prometheus_can_scrape_it(setup: Setup, http: httpx.AsyncClient) -> None:
    await http.get("/api/v1/cameras")
    figures = (await http.get(f"http://{setup.gateway.admin}/stats/prometheus")).text
    for figure in (
        "envoy_http_downstream_rq_xx",
        "envoy_cluster_upstream_rq_retry",
        "envoy_cluster_circuit_breakers_default_remaining_rq",
        "envoy_overload_envoy_resource_monitors_fixed_heap_pressure",
        "envoy_listener_downstream_cx_overload_reject",
    ):
        assert f"# TYPE {figure} " in figures


async def test_figures_and_controls_are_not_for_outsiders(http: httpx.AsyncClient) -> None:
    for path in ("/stats/prometheus", "/config_dump", "/quitquitquit"):
        assert (await http.get(path)).status_code == 404
        assert (await http.post(path)).status_code == 404
