"""The command `shrink`: a minimal problem and trace that break the same rule."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from tracecourt.cli_rows import format_option, given_params, load_format, printable, row_options, wanted_rows
from tracecourt.errors import placed


@click.command()
@click.argument("file", metavar="FILE")
@format_option
@row_options
@click.option("--id", "wanted", required=True, metavar="ID", help="The row that is shrunk.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def shrink(
    file: str,
    format_name: str,
    params: tuple[str, ...],
    prompt_field: str,
    trace_field: str,
    id_field: str,
    lines: bool,
    wanted: str,
    output: str,
) -> None:
    """Find a minimal problem and trace that break the same rule as a row, by the last event.

    With --output json, it is a row that `check` reads. Exit code 2: there is nothing to shrink, the row is sound, truncated or
    unknown.
    """
    form = load_format(format_name)
    from tracecourt.report.shrunk import shrunk
    from tracecourt.rows import Fields
    from tracecourt.shrink import shrink as made_small

    given = given_params(form, params)
    for row in wanted_rows(file, Fields(prompt_field, trace_field, id_field), wanted, lines=lines):
        row = replace(row, params=dict(row.params) | given)
        with placed(row.place):
            found = made_small(form, row.prompt, row.trace, row.params, row.id)
        click.echo(json.dumps(found.to_dict()) if output == "json" else printable(shrunk(found, row.place)))
