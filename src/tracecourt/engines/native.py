"""The native engine: a scanner and a lowered system as machine code (extra `fast`, numba), kept in the user's cache folder.

It says of a document what the others say, or that another engine decides: where Lark must read the text, where a number is too
large for it, where the last word may have been cut. It never words a violation.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, BinaryIO

from tracecourt.engines.flat import driver, runtime
from tracecourt.engines.flat.machine import Machine
from tracecourt.engines.flat.outcomes import ELSEWHERE, OUT
from tracecourt.grammar.bytecode import HELPERS
from tracecourt.resources import cache_file

BLOCK = 1 << 22  # bytes of a file that are read at once
LINE_FEED = 10
BLANK = 64  # bytes behind a buffer
MOST_ROWS = 1 << 14  # documents that are tried at once

INTRINSICS = ("place", "pointer", "load1", "load8", "store", "holds", "digits", "spelled")
HEAD = """# Written by tracecourt from a grammar and a specification; it is safe to delete.
from numpy import array as table
from numba import njit
from tracecourt.engines.intrinsics import {intrinsics}

"""


def available() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


@dataclass(frozen=True)
class Results:
    """What became of documents: a row of `results` each, `outcome` first, then the fields of `OUT` and the parameters."""

    results: Any

    def counted(self) -> list[tuple[tuple[int, int, int, int], int]]:
        """How many documents have the same outcome, rule, plan and answer to whether it follows."""
        columns = [0, *(1 + OUT.index(name) for name in ("rule", "plan", "follows"))]
        numpy: Any = import_module("numpy")
        key = numpy.zeros(len(self.results), dtype=numpy.int64)
        for column in columns:
            key = key * 4096 + self.results[:, column] + 1
        found, counts = numpy.unique(key, return_counts=True)
        kinds = [tuple((k >> 12 * i & 4095) - 1 for i in (3, 2, 1, 0)) for k in found.tolist()]
        return list(zip(kinds, counts.tolist(), strict=True))

    def left(self) -> list[int]:
        """The documents that another engine decides."""
        return (self.results[:, 0] == ELSEWHERE).nonzero()[0].tolist()  # type: ignore[no-any-return]


class Native:
    """A format as machine code. One thread at a time is in it: the memory is one."""

    def __init__(self, name: str, scans: Mapping[str, str], machine: Machine, settings: Mapping[str, Any]) -> None:
        """`scans` has the source of a scanner for each of the rules `document`, `prompt` and `trace`.

        `settings` are the values of the parameters that no text decides, with which the system was lowered.
        """
        self.name, self.machine, self.settings = name, machine, settings
        self.text = _text(scans, machine)
        self._alone = Lock()

    @property
    def file(self) -> Path | None:
        """Where the module is kept; its machine code lies beside it."""
        digest = hashlib.sha256((self.text + version("numba") + sys.version).encode()).hexdigest()[:16]
        return cache_file(f"native_{self.name.replace('-', '_')}_{digest}.py")

    @property
    def compiled(self) -> bool:
        """Whether machine code was made before, so that there is nothing to wait for."""
        file = self.file
        return file is not None and any((file.parent / "__pycache__").glob(f"{file.stem}.*.nbi"))

    @cached_property
    def module(self) -> ModuleType:
        """The module, its functions ready to be compiled when they are called first."""
        file = self.file
        if file is None:
            file = Path(tempfile.mkdtemp()) / "native.py"
        if not file.is_file():
            with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as new:
                new.write(self.text)
            os.replace(new.name, file)
        spec = importlib.util.spec_from_file_location(f"tracecourt_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[module.__name__] = module  # machine code that was kept finds its module by its name
        spec.loader.exec_module(module)
        return module

    # ------------------------------------------------------------ arrays
    @cached_property
    def _numpy(self) -> Any:
        return import_module("numpy")

    def _cells(self, *shape: int) -> Any:
        return self._numpy.zeros(shape, dtype=self._numpy.int64)

    @cached_property
    def _memory(self) -> Any:
        return self._cells(self.machine.memory)

    @cached_property
    def _out(self) -> Any:
        return self._cells(len(OUT) + len(self.machine.params))

    def _tape(self, size: int) -> Any:
        """A tape for documents of so many bytes."""
        if len(self._kept_tape) < 2 * (size + BLANK):
            self._kept_tape = self._cells(2 * (size + BLANK))
        return self._kept_tape

    @cached_property
    def _kept_tape(self) -> Any:
        return self._cells(1 << 20)

    # ------------------------------------------------------------ documents
    def lines(self, b: Any, at: int, size: int, params: Mapping[str, int]) -> tuple[Any, Results, int]:
        """Try lines of a buffer, each a whole document.

        Args:
            b: an array of uint8; b[size - 1] is a line feed, and `BLANK` bytes behind `size` are readable.
            at: where the first line begins.
            size: where the last one ends.
            params: parameters that texts do not decide here.

        Returns:
            Where the lines begin and end, what became of them, and where the next one begins: no more than `MOST_ROWS`.
        """
        given, values = self._given([params])
        spans, results = self._cells(MOST_ROWS, 2), self._cells(MOST_ROWS, 1 + len(self._out))
        with self._alone:
            shared = self._tape(size - at), given[0], values[0], self._memory, self._out
            count, after = self.module.lines(b, at, size, *shared, spans, results)
        return spans[:count], Results(results[:count]), after

    def blocks(self, stream: BinaryIO, params: Mapping[str, int]) -> Iterator[tuple[int, Any, Results, Any]]:
        """Try the lines of a file as they are read: for some at a time, the first's number, their places, results, the buffer.

        What is given is good until the next is asked for. A line of any length is read whole.
        """
        room, filled, number = BLOCK, 0, 1
        buffer = bytearray(room + BLANK)
        over = False
        while not over:
            read = stream.readinto(memoryview(buffer)[filled:room])  # type: ignore[attr-defined]
            over = not read
            filled += read
            if over and filled and buffer[filled - 1] != LINE_FEED:
                buffer[filled] = LINE_FEED
                filled += 1
            size = buffer.rfind(b"\n", 0, filled) + 1
            b, at = self._numpy.frombuffer(buffer, dtype=self._numpy.uint8), 0
            while at < size:
                spans, results, at = self.lines(b, at, size, params)
                yield number, spans, results, b
                number += len(spans)
            rest = buffer[size:filled]
            filled -= size
            if filled == room:
                room *= 2
                buffer = bytearray(room + BLANK)
            buffer[:filled] = rest

    def rows(self, texts: Sequence[tuple[bytes, bytes]], params: Sequence[Mapping[str, int]]) -> Results:
        """Try rows of a prompt and a trace, or of an empty prompt and a whole document, each with its parameters."""
        places, at = self._cells(len(texts), 4), 0
        parts: list[bytes] = []
        for row, (prompt, trace) in enumerate(texts):
            middle = at + len(prompt) + 1
            places[row] = at, middle - 1, middle, middle + len(trace)
            at = middle + len(trace) + 1
            parts += (prompt, b"\n", trace, b"\n")
        parts.append(b"\n" * BLANK)
        given, values = self._given(params)
        results = self._cells(len(texts), 1 + len(self._out))
        b = self._numpy.frombuffer(b"".join(parts), dtype=self._numpy.uint8)
        longest = max((len(p) + len(t) + 2 * BLANK for p, t in texts), default=0)
        with self._alone:
            self.module.rows(b, places, self._tape(longest), given, values, self._memory, self._out, results)
        return Results(results)

    def _given(self, params: Sequence[Mapping[str, int]]) -> tuple[Any, Any]:
        names = self.machine.params
        given, values = self._cells(len(params), len(names)), self._cells(len(params), len(names))
        for row, known in enumerate(params):
            for name, value in known.items():
                given[row, names.index(name)], values[row, names.index(name)] = 1, value
        return given, values


def _text(scans: Mapping[str, str], machine: Machine) -> str:
    """The text of a module: the runtime, the scanners, the system and the driver, each function to be compiled."""
    parts = [HEAD.format(intrinsics=", ".join(INTRINSICS)), _inner(inspect.getsource(runtime)), HELPERS]
    parts += [source.replace("def scan(", f"def scan_{start}(") for start, source in scans.items()]
    parts += [machine.source, _inner(inspect.getsource(driver))]
    text = "\n\n".join(parts)
    names = [line[4 : line.index("(")] for line in text.splitlines() if line.startswith("def ")]
    for name in names:
        kept = "cache=True" if name in ("lines", "rows") else "no_cpython_wrapper=True, no_cfunc_wrapper=True"
        text = text.replace(f"\ndef {name}(", f"\n@njit(nogil=True, error_model='numpy', {kept})\ndef {name}(", 1)
    return text


def _inner(source: str) -> str:
    """A module's text without what belongs to a file of its own."""
    return source.replace("from __future__ import annotations\n", "").replace("from typing import Any\n", "Any = object\n")
