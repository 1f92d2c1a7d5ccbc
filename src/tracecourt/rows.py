"""Rows in: JSONL files (also gzipped) and text files with one document a line, read one row at a time."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tracecourt.documents import Words
from tracecourt.errors import InputError, suggestion
from tracecourt.text import line


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
    with opened(path) as stream:
        for number, raw in enumerate(stream, 1):
            text = line(raw, first=number == 1)
            if lines:
                yield Row(str(number), f"{path}:{number}", "", text)
            elif text.strip():
                yield from rows_of(_object(text, f"{path}:{number}"), f"{path}:{number}", number, fields)


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A file's bytes, unpacked; `-` is the standard input.

    Raises:
        InputError: when the file cannot be read.
    """
    try:
        with _opened(path) as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _opened(path: str) -> AbstractContextManager[BinaryIO]:
    if path == "-":
        if sys.stdin is None:
            raise InputError("cannot read -: the standard input is closed")
        return nullcontext(sys.stdin.buffer)
    if path.endswith(".gz"):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return Path(path).open("rb")


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        hint = "for plain text, one document a line, use --lines"
        raise InputError(f"{place}: this line is no JSON: {error.msg}, column {error.colno}; {hint}") from None
    except RecursionError:
        raise InputError(f"{place}: this line is nested too deeply") from None
    except ValueError:
        raise InputError(f"{place}: this line holds a number of too many digits") from None
    if not isinstance(row, dict):
        raise InputError(f"{place}: a row is a JSON object, and this is {_kind(row)}")
    return row


def rows_of(row: Mapping[str, Any], place: str, number: int, fields: Fields) -> Iterator[Row]:
    """The rows that an object stands for: one, or one for each of its rollouts; without an id, its number is its name.

    Raises:
        InputError: when the object lacks a field or holds something else in it.
    """
    id = number if row.get(fields.id) is None else row[fields.id]
    if isinstance(id, bool) or not isinstance(id, (str, int, float)):
        raise InputError(f"{place}: {fields.id} is a text or a number, and this is {_kind(id)}")
    params = row.get("params")
    if params is not None and not isinstance(params, Mapping):
        raise InputError(f"{place}: params is an object of names and values, and this is {_kind(params)}")
    expected = row.get("expected")
    if expected is not None and not isinstance(expected, Mapping):
        raise InputError(f"{place}: expected is an object with a verdict, and this is {_kind(expected)}")
    prompt = _words(row, fields.prompt, "--prompt-field", place)
    if fields.trace not in row and "rollouts" in row:
        rollouts = row["rollouts"]
        if not isinstance(rollouts, (list, tuple)):
            raise InputError(f"{place}: rollouts is a list of traces, and this is {_kind(rollouts)}")
        for index, rollout in enumerate(rollouts):
            trace = _text(rollout, f"rollouts[{index}]", place)
            yield Row(f"{id}/{index}", place, prompt, trace, params or {}, expected)
    else:
        trace = _words(row, fields.trace, "--trace-field", place)
        yield Row(str(id), place, prompt, trace, params or {}, expected)


def _words(row: Mapping[str, Any], name: str, option: str, place: str) -> Words:
    if name not in row:
        raise InputError(f"{place}: the row has no field {name}{suggestion(name, row)}; name another with {option}")
    return _text(row[name], name, place)


def _text(value: Any, name: str, place: str) -> Words:
    match value:
        case str() | bytes():
            return value
        case None:
            return ""
        case list() | tuple():
            bad = next((i for i, w in enumerate(value) if isinstance(w, bool) or not isinstance(w, (str, int))), None)
            if bad is None:
                return [str(word) for word in value]
            raise InputError(f"{place}: a token is a text or a whole number, and {name}[{bad}] is {_kind(value[bad])}")
    raise InputError(f"{place}: {name} is a text or a list of tokens, and this is {_kind(value)}")


def _kind(value: Any) -> str:
    names = {bool: "a truth value", int: "a number", float: "a decimal number", str: "a text"}
    others = {list: "a list", dict: "an object", type(None): "nothing"}
    return (names | others).get(type(value), type(value).__name__)
