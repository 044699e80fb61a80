"""Passwords are typed or read from standard input, never taken as arguments, which everybody on a machine can see."""

import sys
from typing import Annotated

import typer

from tally.api.camera.v1.stream_pb2 import StreamCredentials
from tally.cli.failing import CommandError

PasswordStdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def read_line() -> str:
    """The next line of standard input.

    Raises:
        CommandError: There is none.
    """
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise CommandError("standard input has no password", mend="give one in a line of its own")
    return line


def stream_credentials(username: str, *, password_stdin: bool) -> StreamCredentials:
    """What a camera asks for: nothing without a user, else with the password, which is read or asked for.

    Raises:
        CommandError: Standard input has none.
    """
    if not username:
        return StreamCredentials()
    password = read_line() if password_stdin else str(typer.prompt("password", hide_input=True))
    return StreamCredentials(username=username, password=password)


def ask_new_password() -> str:
    """A new password, typed twice."""
    text = "new password (12 characters or more)"
    return str(typer.prompt(text, hide_input=True, confirmation_prompt="once more"))
