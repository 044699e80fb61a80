"""The gateway lets in exactly those whom the contracts' policies allow, by gRPC and by REST, and not too often.

The server behind it asks nobody who they are: whatever is refused here, the gateway refuses.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from google.api import annotations_pb2

from gateway_envoy import load_table
from gateway_envoy.table import Limit
from tally.auth.domain.access import BUILT_IN
from tally.kernel.contracts import Method, methods
from tally.stack.envoy import EnvoyServer
from tally.stack.folder import DataFolder
from tests.component.auth.matrix import (
    BAD,
    DENIED,
    LET_IN,
    UNKNOWN,
    expected,
    of_role,
    outcomes,
    serve_every_method,
    token,
)
from tests.component.gateway.conftest import gateway_to, serving

SITE = "0190a5b2-0000-7000-8000-000000000001"
MALFORMED = "permissions that are no list"
"""The gateway finds no permission in it, where contexts refuse it altogether."""
SENDERS = {
    "nobody": None,
    **{name: sent for name, sent in BAD.items() if name != MALFORMED},
    **{f"role {role}": of_role(role) for role in BUILT_IN},
}
ELSEWHERE = "wrong audience"
"""A token that holds, for somebody else: Envoy answers 403, contexts 401."""
UNLIMITED = Limit(calls=1_000_000, seconds=1)
"""The matrix asks who may call; how often is another question."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Envoy in front of a server that answers every method of every contract to anybody."""
    folder = DataFolder(tmp_path_factory.mktemp("gateway"))
    async with serving("camera", serve_every_method) as server:
        addresses = dict.fromkeys(set(load_table().contexts) - {"auth"}, server.address)
        async with gateway_to(
            folder, addresses, max_requests=1000, common_limit=UNLIMITED
        ) as envoy:
            yield envoy.gateway.listen


def served() -> list[Method]:
    """The auth context's double serves its keys alone, so that its own methods answer with UNIMPLEMENTED."""
    return list(methods().values())


def to_be_seen(sender: str) -> dict[str, Any]:
    """How calls of every method are to end for a sender."""
    ends = dict(expected(sender.removeprefix("role ") if sender.startswith("role ") else None))
    if sender == ELSEWHERE:
        return {path: DENIED if end is UNKNOWN else end for path, end in ends.items()}
    return ends


async def rest_outcomes(http: httpx.AsyncClient) -> dict[str, Any]:
    """How a REST request for each method ends."""

    async def ending(method: Method) -> Any:
        rule = method.descriptor.options.Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        path = re.sub(r"\{[^}]*\}", SITE, getattr(rule, verb))
        answer = await http.request(verb, path, content=b"{}" if rule.body else b"")
        return {401: UNKNOWN, 403: DENIED}.get(answer.status_code, LET_IN)

    ends = await asyncio.gather(*(ending(method) for method in served()))
    return {method.path: end for method, end in zip(served(), ends, strict=True)}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("sender", SENDERS)
async def test_grpc_opens_what_the_policies_say(gateway: str, sender: str) -> None:
    async with grpc.aio.insecure_channel(gateway) as channel:
        assert await outcomes(channel, SENDERS[sender]) == to_be_seen(sender)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("sender", SENDERS)
async def test_rest_opens_what_the_policies_say(gateway: str, sender: str) -> None:
    credentials = SENDERS[sender]
    headers = {} if credentials is None else {"authorization": f"Bearer {credentials}"}
    async with httpx.AsyncClient(base_url=f"http://{gateway}", headers=headers, timeout=20) as http:
        assert await rest_outcomes(http) == to_be_seen(sender)


@pytest.mark.asyncio(loop_scope="module")
async def test_who_may_act_at_a_site_reaches_what_keeps_to_sites(gateway: str) -> None:
    at_a_site = token(permissions=[], site_permissions={"camera:read": [SITE]})
    async with grpc.aio.insecure_channel(gateway) as channel:
        ends = await outcomes(channel, at_a_site)
    wanted = [method for method in served() if method.policy and method.policy.permission]
    assert {
        method.path: LET_IN
        if method.policy and method.policy.by_site and method.policy.permission == "camera:read"
        else DENIED
        for method in wanted
    } == {method.path: ends[method.path] for method in wanted}


@pytest.mark.asyncio(loop_scope="module")
async def test_refusals_tell_rest_callers_why(gateway: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{gateway}") as http:
        unknown = await http.get("/api/v1/cameras")
        guest = {"authorization": f"Bearer {of_role('guest')}"}
        denied = await http.get("/api/v1/cameras", headers=guest)
    assert (unknown.status_code, unknown.json()["code"]) == (401, UNKNOWN.value[0])
    assert unknown.headers["www-authenticate"].startswith("Bearer")
    assert (denied.status_code, denied.json()["code"]) == (403, DENIED.value[0])


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[EnvoyServer]:
    """A gateway that lets everybody call five times."""
    async with (
        serving("camera", serve_every_method) as camera,
        gateway_to(
            DataFolder(tmp_path),
            {"camera": camera.address},
            max_requests=100,
            common_limit=Limit(calls=5, seconds=60),
        ) as envoy,
    ):
        yield envoy


async def statuses(envoy: EnvoyServer, count: int, **headers: str) -> list[int]:
    async with httpx.AsyncClient(
        base_url=f"http://{envoy.gateway.listen}", headers=headers
    ) as http:
        return [(await http.get(f"/api/v1/cameras/{SITE}")).status_code for _ in range(count)]


async def test_each_caller_has_a_limit_of_their_own(strict: EnvoyServer) -> None:
    ada, bob = (token(sub=f"user:{name}") for name in ("ada", "bob"))
    assert await statuses(strict, 6, authorization=f"Bearer {ada}") == [200] * 5 + [429]
    assert await statuses(strict, 1, authorization=f"Bearer {bob}") == [200]


async def test_a_methods_own_limit_counts_by_address_before_anybody_is_known(
    strict: EnvoyServer,
) -> None:
    login = methods()["/tally.api.auth.v1.AuthService/Login"]
    assert login.policy is not None
    allowed = login.policy.rate_limit.calls
    async with httpx.AsyncClient(base_url=f"http://{strict.gateway.listen}") as http:
        answers = [
            await http.post("/api/v1/auth/login", json={"email": "a", "password": "b"})
            for _ in range(allowed + 1)
        ]
    refused = answers.pop()
    assert all(answer.status_code != 429 for answer in answers)
    assert refused.status_code == 429
    assert refused.json()["code"] == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert refused.headers["retry-after"] == "60"
