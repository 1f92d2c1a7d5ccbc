"""The source text of a scanner over bytes: one function of integers and arrays, that can be compiled to machine code.

A byte scanner reads as Lark does or not at all. It is written state by state from the automaton of a grammar, each word as
the bytes that it may have; no table is looked up while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tracecourt.grammar.automaton import Automaton
from tracecourt.grammar.bytecells import Cells, Close, Count, Emit, Layouts, Open, Ops, Read
from tracecourt.grammar.bytepattern import END, Ahead, Behind, Ignored, NoByteScanner, first, ignored
from tracecourt.grammar.bytewords import Word, entry, matched, test
from tracecourt.grammar.trace_grammar import TraceGrammar

__all__ = ["PLAIN", "NoByteScanner", "Scan", "compiled", "scanner_source"]

DEEPEST = 8  # loops inside loops
WIDEST = 40  # steps of indentation

Scan: TypeAlias = Callable[[Any, int, int, Any], int]


def scanner_source(grammar: TraceGrammar, start: str, layouts: Layouts) -> str:
    """The source of `scan(b, at, end, tape)` for the rule `document`, `prompt` or `trace`.

    The text is `b[at:end]`; `b[end]` must be a line feed, and 64 bytes behind `end` must be readable, whatever they are. The
    function writes `[item, cells…]` for each item to `tape`, `item` being its index in `sorted(grammar.items)`, and returns
    how many cells it wrote, or -1 where Lark has to decide. The tape needs room for 2 * (end - at + 16) cells. Arguments are
    laid out as `layouts` says for a name and a number of arguments.

    Raises:
        NotRegular: when there is no such function, with a sentence that says why; NoByteScanner is one.
    """
    automaton = Automaton.of(grammar, start)
    cells = Cells(automaton, sorted(grammar.items), layouts)
    return _Writer(_reduced(grammar, automaton, cells)).source()


# ---------------------------------------------------------------- states that differ
@dataclass(frozen=True)
class _Edge:
    word: Word
    ops: Ops
    target: int


@dataclass
class _State:
    ignored: Ignored
    finish: Ops | None
    edges: list[_Edge] = field(default_factory=list)


def _reduced(grammar: TraceGrammar, automaton: Automaton, cells: Cells) -> list[_State]:
    """The states of an automaton, those that say the same put together; the first one is where a text begins."""
    states: list[_State] = []
    for index, state in enumerate(automaton.states):
        made = _State(ignored(state.ignored), cells.finishes.get(index))
        for number, edge in enumerate(state.edges):
            ops = cells.edges[index, number]
            layout = next(op.layout for op in ops if isinstance(op, Read))
            word = Word.of(grammar.terminals[edge.terminal], edge.pattern, layout)
            if word is not None:
                _room(edge.terminal, word, ops)
                made.edges.append(_Edge(word, ops, edge.target))
        states.append(made)
    return _joined(states)


def _room(name: str, word: Word, ops: Ops) -> None:
    if sum(isinstance(op, (Open, Emit)) or (isinstance(op, Read) and op.layout is not None) for op in ops) > 2 * word.shortest:
        raise NoByteScanner(f"the terminal {name} is too short for the cells that it fills")


def _joined(states: Sequence[_State]) -> list[_State]:
    """States with the same words, cells and targets are one."""
    kinds: list[Any] = [0] * len(states)
    while True:
        keys = [
            (kind, state.ignored, state.finish, frozenset((edge.word, edge.ops, kinds[edge.target]) for edge in state.edges))
            for kind, state in zip(kinds, states, strict=True)
        ]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        found = [numbers[key] for key in keys]
        if len(numbers) == len(set(kinds)):
            break
        kinds = found
    firsts = [found.index(kind) for kind in range(len(numbers))]
    joined = [_State(states[at].ignored, states[at].finish) for at in firsts]
    for at, made in zip(firsts, joined, strict=True):
        made.edges += [_Edge(edge.word, edge.ops, found[edge.target]) for edge in states[at].edges]
    return joined


# ---------------------------------------------------------------- the function
class _Writer:
    """Writes states as code: a state that is entered at one place only stands there, the others are jumped to."""

    def __init__(self, states: Sequence[_State]) -> None:
        self.states = states
        self._above = _dominators(states)
        self._entries = [0] * len(states)  # from outside
        for here, state in enumerate(states):
            for edge in state.edges:
                self._entries[edge.target] += edge.target not in self._above[here]
        self._entries[0] += 1
        self._lines: list[str] = []
        self._loops: list[int] = []
        self._depth = 0
        self._labels = [0]
        self._used: set[int] = set()

    def source(self) -> str:
        """The whole function."""
        self._put("def scan(b, at, end, tape):")
        self._depth = 1
        self._put("b = place(b)", "tape = place(tape)", "i = at", "base = p = 0", "p += 1", *(f"l{d} = n{d} = 0" for d in range(self._deepest())))
        self._gap(0, None)
        self._put("s = 0", "while True:")
        self._depth = 2
        done = 0
        while done < len(self._labels):
            state = self._labels[done]
            self._put(f"if s == {state}:")
            self._depth += 1
            self._state(state)
            self._depth -= 1
            done += 1
        self._put("return -1")
        return "\n".join(self._lines) + "\n"

    def _deepest(self) -> int:
        ops = [op for state in self.states for edge in state.edges for op in edge.ops]
        ops += [op for state in self.states for op in state.finish or ()]
        return max((op.depth + 1 for op in ops if isinstance(op, Open)), default=0)

    def _put(self, *lines: str) -> None:
        self._lines += ["  " * self._depth + line for line in lines]

    # ------------------------------------------------------------ states
    def _state(self, here: int) -> None:
        """A state, behind what is ignored before its words; nothing falls through it."""
        loops = any(edge.target == here for below in self._below(here) for edge in self.states[below].edges)
        if not loops:
            self._body(here)
            return
        self._put("while True:")
        self._loops.append(here)
        self._depth += 1
        self._body(here)
        self._depth -= 1
        self._loops.pop()
        if self._loops:
            self._put(f"if s == {self._loops[-1]}:", "  continue", "break")
        else:
            self._put("continue")

    def _below(self, here: int) -> list[int]:
        return [state for state, above in enumerate(self._above) if here in above]

    def _body(self, here: int) -> None:
        state = self.states[here]
        single = len(state.edges) == 1
        if state.edges and (any(END in edge.word.first for edge in state.edges) or (single and state.finish is not None)):
            self._put("if i >= end:")
            self._end(state.finish)
        elif not state.edges:
            self._put("if i == end:")
            self._end(state.finish)
            self._put("return -1")
            return
        if single:
            self._edge(here, state.edges[0], 0)
            return
        if any(edge.word.literal for edge in state.edges):
            self._put("w = load8(b, i)")
        self._put("c = load1(b, i)")
        for edge in sorted(state.edges, key=lambda edge: -min(len(edge.word.literal), 8)):
            text = edge.word.literal[:8]
            self._put(f"if {entry(text) if text else test('c', edge.word.first)}:")
            self._depth += 1
            self._edge(here, edge, len(text))
            self._depth -= 1
        if state.finish is not None:
            self._put("if i == end:")
            self._end(state.finish)
        self._put("return -1")

    def _end(self, finish: Ops | None) -> None:
        self._depth += 1
        if finish is None:
            self._put("return -1")
        else:
            self._ops(finish)
            self._put("return base")
        self._depth -= 1

    def _edge(self, here: int, edge: _Edge, known: int) -> None:
        """A word, what it completes, and the way on."""
        if edge.word.behind is not None and not self._settled(here, edge.word.behind):
            self._put(*edge.word.looks_behind())
        self._put(*edge.word.lines(known))
        self._ops(edge.ops)
        self._gap(edge.target, edge.word.ahead)
        target = edge.target
        inside = target in self._above[here]
        if self._entries[target] == 1 and not inside and target and self._shallow():
            self._state(target)
            return
        if self._loops and self._loops[-1] == target:
            self._put("continue")
            return
        if target not in self._labels and target not in self._loops:
            self._labels.append(target)
        self._put(f"s = {target}", "break" if self._loops else "continue")

    def _shallow(self) -> bool:
        return len(self._loops) < DEEPEST and self._depth < WIDEST

    # ------------------------------------------------------------ between words
    def _settled(self, here: int, behind: Behind) -> bool:
        """Whether what comes before the words of a state is asked for where blanks are passed over."""
        state = self.states[here]
        return all(edge.word.behind == behind for edge in state.edges) and self._blank(here) in behind.of

    def _blank(self, here: int) -> int:
        """The blank that is looked for first; -1 for none."""
        passed = self.states[here].ignored
        if passed.others or not passed.blanks:
            return -1
        return ord(" ") if ord(" ") in passed.blanks else min(passed.blanks)

    def _gap(self, here: int, ahead: Ahead | None) -> None:
        """Pass over what is ignored before the words of a state; `ahead` must hold first."""
        passed, blank = self.states[here].ignored, self._blank(here)
        if blank < 0:
            self._put(*_looked(ahead))
            self._others(passed)
            return
        behinds = {edge.word.behind for edge in self.states[here].edges}
        behind = behinds.pop() if len(behinds) == 1 else None
        if behind is not None and (blank not in behind.of or not passed.blanks <= behind.of):
            raise NoByteScanner("a blank between words is none to a word that looks behind itself")
        slow = [] if ahead is not None and blank in ahead.of else None
        if slow is None:
            self._put(*_looked(ahead))
        else:
            slow = _looked(ahead)
        skip = _skip(passed)
        self._put(f"if load1(b, i) == {blank}:", "  i += 1")
        if behind is not None:
            prior = f"not ({test('load1(b, i - 1)', behind.of)})"
            fails = f"i > at and {prior}" if behind.start else f"(i == at or {prior})"
            slow = [*(slow or []), "k = i", *skip, f"if i == k and i != end and {fails}:", "  return -1"]
        if slow:
            self._put("else:", *(f"  {line}" for line in slow))
        self._put(*skip)

    def _others(self, passed: Ignored) -> None:
        if not passed.others:
            return
        self._put("while i < end:")
        self._depth += 1
        for pattern in passed.others:
            self._put(f"if {test('load1(b, i)', first(pattern))}:", *(f"  {line}" for line in matched(pattern)), "  continue")
        if passed.blanks:
            self._put(f"if {test('load1(b, i)', passed.blanks)}:", "  i += 1", "  continue")
        self._put("break")
        self._depth -= 1

    def _ops(self, ops: Ops) -> None:
        for op in ops:
            match op:
                case Open(depth=d):
                    self._put(f"l{d} = p", f"n{d} = 0", "p += 1")
                case Count(depth=d):
                    self._put(f"n{d} += 1")
                case Close(depth=d, each=each):
                    many = f"n{d}" if each is None else f"p - l{d} - 1" if each == 1 else f"(p - l{d} - 1) // {each}"
                    self._put(f"store(tape, l{d}, {many})")
                case Read(layout=layout):
                    if layout is not None:
                        self._put("store(tape, p, v)", "p += 1")
                case Emit(item=item):
                    self._put(f"store(tape, base, {item})", "base = p", "p += 1")


def _skip(passed: Ignored) -> list[str]:
    highest = max(passed.blanks)
    return [f"while load1(b, i) <= {highest} and i < end and ({test('load1(b, i)', passed.blanks)}):", "  i += 1"]


def _looked(ahead: Ahead | None) -> list[str]:
    """Lines that ask for what must come behind a word."""
    if ahead is None:
        return []
    condition = f"not ({test('load1(b, i)', ahead.of)})"
    if ahead.end and END not in ahead.of:
        condition = f"i < end and {condition}"
    elif not ahead.end and END in ahead.of:
        condition = f"i >= end or {condition}"
    return [f"if {condition}:", "  return -1"]


def _dominators(states: Sequence[_State]) -> list[set[int]]:
    """For each state, those through which every way to it leads, itself included."""
    everything = set(range(len(states)))
    before: list[set[int]] = [set() for _ in states]
    for here, state in enumerate(states):
        for edge in state.edges:
            before[edge.target].add(here)
    found = [{0}, *(set(everything) for _ in states[1:])]
    changed = True
    while changed:
        changed = False
        for here in range(1, len(states)):
            ways = [found[other] for other in before[here]]
            above = {here} | (set.intersection(*ways) if ways else set())
            if above != found[here]:
                found[here], changed = above, True
    return found


# ---------------------------------------------------------------- in plain Python
def _digits(w: int) -> int:
    count = 0
    while count < 8 and 48 <= (w >> 8 * count) & 255 <= 57:
        count += 1
    return count


def _store(tape: Any, p: int, v: int) -> None:
    tape[p] = v


PLAIN: Mapping[str, Callable[..., Any]] = {
    "place": lambda array: array,
    "load1": lambda b, i: int(b[i]),
    "load8": lambda b, i: int.from_bytes(bytes(b[i : i + 8]), "little"),
    "digits": _digits,
    "decimal": lambda w, n: int(w.to_bytes(8, "little")[:n]),
    "store": _store,
}


def compiled(source: str, primitives: Mapping[str, Callable[..., Any]] = PLAIN) -> Scan:
    """The function of a scanner's source, as Python runs it: right, and slow."""
    scope: dict[str, Any] = dict(primitives)
    exec(source, scope)
    found: Scan = scope["scan"]
    return found
