"""Where the time of the native engine goes: its parts one by one, in a program that runs, over the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import corpora
from measure import spread, table

from tracecourt.formats import open_format

BLANK = 64
READ = 1 << 22


def parts(file: Path, repeats: int) -> str:
    """CPU time of reading, of finding the lines, of scanning them, of trying what was scanned, and of counting."""
    form = open_format(corpora.FORMAT)
    native = form.native({}, declared=False)
    assert native is not None
    data = file.read_bytes()
    timed: dict[str, list[float]] = {}
    calls = _calls(native, file, data)
    for call in calls.values():
        call()
    for _ in range(repeats):
        for name, call in calls.items():
            before = time.process_time()
            call()
            timed.setdefault(name, []).append(time.process_time() - before)
    whole, scanned, found, read, all_ = (timed[name] for name in ("lines", "scan", "split", "read", "blocks"))
    split = {
        "reading the file": read,
        "finding the ends of lines": found,
        "scanning": [a - b for a, b in zip(scanned, found, strict=True)],
        "trying the events, plan and all": [a - b for a, b in zip(whole, scanned, strict=True)],
        "counting, fetching results, blocks": [a - b for a, b in zip(all_, whole, strict=True)],
        "all, without what starts the process": [a + b for a, b in zip(all_, read, strict=True)],
    }
    total = sorted(split["all, without what starts the process"])[repeats // 2]
    lines = []
    for name, times in split.items():
        each = [seconds / len(data) * 1e9 for seconds in times]
        lines.append([name, spread(each, 3), f"{sorted(times)[repeats // 2] / total * 100:.0f} %"])
    return table(("part", "ns of CPU time a byte", "share"), lines)


def _calls(native: Any, file: Path, data: bytes) -> dict[str, Callable[[], Any]]:
    import numba
    import numpy as np

    module = native.module
    place, line_end, scan_document = module.place, module.line_end, module.scan_document
    size, b, tape = len(data), np.frombuffer(data + b"\n" * BLANK, dtype=np.uint8), np.zeros(1 << 20, dtype=np.int64)

    @numba.njit
    def split(b, size):  # type: ignore[no-untyped-def]
        at, total, start = 0, 0, place(b)
        while at < size:
            at = line_end(start, at) + 1
            total += at
        return total

    @numba.njit
    def scan(b, size, tape):  # type: ignore[no-untyped-def]
        at, total, start = 0, 0, place(b)
        while at < size:
            end = line_end(start, at)
            total += scan_document(b, at, end, tape)
            at = end + 1
        return total

    def lines() -> None:
        at = 0
        while at < size:
            _, _, at = native.lines(b, at, size, {})

    def blocks() -> None:
        for _, _, results, _ in native.blocks(BytesIO(data), {}):
            results.counted()
            results.left()

    def read() -> None:
        room = bytearray(READ)
        with file.open("rb", buffering=0) as stream:
            while stream.readinto(room):
                pass

    return {
        "read": read,
        "split": lambda: split(b, size),
        "scan": lambda: scan(b, size, tape),
        "lines": lines,
        "blocks": blocks,
    }
