"""Generate `services/tally/api` (and `services/buf`) from `protos/`, offline.

`buf/validate/validate.proto` is in no package as text, but protovalidate carries its descriptor, which
protoc reads beside the sources. Run with `--check` to compare instead of writing; it fails with the
list of files that are out of date.
"""

import argparse
import filecmp
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
PROTOS, TARGET = ROOT / "protos", ROOT / "services"
GENERATED = ("tally/api", "buf")
IMAGE = Path("tally/api/contracts.binpb")
ERRORS = (
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
)  # the gateway writes them as JSON
LINT_IMAGE = ROOT / "build" / "contracts-with-sources.binpb"


def main() -> None:
    """Generate, or check what was generated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="compare with what is there, write nothing"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        generate(fresh)
        if arguments.check:
            stale = _differences(fresh)
            if stale:
                sys.exit("out of date, run `make generate`:\n  " + "\n  ".join(stale))
        else:
            _install(fresh)


def generate(target: Path) -> None:
    """Write all generated code and the contract image below `target`."""
    common_protos = Path(annotations_pb2.__file__).parent.parent.parent
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    plugins = Path(sys.prefix) / "bin"
    LINT_IMAGE.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".binpb") as dependencies:
        dependencies.write(_validate_descriptors(well_known))
        dependencies.flush()
        inputs = [
            "protoc",
            f"--descriptor_set_in={dependencies.name}",
            f"--proto_path={PROTOS}",
            f"--proto_path={common_protos}",
            f"--proto_path={well_known}",
            f"--plugin={plugins / 'protoc-gen-mypy'}",
            f"--plugin={plugins / 'protoc-gen-mypy_grpc'}",
        ]
        sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
        (target / IMAGE).parent.mkdir(parents=True)
        python = [f"--python_out={target}", f"--mypy_out=quiet:{target}"]
        stubs = [f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}"]
        services = [source for source in sources if source.endswith("_service.proto")]
        _run([*inputs, *python, *sources, "buf/validate/validate.proto"])
        _run([*inputs, *stubs, *services])
        _run(
            [
                *inputs,
                "--include_imports",
                f"--descriptor_set_out={target / IMAGE}",
                *sources,
                *ERRORS,
            ]
        )
        _run(
            [
                *inputs, "--include_imports", "--include_source_info",
                f"--descriptor_set_out={LINT_IMAGE}", *sources,
            ]
        )  # fmt: skip
    for folder in (target / "tally/api").rglob("*/"):
        (folder / "__init__.py").touch()
    (target / "tally/api/__init__.py").touch()


def _validate_descriptors(well_known: Path) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".binpb") as imported:
        _run(
            [
                "protoc", f"--proto_path={well_known}", f"--descriptor_set_out={imported.name}",
                "google/protobuf/descriptor.proto", "google/protobuf/duration.proto",
                "google/protobuf/field_mask.proto", "google/protobuf/timestamp.proto",
                "google/protobuf/empty.proto", "google/protobuf/any.proto", "google/protobuf/struct.proto",
            ]
        )  # fmt: skip
        descriptors = FileDescriptorSet.FromString(Path(imported.name).read_bytes())
    descriptors.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return descriptors.SerializeToString(deterministic=True)


def _run(arguments: list[str]) -> None:
    if protoc.main(arguments) != 0:
        sys.exit("protoc found the errors above")


def _files(root: Path) -> set[Path]:
    return {
        path.relative_to(root)
        for folder in GENERATED
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _differences(fresh: Path) -> list[str]:
    wanted, present = _files(fresh), _files(TARGET)
    changed = {
        path
        for path in wanted & present
        if not filecmp.cmp(fresh / path, TARGET / path, shallow=False)
    }
    return sorted(str(path) for path in changed | (wanted ^ present))


def _install(fresh: Path) -> None:
    for folder in GENERATED:
        shutil.rmtree(TARGET / folder, ignore_errors=True)
        shutil.copytree(fresh / folder, TARGET / folder)


if __name__ == "__main__":
    main()
