"""How answers are shown: tables for people, JSON for programs."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, timedelta
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tally.api.auth.v1.role_pb2 import RoleBinding

console = Console(highlight=False, soft_wrap=True, markup=False)
"""Prints lines as they are: what people named may look like markup."""
_WHOLE = {"time", "since", "last used", "ends", "from"}
_SPANS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

JsonOption = Annotated[
    bool, typer.Option("--json", help="JSON as the REST API gives it, instead of a table.")
]


def show_json(answer: Message | Sequence[Message]) -> None:
    """Print a JSON object, or an array of them."""
    content = (
        MessageToDict(answer)
        if isinstance(answer, Message)
        else [MessageToDict(each) for each in answer]
    )
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    Console().print(table_of(headings, ([Text(cell) for cell in row] for row in rows)))


def table_of(headings: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    """A table; cells are folded where space is short, but for the first ones, which commands take, and times."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, heading in enumerate(headings):
        whole = index == 0 or heading in _WHOLE
        table.add_column(heading, overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*row)
    return table


def local_time(moment: Timestamp) -> str:
    """A time on this machine's clock, to the minute."""
    return f"{moment.ToDatetime().replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"


def bindings_text(bindings: Iterable[RoleBinding]) -> str:
    """Roles as `--role` takes them."""
    return " ".join(
        binding.role_id + ("@" + ",".join(binding.site_ids) if binding.site_ids else "")
        for binding in bindings
    )


def parse_span(text: str, option: str) -> timedelta:
    """The time that a text such as `90m`, `12h` or `7d` stands for.

    Raises:
        typer.BadParameter: It is no such text.
    """
    match = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not like 90m, 12h or 7d", param_hint=option)
    return int(match[1]) * _SPANS[match[2]]
