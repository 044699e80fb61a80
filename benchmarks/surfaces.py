"""Errors of counts on synthetic worlds from easy to hopeless, beside peers: tables, and a plot in `benchmarks/out`."""

from pathlib import Path

from benchmarks.peers import peer_python, run_elsewhere

_OUT = Path(__file__).with_name("out")


def main() -> None:
    """Print the surfaces, where we are behind, and where the plot lies."""
    _OUT.mkdir(exist_ok=True)
    plot = _OUT / "surfaces.png"
    result = run_elsewhere(peer_python(), "peer_surfaces", plot)
    print(f"scores that suit peers best: {result['thresholds']}")
    for surface in result["surfaces"]:
        (row, rows), (column, columns) = surface["rows"], surface["columns"]
        print(f"\nerrors for each true crossing: ours, and the best peer's\n{row} \\ {column}")
        print(" " * 8 + "".join(f"{value:>14}" for value in columns))
        for i, value in enumerate(rows):
            ours, *peers = ([rate[i][j] for j in range(len(columns))] for rate in surface["rates"])
            cells = zip(ours, map(min, *peers), strict=True)
            print(f"{value:>8}" + "".join(f"{our:>7.3f} {peer:>6.3f}" for our, peer in cells))
    for world, peer, by, noise in result["behind"]:
        print(f"behind {peer} by {by:.3f} (standard error {noise:.3f}) where {world}")
    print(f"plot: {plot}")


if __name__ == "__main__":
    main()
