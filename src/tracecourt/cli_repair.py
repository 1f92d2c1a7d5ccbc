"""The command `repair`: the fewest edits that make a trace sound."""

from __future__ import annotations

import json
import sys

import click

from tracecourt.cli_rows import format_option, given_params, load_format, printable, row_options, wanted_rows
from tracecourt.errors import placed

SOUND, EDITED, UNKNOWN = 0, 1, 3


@click.command()
@click.argument("file", metavar="FILE")
@format_option
@row_options
@click.option("--id", "wanted", metavar="ID", help="Repair this row only; without it, every row.")
@click.option("--most", type=click.IntRange(min=0), default=5, show_default=True, metavar="N", help="The most edits to try.")
@click.option("--plan", is_flag=True, help="Repair the printed answer, too, where it is not what the search found.")
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="How many edited traces to look at.  [default: 60000]")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def repair(
    file: str,
    format_name: str,
    params: tuple[str, ...],
    prompt_field: str,
    trace_field: str,
    id_field: str,
    lines: bool,
    wanted: str | None,
    most: int,
    plan: bool,
    budget: int | None,
    output: str,
) -> None:
    """Find the fewest events to insert, delete or replace so that a trace is sound.

    Exit code 1: something is to be edited, or cannot be read; 3: only repairs that were not found kept it from 0.
    """
    form = load_format(format_name)
    from tracecourt.repair import BUDGET
    from tracecourt.repair import repair as repaired
    from tracecourt.report.repair import repair as words
    from tracecourt.rows import Fields
    from tracecourt.verdict import Verdict

    given, codes = given_params(form, params), {SOUND}
    for row in wanted_rows(file, Fields(prompt_field, trace_field, id_field), wanted, lines=lines):
        with placed(row.place):
            merged = dict(row.params) | given
            found = repaired(form, row.prompt, row.trace, merged, row.id, most=most, plan=plan, budget=budget or BUDGET)
        malformed = found.report.verdict is Verdict.MALFORMED
        codes.add(EDITED if found.distance or malformed else SOUND if found.distance == 0 else UNKNOWN)
        if output == "json":
            click.echo(json.dumps(found.to_dict()))
        else:
            click.echo(printable(words(found, row.place)) + ("\n" if wanted is None else ""))
    sys.exit(EDITED if EDITED in codes else max(codes))
