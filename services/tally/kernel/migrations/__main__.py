"""`python -m tally.kernel.migrations CONTEXT…`: bring the tables of contexts up to date, as the role that owns them."""

import argparse
import asyncio
import os

from tally.kernel.migrations import upgrade


def main() -> None:
    """Migrate every context that is named, one after another."""
    parser = argparse.ArgumentParser(
        prog="python -m tally.kernel.migrations",
        description="Bring the tables of contexts up to date. TALLY_<CONTEXT>_OWNER_URL is the SQLAlchemy URL "
        "(postgresql+asyncpg://…) of the context's database for the role that owns it.",
    )
    parser.add_argument("contexts", metavar="CONTEXT", nargs="+", help="such as camera")
    for context in parser.parse_args().contexts:
        variable = f"TALLY_{context.upper()}_OWNER_URL"
        if variable not in os.environ:
            parser.error(f"{variable} is not set")
        asyncio.run(upgrade(os.environ[variable], f"tally.{context}.migrations"))


if __name__ == "__main__":
    main()
