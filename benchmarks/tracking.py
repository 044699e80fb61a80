"""Who is who: HOTA, IDF1 and MOTA of our tracker beside its peers, as a table and as a plot in `benchmarks/out`."""

from pathlib import Path

from benchmarks.peers import peer_python, run_elsewhere
from benchmarks.serving import data_folder

_OUT = Path(__file__).with_name("out")
_MEASURES = ("HOTA", "IDF1", "MOTA")


def main() -> None:
    """Print the table and where the plot lies."""
    _OUT.mkdir(exist_ok=True)
    plot = _OUT / "tracking.png"
    results: dict[str, dict[str, list[float]]] = run_elsewhere(
        peer_python(), "peer_tracking", data_folder(), plot
    )
    trackers = list(next(iter(results.values())))
    print(f"{' / '.join(_MEASURES):<26}" + "".join(f"{name:>24}" for name in trackers))
    for case, values in results.items():
        cells = (" / ".join(f"{value:.3f}" for value in values[name]) for name in trackers)
        print(f"{case:<26}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"plot: {plot}")


if __name__ == "__main__":
    main()
