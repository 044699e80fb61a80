"""Recordings come from folders that are allowed, whatever links and paths say."""

from pathlib import Path

import pytest

from tally.worker.agent.sources import SourceError, SourceErrorReason, open_source
from tests.component.worker_agent.videos import write_video


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A video in an allowed folder; one beside the folder is not allowed."""
    folder = tmp_path / "allowed folder"
    folder.mkdir()
    write_video(tmp_path / "outside.mp4")
    (folder / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    return write_video(folder / "yard.mp4")


@pytest.mark.parametrize("uri", ["{folder}/yard.mp4", "{folder}/../allowed%20folder/yard.mp4"])
def test_a_file_in_an_allowed_folder_is_read(inside: Path, uri: str) -> None:
    named = uri.format(folder=inside.parent.as_uri())
    open_source(named, recordings=[inside.parent]).close()
    open_source(named, recordings=[inside]).close()


@pytest.mark.parametrize(
    "name", ["../outside.mp4", "%2e%2e/outside.mp4", "link.mp4", "../none.mp4"]
)
def test_no_other_file_is_read_nor_told_to_exist(inside: Path, name: str) -> None:
    with pytest.raises(SourceError, match="TALLY_AGENT_RECORDINGS") as caught:
        open_source(f"{inside.parent.as_uri()}/{name}", recordings=[inside.parent])
    assert caught.value.reason is SourceErrorReason.FORBIDDEN


def test_without_folders_nothing_is_read(inside: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        open_source(inside.as_uri(), recordings=[])
