"""What commands over rows have in common: the options that say where rows are, and how a format and its rows are found."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracecourt.errors import InputError

if TYPE_CHECKING:
    from tracecourt.formats import Format
    from tracecourt.rows import Fields, Row

C = TypeVar("C", bound=Callable[..., Any])
SUGGESTED = 1000  # ids among which the nearest to a wrong one is looked for


def format_option(command: C) -> C:
    """`--format NAME`."""
    return click.option(
        "--format", "-f", "format_name", required=True, metavar="NAME", help="A format's name, or its .spec file."
    )(command)


def row_options(command: C) -> C:
    """How rows are found in files, and parameters for all of them."""
    for option in (
        click.option("--lines", is_flag=True, help="Each line of the file is one whole document, prompt then trace."),
        click.option("--id-field", default="id", show_default=True, metavar="NAME", help="The field with a row's name."),
        click.option("--trace-field", default="trace", show_default=True, metavar="NAME", help="The field with the trace."),
        click.option("--prompt-field", default="prompt", show_default=True, metavar="NAME", help="The field with the prompt."),
        click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of all rows."),
    ):
        command = option(command)
    return command


def loaded_format(name: str) -> Format:
    """The format of a name or path."""
    gc.disable()  # what is loaded stays to the end; searching it for garbage takes a quarter of the start
    from tracecourt.formats import open_format

    try:
        return open_format(name)
    finally:
        gc.freeze()
        gc.enable()


def option_params(form: Format, options: tuple[str, ...]) -> dict[str, Any]:
    """The parameters that are given as `--param`."""
    from tracecourt.parameters import from_options

    return from_options(form.system, options)


def wanted_rows(file: str, fields: Fields, wanted: str | None, *, lines: bool) -> Iterator[Row]:
    """The rows of a file with that id; all, where none is named.

    Raises:
        InputError: when there is none with that id.
    """
    from tracecourt.rows import read_rows

    seen, found = [], False
    for row in read_rows(file, fields, lines=lines):
        seen.append(row.id)
        if wanted is None or row.id == wanted:
            found = True
            yield row
    if wanted is not None and not found:
        from tracecourt.errors import suggestion

        raise InputError(f"{file} has no row with the id {wanted}{suggestion(wanted, seen) if len(seen) <= SUGGESTED else ''}")
    if not seen:
        click.echo(printable(f"there are no traces in {file}"), err=True)


def printable(text: str) -> str:
    """Text that any terminal can take: what a model wrote may hold lone surrogates and control characters."""
    kept = "".join(c if c.isprintable() or c == "\n" else "·" for c in text)
    return kept.encode("utf-8", errors="replace").decode("utf-8")
