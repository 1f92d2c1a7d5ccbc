"""What commands that ask Z3 have in common: limits, progress, and an end at any time with what is known."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=Callable[..., Any])
T = TypeVar("T")

NONE, FOUND, UNKNOWN = 0, 1, 3
GRACE = 30  # seconds after which a command ends though Z3 has not kept its limit
GLANCE = 0.1  # seconds between looks at a search


def given_option(command: C) -> C:
    """`--given GIVEN`."""
    return click.option(
        "--given",
        "givens",
        multiple=True,
        metavar="GIVEN",
        help="An assumption of the domain, or an expression over a problem's facts; may be repeated.",
    )(command)


def _finite(context: click.Context, option: click.Parameter, seconds: float) -> float:
    """A number of seconds that comes to an end."""
    if not isfinite(seconds):
        raise click.BadParameter(f"{seconds} is no number of seconds", context, option)
    return seconds


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
                callback=_finite,
                default=timeout,
                show_default=True,
                metavar="SECONDS",
                help="How long is looked; then the answer is what is known.",
            ),
        ):
            command = option(command)
        return command

    return options


def teller() -> Callable[[str], object]:
    """What shows how far the search has come, on a terminal."""
    if not _terminal():
        return lambda line: None
    return lambda line: click.echo(f"\r\x1b[K  {line}", nl=False, err=True)


def _terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def conclude(search: Callable[[], Iterable[T]], told: Callable[[T], int], timeout: float) -> None:
    """Search, tell what is known in the end, and exit with the code for it.

    The search has a thread of its own, so that Ctrl-C ends the command although Z3 does not let go.

    Args:
        search: gives all that is known so far, again and again.
        told: prints it, and says what the exit code is.
        timeout: the seconds that the search should take at most.
    """
    known: list[T] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            known.extend(search())
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    end = time.monotonic() + timeout + GRACE
    try:
        while thread.is_alive() and time.monotonic() < end:
            thread.join(GLANCE)
    except KeyboardInterrupt:
        click.echo("stopped; this is what is known:", err=True)
    if faults:
        raise faults[0]
    if _terminal():
        click.echo("\r\x1b[K", nl=False, err=True)
    if not known:
        click.echo("nothing is known yet", err=True)
    code = told(known[-1]) if known else UNKNOWN
    if sys.stdout is not None:
        sys.stdout.flush()
    if thread.is_alive():
        os._exit(code)
    sys.exit(code)
