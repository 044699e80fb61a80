"""Messages reach their use case, inside a unit of work and whatever else surrounds it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tally.kernel.errors import ConcurrentChange, InvalidInput
from tally.kernel.message_bus import Command, MessageBus, Query
from tally.kernel.message_bus.middlewares import REPETITIONS
from tally.kernel.unit_of_work import Mode


@dataclass(frozen=True, slots=True)
class Add(Command[int]):
    number: int
    etag: str = ""
    validate_only: bool = False

    def require_valid(self) -> None:
        if self.number < 0:
            raise InvalidInput([])


@dataclass(frozen=True, slots=True)
class Total(Query[int]):
    pass


@dataclass
class Ledger:
    numbers: list[int] = field(default_factory=list)
    begun: list[Mode] = field(default_factory=list)
    races_to_lose: int = 0

    @asynccontextmanager
    async def begin(self, mode: Mode = Mode.CHANGE) -> AsyncIterator[list[int]]:
        self.begun.append(mode)
        draft = [*self.numbers]
        yield draft
        if self.races_to_lose:
            self.races_to_lose -= 1
            raise ConcurrentChange
        if mode is Mode.CHANGE:
            self.numbers = draft


async def add(command: Add, work: list[int]) -> int:
    work.append(command.number)
    if command.number == 13:
        raise ZeroDivisionError
    return command.number


async def total(_: Total, work: list[int]) -> int:
    return sum(work)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def bus(ledger: Ledger) -> MessageBus[list[int]]:
    return MessageBus(ledger.begin, (Add.handled_by(add), Total.handled_by(total)))


def counted(message: str, outcome: str) -> float:
    labels = {"message": message, "outcome": outcome}
    return REGISTRY.get_sample_value("tally_use_case_duration_seconds_count", labels) or 0.0


async def test_what_is_to_be_checked_only_is_answered_and_undone(
    ledger: Ledger, bus: MessageBus[list[int]]
) -> None:
    assert await bus.execute(Add(4, validate_only=True)) == 4
    with pytest.raises(InvalidInput):
        await bus.execute(Add(-1, validate_only=True))
    assert ledger.numbers == []
    assert await bus.execute(Add(4)) == 4
    assert ledger.numbers == [4]


async def test_commands_change_and_queries_read(ledger: Ledger, bus: MessageBus[list[int]]) -> None:
    assert await bus.execute(Add(2)) == 2
    assert await bus.execute(Add(3)) == 3
    assert await bus.execute(Total()) == 5
    assert ledger.begun == [Mode.CHANGE, Mode.CHANGE, Mode.READ]


async def test_an_error_undoes_the_unit_of_work(ledger: Ledger, bus: MessageBus[list[int]]) -> None:
    with pytest.raises(ZeroDivisionError):
        await bus.execute(Add(13))
    assert ledger.numbers == []


async def test_what_can_never_succeed_begins_nothing(
    ledger: Ledger, bus: MessageBus[list[int]]
) -> None:
    with pytest.raises(InvalidInput):
        await bus.execute(Add(-1))
    assert ledger.begun == []


async def test_a_lost_race_is_run_again(ledger: Ledger, bus: MessageBus[list[int]]) -> None:
    ledger.races_to_lose = 2
    assert await bus.execute(Add(2)) == 2
    assert (ledger.numbers, len(ledger.begun)) == ([2], 3)


async def test_who_loses_too_many_races_is_told(ledger: Ledger, bus: MessageBus[list[int]]) -> None:
    ledger.races_to_lose = REPETITIONS + 1
    with pytest.raises(ConcurrentChange):
        await bus.execute(Add(2))
    assert ledger.numbers == []


async def test_who_names_an_etag_is_told_of_a_lost_race_at_once(
    ledger: Ledger, bus: MessageBus[list[int]]
) -> None:
    ledger.races_to_lose = 1
    with pytest.raises(ConcurrentChange):
        await bus.execute(Add(2, etag="seen"))
    assert len(ledger.begun) == 1


async def test_messages_are_counted_and_failures_logged_by_outcome(
    bus: MessageBus[list[int]],
) -> None:
    before = (
        counted("Add", "OK"),
        counted("Add", "INVALID_INPUT"),
        counted("Add", "ZeroDivisionError"),
    )
    with capture_logs() as logs:
        await bus.execute(Add(2))
        with pytest.raises(InvalidInput):
            await bus.execute(Add(-1))
        with pytest.raises(ZeroDivisionError):
            await bus.execute(Add(13))
    after = (
        counted("Add", "OK"),
        counted("Add", "INVALID_INPUT"),
        counted("Add", "ZeroDivisionError"),
    )
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]
    assert [(log["message"], log["outcome"]) for log in logs if log["outcome"] != "OK"] == [
        ("Add", "INVALID_INPUT"),
        ("Add", "ZeroDivisionError"),
    ]


def test_a_message_has_one_use_case(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="Add is handled twice"):
        MessageBus(ledger.begin, (Add.handled_by(add), Add.handled_by(add)))
