"""Turns expected failures into a few clear lines and an exit status, without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import typer
from rich.console import Console

from tally.kernel.errors import DomainError
from tally.stack.errors import StackError
from tally.worker.agent.sources import SourceError

errors = Console(stderr=True, soft_wrap=True, highlight=False)


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Print what went wrong and how to mend it, then exit with status 1, or 2 if the command was misspelt."""
    try:
        yield
    except typer.BadParameter as error:
        hint = f"{error.param_hint} " if error.param_hint else ""
        tell(f"{hint}{error.message}")
        raise typer.Exit(2) from None
    except StackError as error:
        tell(str(error), error.mend, error.log_tail)
    except DomainError as error:
        tell(str(error))
    except OSError as error:
        tell(error.strerror if error.strerror and not error.filename else str(error))
    except SourceError as error:
        tell(str(error))
    except grpc.aio.AioRpcError as error:
        tell(error.details() or error.code().name)
    else:
        return
    raise typer.Exit(1)


def tell(message: str, mend: str = "", log_tail: str = "") -> None:
    """Print an error on standard error."""
    if log_tail:
        errors.print(log_tail, style="dim", markup=False)
    errors.print(f"error: {message}", style="bold red", markup=False)
    if mend:
        errors.print(f"mend:  {mend}", markup=False)
