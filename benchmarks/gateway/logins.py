"""Logins that fail."""

import secrets
from ipaddress import IPv4Address

import grpc

from tally.api.auth.v1 import auth_service_pb2, auth_service_pb2_grpc

WRONG = "a wrong password"


async def try_login(channel: grpc.aio.Channel, email: str) -> grpc.StatusCode:
    """How a login with a wrong password ends, from an address that was never seen before."""
    request = auth_service_pb2.LoginRequest(email=email, password=WRONG)
    address = str(IPv4Address(secrets.randbits(32)))
    try:
        await auth_service_pb2_grpc.AuthServiceStub(channel).Login(
            request, metadata=(("x-forwarded-for", address),), timeout=10
        )
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
