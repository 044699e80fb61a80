"""Tells the id of a decoder process that has a camera, and waits to be killed."""

import asyncio
import sys
from functools import partial

from tally.worker.agent.decoding import Decoders
from tally.worker.agent.sources import open_source


async def main() -> None:
    decoders = Decoders()
    stream = await decoders.open("a", partial(open_source, "demo://plaza?width=160&height=90"))
    assert await stream.get() is not None
    sys.stdout.write(f"{await decoders.processes[0].pid()}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
