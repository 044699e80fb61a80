"""Reads SOAP messages of devices that nobody trusts."""

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_BYTES = 512 * 2**10
"""Of one message: a device with a dozen streams says some 100 KB of them."""
MAX_DEPTH = 32
MAX_ELEMENTS = 10_000


class BadMessage(Exception):
    """A message is no XML, or more than a device has to say."""


def parse(data: bytes) -> Element:
    """The message's root element; tags and attributes as `{namespace}name`.

    Document types are refused, and with them entities, which a few bytes could make expand to gigabytes or have
    files read.

    Raises:
        BadMessage: It is no XML, has a document type, or is too large.
    """
    if len(data) > MAX_BYTES:
        raise BadMessage("the message is too long")
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    depth = elements = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
            raise BadMessage("the message has too many elements")
        builder.start(_tag(name), {_tag(key): value for key, value in attributes.items()})

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_tag(name))

    def refuse(*_: object) -> NoReturn:
        raise BadMessage("the message has a document type")

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise BadMessage(f"the message is no XML: {error}") from None
    return builder.close()


def text_of(element: Element, path: str) -> str:
    """The text of the first element at the path, without white space around it; empty if there is none."""
    return (element.findtext(path) or "").strip()


def _tag(name: str) -> str:
    return "{" + name if "}" in name else name
