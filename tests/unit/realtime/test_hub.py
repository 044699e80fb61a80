"""The hub hands every event to everybody who asked for its camera, in order, and waits for nobody."""

import pytest

from tally.realtime.application.hub import Hub
from tally.realtime.domain.errors import StreamInterrupted, SubscriberTooSlow, TooManySubscribers
from tally.realtime.domain.model import Event, Interest, Position

SOON = 0.01


def hub(capacity: int = 10, subscribers: int = 10) -> Hub[str]:
    return Hub(Position(1, 100), queue_capacity=capacity, max_subscribers=subscribers)


def event(sequence: int, camera_id: str = "a") -> Event[str]:
    return Event(sequence, camera_id, "", f"counts {sequence}")


async def test_every_subscriber_gets_every_event_in_order() -> None:
    live = hub()
    with live.subscribe(Interest()) as first, live.subscribe(Interest()) as second:
        for sequence in (101, 103, 104):
            live.publish(event(sequence))
        for subscription in (first, second):
            assert [await subscription.next(SOON) for _ in range(3)] == [
                event(101),
                event(103),
                event(104),
            ]
            assert await subscription.next(SOON) is None


async def test_a_subscriber_gets_only_the_cameras_that_it_asked_for() -> None:
    live = hub()
    with live.subscribe(Interest(frozenset({"b", "c"}))) as subscription:
        for sequence, camera in enumerate("abcab", start=101):
            live.publish(event(sequence, camera))
        got = [await subscription.next(SOON) for _ in range(3)]
        assert got == [event(102, "b"), event(103, "c"), event(105, "b")]
        assert await subscription.next(SOON) is None


async def test_a_subscriber_starts_behind_what_was_handed_out_before() -> None:
    live = hub()
    live.publish(event(101))
    with live.subscribe(Interest()) as subscription:
        assert subscription.start == live.position == Position(1, 101)
        live.publish(event(102))
        assert await subscription.next(SOON) == event(102)


async def test_a_slow_subscriber_is_sent_away_and_the_others_are_not_disturbed() -> None:
    live = hub(capacity=2)
    with live.subscribe(Interest()) as slow, live.subscribe(Interest()) as quick:
        for sequence in (101, 102, 103):
            live.publish(event(sequence))
            assert await quick.next(SOON) == event(sequence)
        with pytest.raises(SubscriberTooSlow):
            await slow.next(SOON)


async def test_events_of_other_cameras_make_nobody_slow() -> None:
    live = hub(capacity=1)
    with live.subscribe(Interest(frozenset({"a"}))) as subscription:
        for sequence in range(101, 111):
            live.publish(event(sequence, "b"))
        live.publish(event(111, "a"))
        assert await subscription.next(SOON) == event(111, "a")


async def test_places_are_limited_and_given_back() -> None:
    live = hub(subscribers=1)
    with live.subscribe(Interest()), pytest.raises(TooManySubscribers), live.subscribe(Interest()):
        pass
    with live.subscribe(Interest()):
        pass


async def test_closing_sends_everybody_away_and_lets_nobody_in() -> None:
    live = hub()
    with live.subscribe(Interest()) as subscription:
        live.close()
        with pytest.raises(StreamInterrupted):
            await subscription.next(SOON)
    with pytest.raises(StreamInterrupted), live.subscribe(Interest()):
        pass


async def test_a_jump_sends_present_subscribers_away_and_goes_on_behind_it() -> None:
    live = hub()
    with live.subscribe(Interest()) as before:
        live.jump(Position(2, 7))
        with pytest.raises(StreamInterrupted):
            await before.next(SOON)
    with live.subscribe(Interest()) as after:
        assert after.start == Position(2, 7)
        live.publish(event(8))
        assert await after.next(SOON) == event(8)
