"""Pauses grow, stay within their bound, and begin anew after a success."""

from tally.kernel.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(first_s=1.0, longest_s=30.0)
    for full_s in (1, 2, 4, 8, 16, 30, 30):
        assert full_s / 2 <= backoff.next_s() <= full_s


def test_a_success_makes_the_next_pause_short() -> None:
    backoff = Backoff(first_s=1.0, longest_s=30.0)
    for _ in range(5000):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 1.0
