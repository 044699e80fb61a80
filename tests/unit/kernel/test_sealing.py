"""A sealed secret opens with its key, for its purpose, whole; and in no other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.kernel.sealing import KeyRing, KeyRingInvalid, NoKey, Unsealable, key_id

OLD, NEW = "old:" + "o" * 32, "new:" + "n" * 32
SECRET = b"correct horse"
PURPOSE = "camera 1"

old, new, both = KeyRing.parse(OLD), KeyRing.parse(NEW), KeyRing.parse(f"{NEW}\n{OLD}\n")


@given(st.binary(max_size=300), st.text())
def test_what_is_sealed_opens_for_its_purpose_and_for_no_other(secret: bytes, purpose: str) -> None:
    sealed = old.seal(secret, purpose)
    assert old.open(sealed, purpose) == secret
    with pytest.raises(Unsealable):
        old.open(sealed, purpose + "1")


def test_the_secret_does_not_show_and_two_seals_have_nothing_in_common() -> None:
    first, second = old.seal(SECRET, PURPOSE), old.seal(SECRET, PURPOSE)
    assert SECRET not in first
    header = len(b"\x01\x03old")
    assert first[:header] == second[:header]
    assert first[header:][:60] != second[header:][:60]
    assert first[-len(SECRET) - 16 :] != second[-len(SECRET) - 16 :]


def test_a_ring_without_the_key_says_which_one_it_lacks() -> None:
    with pytest.raises(NoKey, match="id old"):
        new.open(old.seal(SECRET, PURPOSE), PURPOSE)
    with pytest.raises(NoKey, match="no key to encrypt with"):
        KeyRing.parse("").seal(SECRET, PURPOSE)


def test_another_key_under_the_same_id_opens_nothing() -> None:
    impostor = KeyRing.parse("old:" + "x" * 32)
    with pytest.raises(Unsealable):
        impostor.open(old.seal(SECRET, PURPOSE), PURPOSE)


def test_every_byte_counts() -> None:
    sealed = old.seal(SECRET, PURPOSE)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises((Unsealable, NoKey)):
            old.open(bytes(changed), PURPOSE)


def test_what_is_cut_off_or_longer_does_not_open() -> None:
    sealed = old.seal(SECRET, PURPOSE)
    for length in range(len(sealed)):
        with pytest.raises((Unsealable, NoKey)):
            old.open(sealed[:length], PURPOSE)
    with pytest.raises(Unsealable):
        old.open(sealed + b"\x00", PURPOSE)


def test_a_data_key_opens_no_other_secret() -> None:
    one, other = old.seal(SECRET, PURPOSE), old.seal(b"another horse", PURPOSE)
    wrapped = len(b"\x01\x03old") + 60
    with pytest.raises(Unsealable):
        old.open(one[:wrapped] + other[wrapped:], PURPOSE)


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_not_opening(junk: bytes) -> None:
    with pytest.raises((Unsealable, NoKey)):
        old.open(junk, PURPOSE)


def test_another_key_takes_over_without_the_secret() -> None:
    sealed = old.seal(SECRET, PURPOSE)
    assert both.open(sealed, PURPOSE) == SECRET
    resealed = both.reseal(sealed, PURPOSE)
    assert (key_id(sealed), key_id(resealed)) == ("old", "new")
    assert new.open(resealed, PURPOSE) == SECRET
    assert both.reseal(resealed, PURPOSE) == resealed
    assert resealed.endswith(sealed[-len(SECRET) - 28 :])
    with pytest.raises(Unsealable):
        both.reseal(sealed, "camera 2")


@pytest.mark.parametrize(
    "text", ["k", "k:short", ":" + "s" * 32, f"{OLD} {OLD}", "k k:" + "s" * 32]
)
def test_a_ring_that_cannot_be_understood_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(KeyRingInvalid) as caught:
        KeyRing.parse(text)
    assert "s" * 32 not in str(caught.value)
    assert "o" * 32 not in str(caught.value)
