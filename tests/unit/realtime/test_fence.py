"""Two workers that count one camera are not both listened to."""

from datetime import UTC, datetime, timedelta

from tally.realtime.domain.fence import Fence

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def admits(fence: Fence, epoch: int, start_s: float, camera: str = "door") -> bool:
    start = NOON + timedelta(seconds=start_s)
    return fence.admits(camera, epoch, start, start + timedelta(seconds=1))


def test_the_earlier_holder_is_heard_until_the_later_one_begins() -> None:
    fence = Fence()
    assert admits(fence, 3, 0)
    assert admits(fence, 3, 1)
    assert admits(fence, 5, 4.5)
    assert not admits(fence, 3, 4)
    assert not admits(fence, 3, 60)
    assert admits(fence, 5, 5.5)


def test_what_it_saw_before_is_told_however_late() -> None:
    fence = Fence()
    assert admits(fence, 5, 100)
    assert admits(fence, 3, 99)
    assert not admits(fence, 3, 99.5)


def test_cameras_have_holders_of_their_own() -> None:
    fence = Fence()
    assert admits(fence, 5, 0)
    assert admits(fence, 1, 10, camera="gate")
