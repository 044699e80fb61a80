"""`python -m benchmarks [NAME …]`: run the benchmarks and print their figures.

recording   counts and frames/s on the real recording, beside the truth and two yardsticks
detectors   people found in the real recording, and frames/s through Triton
demo        counts of the demo scene from its first frame on, beside the truth
speeds      speeds at crossings of the demo scene, beside the truth
confidence  crossings of synthetic worlds: how many are true, by what was seen of them
intervals   how often the true number of crossings is within the interval that a count is given
gaps        what a time without frames costs, with and without the engine's saved state
tracking    HOTA, IDF1 and MOTA beside other trackers, with a plot
surfaces    errors of counts on worlds from easy to hopeless, beside other trackers, with a plot
engine      tracker, lines and zones: microseconds for each frame
week        a week of frames through one engine: memory, identities and drift
cameras     lists of 50 from 100,000 cameras; commands/s beside a bare insert
relay       events that leave an outbox each second, beside JetStream alone
ingest      crossings stored each second, beside a plain COPY
chaos       the whole stack under a rain of SIGKILLs: are the counts still true? (`--minutes 10 --seed 1`)
streams     sixteen live streams through one worker: rates, drops, ages of frames, processor time, memory
conditions  what is said of pictures to be wrong: false alarms, and how soon mishaps are noticed
pool        a thousand cameras and fifty workers: time until all are assigned, and what a lost worker moves
echo        calls/s: grpc.aio alone, our server, through the gateway, and FastAPI
logins      a flood of logins: p99 of other calls; whether times tell known users from unknown ones
hostile     hostile requests to the gateway: how many were refused, memory, and whether a good client noticed
retry_storm load that the gateway's retries add to a context that fails every call
start       seconds until `tally up` is healthy, first and second time, and memory of each process
"""

import importlib
import sys
from itertools import takewhile

ALL = (
    "recording",
    "detectors",
    "demo",
    "speeds",
    "confidence",
    "intervals",
    "gaps",
    "tracking",
    "surfaces",
    "engine",
    "week",
    "cameras",
    "relay",
    "ingest",
    "chaos",
    "streams",
    "conditions",
    "pool",
    "echo",
    "logins",
    "hostile",
    "retry_storm",
    "start",
)


def main() -> None:
    """Run those named, or all."""
    names = list(takewhile(lambda word: not word.startswith("--"), sys.argv[1:])) or ALL
    unknown = [name for name in names if name not in ALL]
    if unknown or {"-h", "--help"} & set(sys.argv):
        sys.exit(__doc__)
    for name in names:
        print(f"\n── {name} ──", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
