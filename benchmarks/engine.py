"""What the counting engine costs: µs per frame for the tracker, four lines and two zones, beside its peers."""

from math import log

from benchmarks.peers import peer_python, run_elsewhere
from benchmarks.scene import OBJECTS


def main() -> None:
    """Print the table and how the cost grows."""
    costs: dict[str, dict[str, float]] = run_elsewhere(peer_python(), "peer_engine")
    print(f"{'objects':>10}" + "".join(f"{objects:>9}" for objects in OBJECTS) + "   exponent")
    for name, cost in costs.items():
        us = [cost[str(objects)] for objects in OBJECTS]
        exponent = log(us[-1] / us[0]) / log(OBJECTS[-1] / OBJECTS[0])
        print(f"{name:>10}" + "".join(f"{each:>9.0f}" for each in us) + f"{exponent:>11.2f}")
    ours = costs.pop("tally")
    fastest = [min(cost[str(objects)] for cost in costs.values()) for objects in OBJECTS]
    ratios = (peer / ours[str(objects)] for objects, peer in zip(OBJECTS, fastest, strict=True))
    print(f"{'faster':>10}" + "".join(f"{f'{ratio:.1f}×':>9}" for ratio in ratios))


if __name__ == "__main__":
    main()
