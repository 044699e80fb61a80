"""Background jobs live as long as their block and no failure of theirs stays unseen."""

import asyncio
from contextlib import suppress

import pytest

from tally.kernel.process import background


async def test_jobs_end_with_their_block() -> None:
    ended = asyncio.Event()

    async def job() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with background(job()):
        await asyncio.sleep(0)
    assert ended.is_set()


async def test_a_job_that_fails_ends_the_block() -> None:
    async def job() -> None:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        async with background(job()):
            await asyncio.Event().wait()
    assert caught.group_contains(ZeroDivisionError)


async def test_a_job_that_loses_its_first_cancellation_ends_all_the_same() -> None:
    lost = asyncio.Event()

    async def job() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        lost.set()
        await asyncio.Event().wait()

    async with background(job()):
        await asyncio.sleep(0)
    assert lost.is_set()
