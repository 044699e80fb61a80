"""Background jobs live as long as their block and no failure of theirs stays unseen."""

import asyncio

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
