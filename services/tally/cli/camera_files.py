"""Files of cameras: YAML for people who keep them under version control, CSV for spreadsheets."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from tally.cli.failing import CommandError

COLUMNS = (
    "name", "state", "site", "area", "location.description", "location.point.latitude",
    "location.point.longitude", "labels", "stream.uri", "stream.pace", "stream.credentials_set",
    "stream.credentials.username", "stream.credentials.password", "counting",
)  # fmt: skip
"""Of CSV files; `labels` and `counting` are JSON."""
_JSON = {"labels", "counting"}
_GROUPS = ("location.point", "stream.credentials")
"""Values that are there as a whole or not at all."""
_LIST = "cameras"


class FileFormat(StrEnum):
    """How cameras are written."""

    YAML = "yaml"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value.

    Attributes:
        field: Its path, such as `counting.lines[0].name`; empty: the camera as a whole.
        description: What is wrong and how to mend it.
    """

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Row:
    """A camera as a file says it.

    Attributes:
        line: Where it begins, from 1.
        values: What the file says, by field; nested like the contract's messages, texts as they stand there, None for
            nothing.
        lines: In which line each value stands, by its path.
        problems: Values that cannot be read.
    """

    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    problems: Sequence[Problem] = ()

    def line_of(self, field: str) -> int:
        """In which line a value stands, or what it is missing from begins."""
        while field:
            if field in self.lines:
                return self.lines[field]
            field = re.sub(r"\.?[^.\[]*$|\[[^\[]*$", "", field)
        return self.line


def read_rows(text: str, kind: FileFormat) -> Sequence[Row]:
    """The cameras in a file.

    Raises:
        CommandError: It is no such file.
    """
    return _read_csv(text) if kind is FileFormat.CSV else _read_yaml(text)


def write_rows(rows: Sequence[Mapping[str, Any]], kind: FileFormat) -> str:
    """A file of cameras; `read_rows` reads the same values from it."""
    if kind is FileFormat.YAML:
        written: str = yaml.safe_dump({_LIST: list(rows)}, sort_keys=False, allow_unicode=True)
        return written
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(column, row) for column in COLUMNS])
    return target.getvalue()


def _read_yaml(text: str) -> Sequence[Row]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[str, int] = {}
        content = _values(root, "", lines) if root else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CommandError(f"line {line}: {error.problem}", mend="mend the file's YAML") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise CommandError(f"the file is no YAML: {error}") from error
    cameras = content.get(_LIST) if isinstance(content, dict) and len(content) == 1 else None
    if not isinstance(cameras, list):
        raise CommandError(
            f"line 1: a file of cameras is `{_LIST}:` and a list",
            mend="tally cameras export - shows one",
        )
    return [_row(camera, f"{_LIST}[{index}]", lines) for index, camera in enumerate(cameras)]


def _values(node: yaml.Node, path: str, lines: dict[str, int]) -> Any:
    """What a node says, with its numbers and truth values as text; notes where each value stands."""
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_values(each, f"{path}[{index}]", lines) for index, each in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == "tag:yaml.org,2002:null" else node.value
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found:
            raise yaml.MarkedYAMLError(problem=f"{name} twice", problem_mark=key.start_mark)
        inner = f"{path}.{name}" if path else name
        found[name] = _values(value, inner, lines)
        lines[inner] = key.start_mark.line + 1
    return found


def _row(camera: Any, path: str, lines: Mapping[str, int]) -> Row:
    prefix = f"{path}."
    own = {
        each.removeprefix(prefix): line for each, line in lines.items() if each.startswith(prefix)
    }
    if isinstance(camera, dict):
        return Row(lines[path], camera, own)
    return Row(lines[path], {}, own, [Problem("", "is no camera: write `- name: …`")])


def _read_csv(text: str) -> Sequence[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        unknown = [name for name in header if name not in COLUMNS]
        if unknown or len(set(header)) < len(header) or "name" not in header:
            what = (
                f"no column can be called {unknown[0]!r}"
                if unknown
                else "each column is there once"
            )
            raise CommandError(f"line 1: {what}, name among them", mend=f"use {', '.join(COLUMNS)}")
        return list(_csv_rows(reader, header))
    except csv.Error as error:
        raise CommandError(
            f"line {reader.line_num}: {error}", mend="mend the file's CSV"
        ) from error


def _csv_rows(reader: Any, header: Sequence[str]) -> Iterator[Row]:
    line = reader.line_num + 1
    for cells in reader:
        if len(cells) == len(header):
            yield _csv_row(line, dict(zip(header, cells, strict=True)))
        elif cells:
            problem = Problem("", f"has {len(cells)} cells where the header has {len(header)}")
            yield Row(line, {}, {}, [problem])
        line = reader.line_num + 1


def _csv_row(line: int, cells: Mapping[str, str]) -> Row:
    values: dict[str, Any] = {}
    problems = []
    for column, cell in cells.items():
        value: Any = cell or None
        if column in _JSON and cell:
            try:
                value = json.loads(cell)
            except ValueError as error:
                problems.append(Problem(column, f"is no JSON: {error}"))
        *parents, name = column.split(".")
        inner = values
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[name] = value
    for group in _GROUPS:
        outer, _, name = group.partition(".")
        whole = values.get(outer, {}).get(name)
        if whole is not None and not any(whole.values()):
            values[outer][name] = None
    return Row(line, values, {}, problems)


def _cell(column: str, row: Mapping[str, Any]) -> str:
    value: Any = row
    for name in column.split("."):
        value = (value or {}).get(name)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
