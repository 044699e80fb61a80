"""The file that sessions are kept in."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tally.cli.credentials import CredentialsFile, Session, stored_sessions
from tally.cli.failing import CommandError

HERE, THERE = "http://127.0.0.1:8080", "https://tally.example:443"


def session(refresh_token: str) -> Session:
    return Session(
        email="ana@example.org",
        access_token="access",
        access_token_ends=datetime(2026, 1, 1, tzinfo=UTC),
        refresh_token=refresh_token,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tally" / "credentials.json"


@pytest.fixture
def file(path: Path) -> CredentialsFile:
    return CredentialsFile(path)


async def keep(file: CredentialsFile, gateway: str, kept: Session) -> None:
    async with file.changing() as sessions:
        sessions[gateway] = kept


async def test_gateways_are_kept_side_by_side(file: CredentialsFile, path: Path) -> None:
    assert file.session(HERE) is None
    await keep(file, HERE, session("here"))
    await keep(file, THERE, session("there"))
    assert file.session(HERE) == session("here")
    assert CredentialsFile(path).session(THERE) == session("there")


async def test_only_the_owner_reads(file: CredentialsFile, path: Path) -> None:
    await keep(file, HERE, session("one"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
async def test_wider_modes_are_mended_and_told(
    mode: int, file: CredentialsFile, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await keep(file, HERE, session("one"))
    path.chmod(mode)
    assert file.session(HERE) == session("one")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "was open to other users" in capsys.readouterr().err
    file.session(HERE)
    assert capsys.readouterr().err == ""


async def test_changes_at_once_lose_nothing(path: Path) -> None:
    async def keep_slowly(name: str) -> None:
        async with CredentialsFile(path).changing() as sessions:
            await asyncio.sleep(0)
            sessions[name] = session(name)

    names = [f"http://gateway-{number}:80" for number in range(20)]
    await asyncio.gather(*map(keep_slowly, names))
    assert [CredentialsFile(path).session(name) for name in names] == [*map(session, names)]


async def test_a_change_that_fails_changes_nothing_and_leaves_nothing(
    file: CredentialsFile, path: Path
) -> None:
    async def fail() -> None:
        async with file.changing() as sessions:
            sessions.clear()
            raise ZeroDivisionError

    await keep(file, HERE, session("one"))
    with pytest.raises(ZeroDivisionError):
        await fail()
    assert file.session(HERE) == session("one")
    assert {each.name for each in path.parent.iterdir()} == {path.name, "credentials.lock"}


@pytest.mark.parametrize("content", ["", "[]", '{"http://a:1": {"email": "x"}}', "\x00"])
def test_what_is_no_session_is_told_with_the_mend(
    content: str, file: CredentialsFile, path: Path
) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(CommandError) as failure:
        file.session(HERE)
    assert str(path) in str(failure.value)
    assert "log in again" in failure.value.mend


@pytest.mark.parametrize(
    ("configured", "folder"),
    [("/elsewhere", "/elsewhere"), ("relative", "/home/ana/.config"), ("", "/home/ana/.config")],
)
def test_the_place_is_that_of_the_xdg_specification(
    configured: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.setenv("XDG_CONFIG_HOME", configured)
    assert stored_sessions().path == Path(folder) / "tally" / "credentials.json"
