"""Rows in: JSONL files (also gzipped) and text files with one document a line, read one row at a time."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tracecourt.documents import Words
from tracecourt.errors import InputError, suggestion


@dataclass(frozen=True)
class Fields:
    """The names under which a row holds its parts."""

    prompt: str = "prompt"
    trace: str = "trace"
    id: str = "id"


@dataclass(frozen=True)
class Row:
    """One trace to try.

    Attributes:
        id: the row's own name, or its line number; rollouts add `/K`.
        place: `file:line`.
        prompt, trace: texts or token lists; an empty prompt means that the trace holds the whole document.
        params: the problem's parameters as the row gives them.
        expected: the verdict that the row's author expects, if it says one.
    """

    id: str
    place: str
    prompt: Words
    trace: Words
    params: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] | None = None


def read_rows(path: str, fields: Fields | None = None, *, lines: bool = False) -> Iterator[Row]:
    """The rows of a file (`-` is the standard input); with `lines`, each line of text is one whole document.

    Raises:
        InputError: when the file cannot be read, a line is not a JSON object, or a row lacks a field.
    """
    fields = fields or Fields()
    try:
        with _opened(path) as stream:
            for number, raw in enumerate(stream, 1):
                text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                if lines:
                    yield Row(str(number), f"{path}:{number}", "", text)
                elif text.strip():
                    yield from _rows(_object(text, f"{path}:{number}"), f"{path}:{number}", number, fields)
    except (OSError, EOFError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _opened(path: str) -> BinaryIO:
    if path == "-":
        return sys.stdin.buffer
    if path.endswith(".gz"):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return Path(path).open("rb")


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{place}: this line is no JSON: {reason}; for plain text, one document a line, use --lines") from None
    if not isinstance(row, dict):
        raise InputError(f"{place}: a row is a JSON object, and this is {_kind(row)}")
    return row


def _rows(row: dict[str, Any], place: str, number: int, fields: Fields) -> Iterator[Row]:
    id = row.get(fields.id, number)
    params = row.get("params")
    if params is not None and not isinstance(params, dict):
        raise InputError(f"{place}: params is an object of names and values, and this is {_kind(params)}")
    expected = row.get("expected")
    if expected is not None and not isinstance(expected, dict):
        raise InputError(f"{place}: expected is an object with a verdict, and this is {_kind(expected)}")
    prompt = _words(row, fields.prompt, "--prompt-field", place)
    if fields.trace not in row and "rollouts" in row:
        rollouts = row["rollouts"]
        if not isinstance(rollouts, list):
            raise InputError(f"{place}: rollouts is a list of traces, and this is {_kind(rollouts)}")
        for index, rollout in enumerate(rollouts):
            trace = _text(rollout, f"rollouts[{index}]", place)
            yield Row(f"{id}/{index}", place, prompt, trace, params or {}, expected)
    else:
        trace = _words(row, fields.trace, "--trace-field", place)
        yield Row(str(id), place, prompt, trace, params or {}, expected)


def _words(row: dict[str, Any], name: str, option: str, place: str) -> Words:
    if name not in row:
        raise InputError(f"{place}: the row has no field {name}{suggestion(name, row)}; name another with {option}")
    return _text(row[name], name, place)


def _text(value: Any, name: str, place: str) -> Words:
    match value:
        case str():
            return value
        case None:
            return ""
        case list() if all(isinstance(word, (str, int)) for word in value):
            return [str(word) for word in value]
    raise InputError(f"{place}: {name} is a text or a list of tokens, and this is {_kind(value)}")


def _kind(value: Any) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)
