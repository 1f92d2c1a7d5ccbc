"""The command line run inside the test process: arguments in, exit code and both streams out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tracecourt.cli import main
from tracecourt.formats import open_format

PROMPT = "start 0 0 goal 1 0"
SOUND = "create 0 0 c0 c1 close 0 0 c0 c1 create 1 0 c1 c0 close 1 0 c1 c0 plan 0 0 plan 1 0 eos"
UNSOUND = SOUND.replace("create 1 0 c1 c0 ", "")
MALFORMED = SOUND.replace("close", "shut")
TRUNCATED = SOUND[:40]

open_once = cache(open_format)  # a format never changes; reading it takes longer than trying a small trace


@dataclass(frozen=True)
class Outcome:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects that it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Desk:
    """Runs commands in the current folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch
        monkeypatch.setattr("tracecourt.formats.open_format", open_once)

    def run(self, *arguments: str, stdin: str | bytes | None = b"") -> Outcome:
        """What a command does with a standard input, which is closed where it is None."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        self.monkeypatch.setattr("sys.stdin", None if data is None else io.TextIOWrapper(io.BytesIO(data)))
        self.capsys.readouterr()
        code = 0
        try:
            main(list(arguments))
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = self.capsys.readouterr()
        return Outcome(code, out, err)


def row(trace: Any = SOUND, id: Any = "a", prompt: Any = PROMPT, **more: Any) -> dict[str, Any]:
    return {"id": id, "prompt": prompt, "trace": trace, **more}


def jsonl(*rows: dict[str, Any]) -> bytes:
    return lines(map(json.dumps, rows))


def lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


def orderly(outcome: Outcome) -> Outcome:
    """An outcome that no user needs to be ashamed of."""
    assert "Traceback" not in outcome.out + outcome.err
    assert "this is a fault of tracecourt" not in outcome.err
    assert outcome.code in (0, 1, 2, 3)
    assert outcome.code != 2 or outcome.err.startswith(("tracecourt: ", "Usage: ", "Error: "))
    return outcome


def pack(files: dict[str, str], folder: str) -> None:
    for name, text in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = text.strip("\n").splitlines()
        indent = len(rows[0]) - len(rows[0].lstrip()) if rows else 0
        path.write_text("".join(f"{line[indent:]}\n" for line in rows), encoding="utf-8")
