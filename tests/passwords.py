"""People who were given a password choose their own: before that they may do nothing else."""

import grpc
from argon2 import PasswordHasher

from tally.api.auth.v1 import auth_service_pb2 as messages
from tally.api.auth.v1.auth_service_pb2_grpc import AuthServiceStub

GIVEN = "somebody else chose this"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes that cost nothing, as tests make many and nobody attacks them."""


async def choose_password(channel: grpc.aio.Channel, email: str, given: str, own: str) -> None:
    """Change a password that somebody else knows."""
    auth = AuthServiceStub(channel)
    tokens = (await auth.Login(messages.LoginRequest(email=email, password=given))).tokens
    await auth.ChangePassword(
        messages.ChangePasswordRequest(current_password=given, new_password=own),
        metadata=(("authorization", f"Bearer {tokens.access_token}"),),
    )
