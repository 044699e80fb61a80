"""Check that the contracts break nothing that the last release promised (`buf breaking`, FILE rules)."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "services/tally/api/contracts.binpb"


def main() -> None:
    """Compare with the newest `v*` tag that this branch contains; without one nothing is promised yet."""
    tag = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match=v*"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    if not tag:
        print("no release yet, so there is nothing to break")
        return
    released = subprocess.run(
        ["git", "show", f"{tag}:{IMAGE}"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tempfile.NamedTemporaryFile(suffix=".binpb") as file:
        file.write(released)
        file.flush()
        buf = Path(sys.prefix) / "bin" / "buf"
        command = [str(buf), "breaking", IMAGE, "--against", file.name, "--path", "tally"]
        sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
