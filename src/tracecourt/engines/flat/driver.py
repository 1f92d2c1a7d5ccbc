"""What lowered code is driven by: documents one after the other, without a return to Python between them.

The text of this module is put behind a scanner's and a system's own, and calls their functions. `RESULT` cells are written for
each document: the outcome, then what `machine.OUT` names and the values of the parameters.
"""

# ruff: noqa: F821 the functions that are called stand before this text in the module that it becomes a part of
# mypy: ignore-errors
from __future__ import annotations


def line_end(b, at):
    """The place of the next line feed."""
    while True:
        eight = load8(b, at) ^ 0x0A0A0A0A0A0A0A0A
        if (eight - 0x0101010101010101) & ~eight & -0x7F7F7F7F7F7F7F80 != 0:
            while load1(b, at) != 10:
                at += 1
            return at
        at += 8


def tried(used, tape, given, values, m, out, results, row):
    """Write the result of a document of which so many cells were scanned."""
    outcome = judge(tape, used, given, values, m, out) if used >= 0 else ELSEWHERE
    results[row, 0] = outcome
    if outcome != ELSEWHERE:
        for i in range(results.shape[1] - 1):
            results[row, 1 + i] = out[i]


def lines(b, at, size, tape, given, values, memory, out, spans, results):
    """Try the lines of b[at:size], each a document, as long as there is room; how many, and where the next begins."""
    m, o, t, g, v, start = pointer(memory), pointer(out), pointer(tape), pointer(given), pointer(values), place(b)
    count = 0
    while at < size and count < len(results):
        end = line_end(start, at)
        used = -1 if end > at and b[end - 1] == 13 else scan_document(b, at, end, tape)
        tried(used, t, g, v, m, o, results, count)
        spans[count, 0] = at
        spans[count, 1] = end
        count += 1
        at = end + 1
    return count, at


def rows(b, places, tape, given, values, memory, out, results):
    """Try rows: a prompt and a trace that end with line feeds, by the places where both begin and end.

    Where the prompt is empty, the trace holds the whole document. Each row has parameters of its own.
    """
    m, o = pointer(memory), pointer(out)
    for row in range(len(places)):
        if places[row, 0] == places[row, 1]:
            used = scan_document(b, places[row, 2], places[row, 3], tape)
        else:
            used = scan_prompt(b, places[row, 0], places[row, 1], tape)
            if used >= 0:
                more = scan_trace(b, places[row, 2], places[row, 3], tape[used:])
                used = used + more if more >= 0 else -1
        tried(used, pointer(tape), pointer(given[row]), pointer(values[row]), m, o, results, row)
