"""Installing weights: what fits is recorded, what does not is refused, nothing is left half done."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tally.stack import models
from tally.stack.errors import StackError
from tally.stack.folder import DataFolder, free_port
from tally.stack.models import InstalledModel, ModelStore
from tally.stack.triton import TritonServer
from tests.networks import SIDE, tiny_network

PUBLISHED = "yolox-test"
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(DataFolder(tmp_path / "data"))


@pytest.fixture
def network(tmp_path: Path) -> Path:
    file = tmp_path / "My_Network.onnx"
    file.write_bytes(tiny_network())
    return file


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data" / "models").iterdir())


class TestAdd:
    async def test_records_what_was_installed(
        self, store: ModelStore, network: Path, tmp_path: Path
    ) -> None:
        content = network.read_bytes()
        model = await store.add(network)
        assert model == InstalledModel(
            "my-network",
            hashlib.sha256(content).hexdigest(),
            len(content),
            SIDE,
            SIDE,
            ("class-0",),
        )
        assert ModelStore(DataFolder(tmp_path / "data")).installed() == [model]
        assert store.weights(model).read_bytes() == content
        assert files(tmp_path) == [store.weights(model).name, "my-network.json"]

    async def test_takes_the_real_weights(self, store: ModelStore, weights: Path) -> None:
        model = await store.add(weights)
        assert model.name == "yolox-nano"
        assert (model.width, model.height) == (416, 416)
        assert len(model.classes) == 80
        assert model.classes[0] == "person"
        assert model.sha256 == models.PUBLISHED["yolox-nano"]

    async def test_replaces_what_had_the_name(
        self, store: ModelStore, network: Path, tmp_path: Path
    ) -> None:
        await store.add(network)
        network.write_bytes(tiny_network(columns=7))
        model = await store.add(network)
        assert model.classes == ("class-0", "class-1")
        assert store.installed() == [model]
        assert files(tmp_path) == [store.weights(model).name, "my-network.json"]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"this is no network", "not an ONNX network"),
            (b"", "not an ONNX network"),
            (tiny_network()[:-200], "not an ONNX network"),
            (tiny_network(channels=1), "its input is"),
            (tiny_network(size="any"), "size is not fixed"),
            (tiny_network(batch=8), "it takes 8 pictures at once"),
            (tiny_network(outputs=2), "1 inputs and 2 outputs"),
            (tiny_network(rows=100), r"its output is \[1, 100, 6\]"),
            (tiny_network(columns=5), r"its output is \[1, 84, 5\]"),
            (tiny_network(class_score=3), "not between 0 and 1"),
            (tiny_network(first_x=20_000), "its boxes are decoded"),
        ],
    )
    async def test_refuses_what_does_not_fit(
        self, store: ModelStore, network: Path, tmp_path: Path, content: bytes, reason: str
    ) -> None:
        network.write_bytes(content)
        with pytest.raises(StackError, match=reason) as caught:
            await store.add(network)
        assert str(caught.value).startswith("My_Network.onnx cannot be used: ")
        assert "\n" not in str(caught.value)
        assert files(tmp_path) == []

    @pytest.mark.parametrize(
        "name", ["motion", "../escape", "Upper", "a b", "", ".hidden", "x" * 64]
    )
    async def test_refuses_names_that_are_no_names(
        self, store: ModelStore, network: Path, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(StackError, match="cannot be called"):
            await store.add(network, name)
        assert files(tmp_path) == []

    async def test_refuses_a_missing_file(self, store: ModelStore, tmp_path: Path) -> None:
        with pytest.raises(StackError, match="there is no file"):
            await store.add(tmp_path / "nowhere.onnx")

    @pytest.mark.parametrize("writes", [0, 1])
    async def test_a_full_disk_leaves_what_was_there(
        self, store: ModelStore, network: Path, monkeypatch: pytest.MonkeyPatch, writes: int
    ) -> None:
        first = await store.add(network)
        network.write_bytes(tiny_network(columns=7))
        room = iter(range(writes))

        def sync(descriptor: int) -> None:
            if next(room, None) is None:
                raise OSError("no space left on device")

        monkeypatch.setattr(os, "fsync", sync)
        with pytest.raises(OSError, match="no space"):
            await store.add(network)
        assert store.installed() == [first]
        content = store.weights(first).read_bytes()
        assert hashlib.sha256(content).hexdigest() == first.sha256


async def test_tells_that_weights_are_gone(
    store: ModelStore, network: Path, tmp_path: Path
) -> None:
    store.weights(await store.add(network)).unlink()
    with pytest.raises(StackError, match="weights of my-network are gone"):
        store.build_repository(tmp_path / "repository")


async def test_a_server_that_cannot_load_a_model_says_so_and_leaves_no_memory(
    store: ModelStore, network: Path, tmp_path: Path
) -> None:
    store.weights(await store.add(network)).write_bytes(b"damaged")
    server = TritonServer(DataFolder(tmp_path / "data"), store)
    with pytest.raises(StackError, match="triton ended") as caught:
        await server.start()
    assert "my-network" in caught.value.log_tail
    port = server.address.rpartition(":")[2]
    assert not list(Path("/dev/shm").glob(f"tally-triton-{port}-*"))


class TestRemove:
    async def test_uninstalls(self, store: ModelStore, network: Path, tmp_path: Path) -> None:
        await store.add(network)
        store.remove("my-network")
        assert store.installed() == []
        assert files(tmp_path) == []

    @pytest.mark.parametrize("name", ["yolox-x", "../ports", "motion"])
    def test_tells_what_is_not_there(self, store: ModelStore, name: str) -> None:
        with pytest.raises(StackError, match="no model"):
            store.remove(name)


@contextmanager
def release_page(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def sends(
    content: bytes, *, status: int = 200, announced: int | None = None
) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("content-length", str(len(content) if announced is None else announced))
        request.end_headers()
        request.wfile.write(content)

    return answer


class TestFetch:
    CONTENT = tiny_network()

    @pytest.fixture(autouse=True)
    def published(self, monkeypatch: pytest.MonkeyPatch) -> None:
        digest = hashlib.sha256(self.CONTENT).hexdigest()
        monkeypatch.setattr(models, "PUBLISHED", {PUBLISHED: digest})

    async def fetch(self, store: ModelStore, address: str) -> list[tuple[int, int | None]]:
        told: list[tuple[int, int | None]] = []
        await store.fetch(PUBLISHED, lambda *progress: told.append(progress), address)
        return told

    async def test_installs_what_was_published_and_tells_how_it_goes(
        self, store: ModelStore, tmp_path: Path
    ) -> None:
        with release_page(sends(self.CONTENT)) as address:
            told = await self.fetch(store, address)
        size = len(self.CONTENT)
        assert told[-1] == (size, size)
        (model,) = store.installed()
        assert model.name == PUBLISHED
        assert store.weights(model).read_bytes() == self.CONTENT
        assert files(tmp_path) == [store.weights(model).name, f"{PUBLISHED}.json"]

    async def test_refuses_another_file(self, store: ModelStore, tmp_path: Path) -> None:
        with (
            release_page(sends(tiny_network(columns=7))) as address,
            pytest.raises(StackError, match="not the file that was published"),
        ):
            await self.fetch(store, address)
        assert files(tmp_path) == []

    async def test_refuses_a_file_that_broke_off(self, store: ModelStore, tmp_path: Path) -> None:
        half = sends(self.CONTENT[:500], announced=len(self.CONTENT))
        with (
            release_page(half) as address,
            pytest.raises(StackError, match="cannot be downloaded"),
        ):
            await self.fetch(store, address)
        assert files(tmp_path) == []

    async def test_tells_what_the_server_said(self, store: ModelStore, tmp_path: Path) -> None:
        with (
            release_page(sends(b"gone", status=404)) as address,
            pytest.raises(StackError, match="404") as caught,
        ):
            await self.fetch(store, address)
        assert "\n" not in str(caught.value)
        assert files(tmp_path) == []

    async def test_tells_that_nobody_answered(self, store: ModelStore, tmp_path: Path) -> None:
        with pytest.raises(StackError, match="cannot be downloaded") as caught:
            await self.fetch(store, f"http://127.0.0.1:{free_port()}")
        assert "\n" not in str(caught.value)
        assert files(tmp_path) == []

    async def test_knows_what_is_published(self, store: ModelStore) -> None:
        with pytest.raises(StackError, match="no weights called 'yolox-zz'") as caught:
            await store.fetch("yolox-zz", lambda *progress: None)
        assert PUBLISHED in caught.value.mend
