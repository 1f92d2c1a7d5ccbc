"""The command `counterexample`: where does a procedure break its promise?"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracecourt.errors import InputError

if TYPE_CHECKING:
    from tracecourt.counterexample import Counterexample

C = TypeVar("C", bound=Callable[..., Any])

NONE, FOUND, UNKNOWN = 0, 1, 3
GRACE = 30  # seconds after which the command ends though Z3 has not kept its limit


def limit_options(timeout: float) -> Callable[[C], C]:
    """`--timeout` and `--rlimit`."""

    def options(command: C) -> C:
        for option in (
            click.option(
                "--rlimit",
                type=click.IntRange(min=1),
                metavar="N",
                help="Z3's own limit for each question: the same answer on every machine, with one version of Z3.",
            ),
            click.option(
                "--timeout",
                type=click.FloatRange(min=0, min_open=True),
                default=timeout,
                show_default=True,
                metavar="SECONDS",
                help="How long is looked; then the answer is what is known.",
            ),
        ):
            command = option(command)
        return command

    return options


@click.command()
@click.argument("procedure", metavar="PROCEDURE")
@click.option(
    "--claim",
    default="optimal",
    show_default=True,
    metavar="CLAIM",
    help="A claim or lemma of the procedure, or an expression over the last state of a run.",
)
@click.option(
    "--given",
    "givens",
    multiple=True,
    metavar="GIVEN",
    help="An assumption of the domain, or an expression over a problem's facts; may be repeated.",
)
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the procedure; may be repeated.")
@click.option("--domain", metavar="NAME", help="Over which problems; else those of the procedure's own trace blocks.")
@click.option("--nodes", "largest", type=click.IntRange(min=1), default=5, show_default=True, help="The largest size.")
@click.option("--rounds", type=click.IntRange(min=1), help="The longest run; else as long as is usual for a size.")
@limit_options(600)
@click.option("--output", type=click.Choice(["text", "json", "row"]), default="text", show_default=True)
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw the problem, too.")
def counterexample(
    procedure: str,
    claim: str,
    givens: tuple[str, ...],
    params: tuple[str, ...],
    domain: str | None,
    largest: int,
    rounds: int | None,
    timeout: float,
    rlimit: int | None,
    output: str,
    svg: Path | None,
) -> None:
    """Find the smallest problem on which a sound run of PROCEDURE breaks a promise, or prove that there is none.

    PROCEDURE is a name, or the path of its file. Exit code 1: there is one; 3: not known from some size on.
    """
    from tracecourt.counterexample import counterexample as sought
    from tracecourt.engines.symbolic.solving import Limits
    from tracecourt.resources import Library
    from tracecourt.spec.library import located

    library, name = located(procedure, Library.shipped(), "procedure")
    known: list[Counterexample] = []

    def finish() -> int:
        return _told(known[-1] if known else None, output, svg)

    watch = threading.Timer(timeout + GRACE, lambda: os._exit(finish()))
    watch.daemon = True
    watch.start()
    try:
        known += sought(
            name,
            library,
            claim=claim,
            givens=givens,
            params=params,
            domain=domain,
            largest=largest,
            rounds=rounds,
            limits=Limits(timeout, rlimit),
            tell=teller(),
        )
    except KeyboardInterrupt:
        click.echo("stopped; this is what is known:", err=True)
    watch.cancel()
    sys.exit(finish())


def teller() -> Callable[[str], object]:
    """What shows how far the search has come, on a terminal."""
    if not sys.stderr.isatty():
        return lambda line: None
    return lambda line: click.echo(f"\r\x1b[K  {line}", nl=False, err=True)


def _told(found: Counterexample | None, output: str, svg: Path | None) -> int:
    """Print what is known; the exit code."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    if found is None:
        click.echo("nothing is known yet", err=True)
        return UNKNOWN
    if output == "json":
        click.echo(json.dumps(found.to_dict()))
    elif output == "text":
        from tracecourt.report.counterexample import counterexample as words

        click.echo(words(found))
    elif found.row is not None:
        click.echo(json.dumps(dict(found.row)))
    if svg is not None and found.refuted is not None:
        _draw(found, svg)
    sys.stdout.flush()
    return FOUND if found.found else NONE if found.decided and found.complete else UNKNOWN


def _draw(found: Counterexample, path: Path) -> None:
    from tracecourt.report.picture import picture
    from tracecourt.report.picture import svg as drawn

    assert found.refuted is not None
    interpreter, r, path_found = found.last_state()
    text = drawn(picture(found.system, interpreter, r, path_found))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
