"""The spool keeps every record that was appended, whatever happens to the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.worker.agent.spool import Spool, SpoolFull

ROOMY = 1 << 20


@contextmanager
def spool(folder: Path, max_bytes: int = ROOMY, segment_bytes: int = 64) -> Iterator[Spool]:
    opened = Spool(folder, max_bytes=max_bytes, segment_bytes=segment_bytes)
    try:
        yield opened
    finally:
        opened.close()


def payloads(spool: Spool) -> list[bytes]:
    return [entry.payload for entry in spool.read()]


def newest_file(folder: Path) -> Path:
    return max(folder.glob("*.records"))


@given(
    batches=st.lists(st.lists(st.binary(max_size=100), max_size=5), max_size=20),
    acknowledged=st.integers(min_value=0, max_value=100),
    segment_bytes=st.integers(min_value=1, max_value=500),
)
def test_what_is_not_acknowledged_is_there_after_a_restart(
    batches: list[list[bytes]], acknowledged: int, segment_bytes: int
) -> None:
    written = [payload for batch in batches for payload in batch]
    with TemporaryDirectory() as name:
        folder = Path(name)
        with spool(folder, segment_bytes=segment_bytes) as first:
            for batch in batches:
                first.append(batch)
            entries = list(first.read())
            for entry in entries[:acknowledged]:
                first.acknowledge(entry.end)
        with spool(folder, segment_bytes=segment_bytes) as second:
            assert [entry.payload for entry in entries] == written
            assert payloads(second) == written[acknowledged:]


@given(cut=st.integers(min_value=1, max_value=36), more=st.binary(max_size=50))
def test_a_torn_tail_is_cut_and_what_follows_is_whole(cut: int, more: bytes) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with spool(folder, segment_bytes=ROOMY) as first:
            first.append([b"a" * 10, b"b" * 10, b"c" * 10])  # 18 bytes each, with their headers
        file = newest_file(folder)
        file.write_bytes(file.read_bytes()[:-cut])
        with spool(folder, segment_bytes=ROOMY) as second:
            left = [b"a" * 10, b"b" * 10][: (54 - cut) // 18]
            assert payloads(second) == left
            second.append([more])
        with spool(folder, segment_bytes=ROOMY) as third:
            assert payloads(third) == [*left, more]


@given(
    position=st.integers(min_value=0, max_value=17), flip=st.integers(min_value=1, max_value=255)
)
def test_a_changed_byte_is_noticed(position: int, flip: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with spool(folder) as first:
            first.append([b"0123456789"])
        file = newest_file(folder)
        content = bytearray(file.read_bytes())
        content[position] ^= flip
        file.write_bytes(content)
        with spool(folder) as second:
            assert payloads(second) == []


def test_damage_in_an_old_file_costs_that_file_alone(tmp_path: Path) -> None:
    with spool(tmp_path, segment_bytes=1) as first:
        for payload in (b"one", b"two", b"three"):
            first.append([payload])
    middle = sorted(tmp_path.glob("*.records"))[1]
    middle.write_bytes(bytes(len(middle.read_bytes())))
    with spool(tmp_path, segment_bytes=1) as second:
        assert payloads(second) == [b"one", b"three"]


def test_sent_files_are_deleted_and_make_room(tmp_path: Path) -> None:
    with spool(tmp_path, max_bytes=200, segment_bytes=64) as opened:
        for _ in range(6):
            opened.append([b"x" * 24])
        with pytest.raises(SpoolFull, match="not taken yet"):
            opened.append([b"x" * 24])
        assert opened.full
        kept = list(opened.read())
        assert 0 < opened.backlog <= 200
        opened.acknowledge(kept[-1].end)
        assert opened.backlog == 0
        assert len(list(tmp_path.glob("*.records"))) == 1
        opened.append([b"y"])
        assert not opened.full
        assert payloads(opened) == [b"y"]


def test_positions_go_on_after_everything_was_sent(tmp_path: Path) -> None:
    with spool(tmp_path) as first:
        first.append([b"one"])
        end = first.end
        first.acknowledge(end)
    with spool(tmp_path) as second:
        assert second.end == end
        second.append([b"two"])
        assert payloads(second) == [b"two"]


def test_a_lost_cursor_sends_again_rather_than_not_at_all(tmp_path: Path) -> None:
    with spool(tmp_path) as first:
        first.append([b"one", b"two"])
        first.acknowledge(first.end)
    (tmp_path / "cursor").write_text("")
    with spool(tmp_path) as second:
        assert payloads(second) == [b"one", b"two"]


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with spool(tmp_path, segment_bytes=ROOMY) as opened:
        opened.append([b"one"])
        with monkeypatch.context() as patch:
            patch.setattr("tally.worker.agent.spool.segment.os.fsync", fail)
            with pytest.raises(OSError, match="No space left"):
                opened.append([b"two"])
        opened.append([b"three"])
        assert payloads(opened) == [b"one", b"three"]


def test_a_folder_belongs_to_one_worker(tmp_path: Path) -> None:
    with spool(tmp_path), pytest.raises(OSError, match="give each its own"):
        Spool(tmp_path, max_bytes=ROOMY)
