"""The command line: `tracecourt COMMAND`. stdout is data, stderr is progress and faults.

Exit codes: 0 all sound · 1 something is not · 2 usage or input error · 3 only `unknown`s kept it from 0.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from tracecourt.cli_claims import counterexample
from tracecourt.cli_compare import compare
from tracecourt.cli_repair import repair
from tracecourt.cli_rows import format_option, given_params, load_format, printable, row_options, wanted_rows
from tracecourt.cli_search import limit_options
from tracecourt.cli_shrink import shrink
from tracecourt.errors import TracecourtError, placed

if TYPE_CHECKING:
    from tracecourt.batches import Tally
    from tracecourt.formats import Format
    from tracecourt.rows import Fields, Row
    from tracecourt.verdict import Report, Verdict

# Imports inside commands keep `--help` fast: Lark and rich are loaded where they are used.

SOUND, UNSOUND, FAULT, UNKNOWN = 0, 1, 2, 3


class _Commands(click.Group):
    """The commands. A pipe whose reader left is handled in `main`: Click's own exit code for it is that of unsound traces."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderLeft from None


class _ReaderLeft(Exception):
    """No one reads the output any more."""


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tracecourt", message="%(package)s %(version)s")
def cli() -> None:
    """Put search traces on trial: is the printed search a run of the procedure it imitates?"""


@cli.command()
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def formats(output: str) -> None:
    """List the formats that can be checked."""
    from tracecourt.catalogue import catalogue

    found = catalogue()
    if output == "json":
        click.echo(json.dumps(found, indent=2))
        return
    for entry in found:
        click.echo(f"{entry['name']}\n  {entry['doc']}")
        click.echo(f"  domain {entry['domain']} · procedure {entry['procedure']} · events {', '.join(entry['events'])}")
        if entry["hides"]:
            click.echo(f"  hides {', '.join(entry['hides'])}")
        if entry["params"]:
            click.echo(f"  parameters {', '.join(entry['params'])}")
        if entry["source"]:
            click.echo(f"  source {entry['source']}")
        click.echo(f"  engines {', '.join(entry['engines'])}" + "".join(f" · {reason}" for reason in entry["slow"]))


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@format_option
@row_options
@click.option("--output", type=click.Choice(["text", "jsonl", "summary"]), default="text", show_default=True)
@click.option("--expect", is_flag=True, help="Compare with the rows' own `expected`; exit 1 on any difference.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "interpreter", "compiled", "native"]),
    default="auto",
    show_default=True,
    help="What tries the events; the reports are the same, the time is not.",
)
def check(
    files: tuple[str, ...],
    format_name: str,
    params: tuple[str, ...],
    prompt_field: str,
    trace_field: str,
    id_field: str,
    lines: bool,
    output: str,
    expect: bool,
    engine: str,
) -> None:
    """Try every trace of the files: one verdict a trace. FILE may be - for the standard input."""
    form = load_format(format_name)
    form.demand(engine)
    from tracecourt.batches import worth_compiling
    from tracecourt.report import text
    from tracecourt.report.summary import Summary
    from tracecourt.rows import Fields

    summary, differences = Summary(), 0
    fields = Fields(prompt_field, trace_field, id_field)
    native = engine == "native" or (engine == "auto" and worth_compiling(form, files))
    trials: Iterator[tuple[Row, Report]] = iter(())
    if native and lines and output == "summary" and not expect:
        for tally in _tallies(form, files, params):
            summary.count(tally)
    elif native:
        trials = _batches(form, files, params, fields, lines=lines, worded=output != "summary" or expect)
    else:
        trials = _trials(form, files, params, fields, engine, lines=lines)
    write = _writer() if native else click.echo
    for row, report in trials:
        summary.add(report)
        if output == "jsonl":
            write(json.dumps(report.to_dict()))
        elif output == "text":
            click.echo(printable(text.line(report, row.place)))
        if expect:
            from tracecourt.lint import different, expectation

            with placed(row.place):
                difference = different(report, expectation(row))
            if difference:
                differences += 1
                click.echo(text.one_line(f"{row.place} {row.id}: expected {difference}"), err=True)
    if output == "summary":
        _print(summary.renderable())
    if expect:
        click.echo(f"{summary.total} compared, {differences} different", err=True)
    elif not summary.total:
        click.echo("there are no traces in " + printable(", ".join(files)), err=True)
    sys.exit((UNSOUND if differences else SOUND) if expect else _exit_code({verdict for verdict, _ in summary.table}))


@cli.command()
@click.argument("file", metavar="FILE")
@format_option
@row_options
@click.option("--id", "wanted", metavar="ID", help="Explain this row only; without it, every row.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain(
    file: str,
    format_name: str,
    params: tuple[str, ...],
    prompt_field: str,
    trace_field: str,
    id_field: str,
    lines: bool,
    wanted: str | None,
    output: str,
) -> None:
    """Say why: the event, the rule, the values, the state, the history, and what would have been legal."""
    form = load_format(format_name)
    from tracecourt.explain import explain as explained
    from tracecourt.report import text
    from tracecourt.rows import Fields

    given = given_params(form, params)
    found: set[Verdict] = set()
    for row in wanted_rows(file, Fields(prompt_field, trace_field, id_field), wanted, lines=lines):
        with placed(row.place):
            explanation = explained(form, row.prompt, row.trace, dict(row.params) | given, row.id)
        found.add(explanation.report.verdict)
        if output == "json":
            click.echo(json.dumps(explanation.to_dict()))
        else:
            click.echo(printable(text.explanation(explanation, row.place)) + ("\n" if wanted is None else ""))
    sys.exit(_exit_code(found))


@cli.command()
@click.argument("file", metavar="FILE")
@format_option
@row_options
@click.option("--id", "wanted", metavar="ID", help="Identify this row only; without it, every row.")
@limit_options(60)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def identify(
    file: str,
    format_name: str,
    params: tuple[str, ...],
    prompt_field: str,
    trace_field: str,
    id_field: str,
    lines: bool,
    wanted: str | None,
    timeout: float,
    rlimit: int | None,
    output: str,
) -> None:
    """Say which procedures explain a trace: those that fit the format's text, their settings, and the choices among equals."""
    form = load_format(format_name)
    from tracecourt.hypotheses import Solving
    from tracecourt.identify import Identifier
    from tracecourt.report.identification import identification
    from tracecourt.rows import Fields

    identifier, solving, given = Identifier(form), Solving(timeout, rlimit), given_params(form, params)
    found: set[Verdict] = set()
    for row in wanted_rows(file, Fields(prompt_field, trace_field, id_field), wanted, lines=lines):
        with placed(row.place):
            identified = identifier.identify(row.prompt, row.trace, dict(row.params) | given, row.id, solving)
        found.add(identified.decision)
        if output == "json":
            click.echo(json.dumps(identified.to_dict()))
        else:
            click.echo(printable(identification(identified, row.place)) + ("\n" if wanted is None else ""))
    sys.exit(_exit_code(found))


@cli.command()
@format_option
@click.option("-n", "number", type=click.IntRange(min=0), default=10, show_default=True, help="How many rows.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same rows.")
@click.option("--mutate", is_flag=True, help="Mutants: one edit each, labelled with the rule that it breaks.")
@click.option("--declared", is_flag=True, help="Runs under the declared tie-break and child order.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the problems; may be repeated.")
def generate(format_name: str, number: int, seed: int, mutate: bool, declared: bool, params: tuple[str, ...]) -> None:
    """Print rows with sound traces of random problems, or with labelled mutants of them."""
    from tracecourt.generate import Generator
    from tracecourt.mutate import Mutator

    if mutate and declared:
        raise click.UsageError("--mutate chooses the tie-break itself; leave --declared out")
    form = load_format(format_name)
    generator = Generator(form, given_params(form, params))
    rows = Mutator(generator).rows(number, seed) if mutate else generator.rows(number, seed, declared=declared)
    for row in _progress(rows, number):
        click.echo(json.dumps(row))


@cli.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
def lint(path: Path) -> None:
    """Check a pack of grammars and specifications (its folder, or one file), with all its examples."""
    from tracecourt.lint import lint as linted

    findings = linted(path)
    for fault in findings.faults:
        click.echo(printable(fault) + "\n")
    total = len(findings.faults)
    click.echo(f"{len(set(findings.checked))} checked, {total} fault{'' if total == 1 else 's'}", err=True)
    sys.exit(UNSOUND if findings.faults else SOUND)


@cli.command()
@click.argument("name", metavar="NAME")
def new(name: str) -> None:
    """Start a format of your own: a folder NAME with a grammar, a format and examples that pass."""
    from tracecourt.scaffold import scaffold

    for file in scaffold(name, Path()):
        click.echo(file)
    click.echo(f"change these files, and check them with: tracecourt lint {name}", err=True)


cli.add_command(counterexample)
cli.add_command(compare)
cli.add_command(repair)
cli.add_command(shrink)


# ---------------------------------------------------------------- helpers
def _trials(
    form: Format, files: tuple[str, ...], options: tuple[str, ...], fields: Fields, engine: str, *, lines: bool
) -> Iterator[tuple[Row, Report]]:
    from tracecourt.check import check as tried

    for row in _rows(form, files, options, fields, lines=lines):
        with placed(row.place):
            yield row, tried(form, row.prompt, row.trace, row.params, row.id, engine)


def _batches(
    form: Format, files: tuple[str, ...], options: tuple[str, ...], fields: Fields, *, lines: bool, worded: bool
) -> Iterator[tuple[Row, Report]]:
    """The same with the native engine, which takes many rows at once."""
    from tracecourt.batches import check_rows

    yield from check_rows(form, _rows(form, files, options, fields, lines=lines), worded=worded)


def _rows(form: Format, files: tuple[str, ...], options: tuple[str, ...], fields: Fields, *, lines: bool) -> Iterator[Row]:
    """The rows of files, with the parameters that hold for all of them."""
    from tracecourt.rows import read_rows

    given = given_params(form, options)
    for row in _progress((row for file in files for row in read_rows(file, fields, lines=lines)), None):
        yield replace(row, params=dict(row.params) | given) if given else row


def _writer() -> Callable[[str], object]:
    """What prints a line, and leaves it to the stream when it is written; a corpus has many."""
    stream = sys.stdout
    return lambda line: stream.write(line + "\n")


def _tallies(form: Format, files: tuple[str, ...], options: tuple[str, ...]) -> Iterator[Tally]:
    """What becomes of lines of text, counted."""
    from tracecourt.batches import tally_lines
    from tracecourt.rows import opened

    for file in files:
        with opened(file) as stream:
            yield from tally_lines(form, stream, given_params(form, options), file)


T = TypeVar("T")


def _progress(items: Iterable[T], total: int | None) -> Iterator[T]:
    """The items, with a progress bar on a terminal's stderr while stdout goes elsewhere."""
    if not _terminal(sys.stderr) or _terminal(sys.stdout):
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    with Progress(
        BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        yield from progress.track(items, total=total)


def _terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _print(renderable: Any) -> None:
    from rich.console import Console

    console = Console(width=None if _terminal(sys.stdout) else 110, highlight=False)
    with console.capture() as printed:
        console.print(renderable)
    click.echo(printed.get(), nl=False)


def _exit_code(verdicts: set[Verdict]) -> int:
    from tracecourt.verdict import Verdict

    if verdicts - {Verdict.SOUND, Verdict.UNKNOWN}:
        return UNSOUND
    return UNKNOWN if Verdict.UNKNOWN in verdicts else SOUND


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal need not know every character
    try:
        cli.main(args=arguments, prog_name="tracecourt", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(FAULT)
    except TracecourtError as error:
        click.echo(printable(f"tracecourt: {error}"), err=True)
        sys.exit(FAULT)
    except _ReaderLeft:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAULT)
    except OSError as error:
        click.echo(printable(f"tracecourt: cannot write: {error.strerror or error}"), err=True)
        sys.exit(FAULT)
    except Exception as error:
        if os.environ.get("TRACECOURT_DEBUG"):
            raise
        message = f"tracecourt: this is a fault of tracecourt, please report it: {type(error).__name__}: {error}"
        click.echo(printable(message) + "\n(TRACECOURT_DEBUG=1 shows where)", err=True)
        sys.exit(FAULT)


if __name__ == "__main__":
    main()
