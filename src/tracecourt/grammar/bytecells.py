"""Where the words of an item stand in its cells, decided from the grammar before any text is read.

Cells are written in the order in which words are read: a number or the index of a member each, and before the elements of a
list their number. So it must be known of each word, whatever follows it, which value it begins and into what it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tracecourt.grammar.automaton import Automaton, Edge, Reduction
from tracecourt.grammar.bytepattern import NoByteScanner


@dataclass(frozen=True)
class Number:
    """An integer, in one cell."""


@dataclass(frozen=True)
class Member:
    """One of some words, by its index, in one cell."""

    words: tuple[str, ...]
    other: int | None = None  # the cell of every other word, if others are allowed


@dataclass(frozen=True)
class Fields:
    """Several values, one after the other."""

    parts: tuple[Layout, ...]


@dataclass(frozen=True)
class Several:
    """The number of elements, then the elements."""

    of: Layout


Layout: TypeAlias = "Number | Member | Fields | Several"
Layouts: TypeAlias = Callable[[str, int], Sequence[Layout]]


def size(layout: Layout) -> int | None:
    """The number of cells of a value; None when it varies."""
    match layout:
        case Fields(parts=parts):
            sizes = [size(part) for part in parts]
            return None if None in sizes else sum(one or 0 for one in sizes)
        case Several():
            return None
    return 1


@dataclass(frozen=True)
class Open:
    """A list begins: its number comes here. Lists inside lists have a greater depth."""

    depth: int


@dataclass(frozen=True)
class Count:
    """An element of a list begins whose elements are not all of the same size."""

    depth: int


@dataclass(frozen=True)
class Close:
    """A list is complete; the size of its elements, or None if they were counted."""

    depth: int
    each: int | None


@dataclass(frozen=True)
class Read:
    """The word of an edge is read; its value goes into a cell if it has a layout."""

    layout: Number | Member | None


@dataclass(frozen=True)
class Emit:
    """The item of that number is complete."""

    item: int


Op: TypeAlias = "Open | Count | Close | Read | Emit"
Ops: TypeAlias = tuple[Op, ...]


# ---------------------------------------------------------------- values on the parser's stack
@dataclass(eq=False)
class _Word:
    """A word; `before` and `layout` say what to do with its value, once that is known."""

    before: Ops = ()
    layout: Number | Member | None = None
    behind: Ops = ()
    dropped: bool = False


@dataclass(eq=False)
class _Tree:
    """What a rule stands for."""

    kept: list[tuple[_Value, bool]]
    lone: bool
    before: Ops = ()
    ended: Close | None = None


@dataclass(eq=False)
class _Group:
    """What belongs to the rule around it."""

    kept: list[tuple[_Value, bool]]


@dataclass(eq=False)
class _Choice:
    """What stands at a place of the stack of a state: one of what the ways to it leave there."""

    of: list[_Value] = field(default_factory=list)


_Value: TypeAlias = "_Word | _Tree | _Group | _Choice"
_Step: TypeAlias = "_Word | _Tree | Emit"


class Cells:
    """What to do on each edge of an automaton, and where a text ends, so that items come out as cells.

    Raises:
        NoByteScanner: when that depends on what follows, or a value is none that goes into cells.
    """

    def __init__(self, automaton: Automaton, items: Sequence[str], layouts: Layouts) -> None:
        self._automaton = automaton
        self._ids = {name: index for index, name in enumerate(items)}
        self._layouts = layouts
        self._emitted: list[tuple[str, list[tuple[_Value, bool]]]] = []
        self._dropped: list[_Value] = []
        self._seen: set[tuple[object, ...]] = set()
        self._stacks: dict[int, list[_Value]] = {0: []}
        edges = list(self._simulated())
        finishes = {
            index: self._performed(list(stack), self._automaton.states[index].finish or ())[0]
            for index, stack in self._stacks.items()
            if self._automaton.states[index].finish is not None
        }
        for item, kept in self._emitted:
            self._lay(item, kept)
        self._check_dropped()
        self.edges: dict[tuple[int, int], Ops] = {(state, index): _ops(steps) for state, index, steps in edges}
        self.finishes: dict[int, Ops] = {index: _ops(steps) for index, steps in finishes.items()}

    # ------------------------------------------------------------ what the parser does
    def _simulated(self) -> Iterator[tuple[int, int, list[_Step]]]:
        todo = [0]
        while todo:
            state = todo.pop()
            for index, edge in enumerate(self._automaton.states[state].edges):
                steps, stack = self._performed(list(self._stacks[state]), edge.actions)
                yield state, index, steps
                if edge.target not in self._stacks:
                    self._stacks[edge.target] = [_Choice() for _ in stack]
                    todo.append(edge.target)
                self._joined(edge, stack)

    def _joined(self, edge: Edge, stack: list[_Value]) -> None:
        known = self._stacks[edge.target]
        if len(known) != len(stack):
            raise NoByteScanner(f"the word {edge.terminal} leads to one place with different things left to complete")
        for choice, value in zip(known, stack, strict=True):
            if isinstance(choice, _Choice) and choice is not value:
                choice.of.append(value)

    def _performed(self, stack: list[_Value], actions: Sequence[Reduction | None]) -> tuple[list[_Step], list[_Value]]:
        steps: list[_Step] = []
        for action in actions:
            if action is None:
                word = _Word()
                stack.append(word)
                steps.append(word)
            else:
                made = self._reduced(stack, action)
                if isinstance(made, _Group):
                    stack.append(made)
                elif made is not None:
                    steps.append(made)
                    if isinstance(made, _Tree):
                        stack.append(made)
        return steps, stack

    def _reduced(self, stack: list[_Value], how: Reduction) -> _Tree | _Group | Emit | None:
        parts = stack[len(stack) - how.size :]
        del stack[len(stack) - how.size :]
        if how.hollow and not how.item:
            self._dropped += parts
            return None
        chosen = {index for index, _ in how.kept}
        self._dropped += [part for index, part in enumerate(parts) if index not in chosen]
        kept = [(parts[index], inlined) for index, inlined in how.kept]
        if how.item:
            self._emitted.append((how.item, kept))
            return Emit(self._ids[how.item])
        return _Group(kept) if how.inlined else _Tree(kept, how.lone)

    # ------------------------------------------------------------ what words are read into
    def _lay(self, item: str, kept: list[tuple[_Value, bool]]) -> None:
        parts = list(_flat(kept))
        layouts = self._layouts(item, len(parts))
        if any(many for _, many in parts) or len(layouts) != len(parts):
            raise NoByteScanner(f"the item {item} has any number of arguments")
        for (value, _), layout in zip(parts, layouts, strict=True):
            self._visit(item, value, layout, (), 0)

    def _visit(self, item: str, value: _Value, layout: Layout, before: Ops, depth: int) -> None:
        value = _resolved(value)
        key = (value, layout, before, depth)
        if key in self._seen:
            return
        self._seen.add(key)
        match value:
            case _Choice(of=ways):
                for way in ways:
                    self._visit(item, way, layout, before, depth)
            case _Word():
                self._word(item, value, layout, before, depth)
            case _Tree():
                self._tree(item, value, layout, before, depth)
            case _:
                raise NoByteScanner(f"an argument of {item} is read differently in different places")

    def _word(self, item: str, word: _Word, layout: Layout, before: Ops, depth: int) -> None:
        behind: Ops = ()
        if isinstance(layout, Several):
            before, behind = (*before, Open(depth), *_counted(layout, depth)), (_close(layout, depth),)
            layout = layout.of
        if not isinstance(layout, (Number, Member)):
            raise NoByteScanner(f"a single word of {item} is read as several values")
        if word.layout is not None and (word.before, word.layout, word.behind) != (before, layout, behind):
            raise NoByteScanner(f"what a word of {item} is read into depends on what follows it")
        word.before, word.layout, word.behind = before, layout, behind

    def _tree(self, item: str, tree: _Tree, layout: Layout, before: Ops, depth: int) -> None:
        kept = list(_flat(tree.kept))
        if len(kept) == 1 and not kept[0][1]:
            words = [_is_word(way) for way in _ways(kept[0][0])]
            listed = isinstance(layout, Several) and (not tree.lone or all(words))  # a single word is a list of one, too
            if (tree.lone or all(words)) and not listed:
                self._visit(item, kept[0][0], layout, before, depth)
                return
            if any(words) and not listed:
                raise NoByteScanner(f"an argument of {item} is one word or several, which are read differently")
        match layout:
            case Fields(parts=parts):
                if len(kept) != len(parts) or any(many for _, many in kept):
                    raise NoByteScanner(f"an argument of {item} has not always the same number of parts")
                for (value, _), part in zip(kept, parts, strict=True):
                    self._visit(item, value, part, before, depth)
                    before = ()
            case Several():
                self._list(item, tree, kept, layout, before, depth)
            case _:
                raise NoByteScanner(f"several words of {item} are read as one value")

    def _list(self, item: str, tree: _Tree, kept: list[tuple[_Value, bool]], layout: Several, before: Ops, depth: int) -> None:
        if tree.lone and not isinstance(layout.of, (Number, Member)):
            raise NoByteScanner(f"a list of {item} that has one element is read as that element")
        ended, opened = _close(layout, depth), (*before, Open(depth))
        if tree.ended is not None and (tree.ended, tree.before) != (ended, () if kept else opened):
            raise NoByteScanner(f"what a list of {item} is read into depends on what follows it")
        tree.ended, tree.before = ended, () if kept else opened
        others = _counted(layout, depth)
        before = (*opened, *others)
        for value, many in kept:
            if many:
                self._spread(item, value, layout.of, before, others, depth + 1)
            else:
                self._visit(item, value, layout.of, before, depth + 1)
            before = others

    def _spread(self, item: str, value: _Value, of: Layout, before: Ops, others: Ops, depth: int) -> None:
        """Visit the elements of a repetition: what is done before the first, and before each other."""
        value = _resolved(value)
        key = (value, of, before, others, depth)
        if key in self._seen:
            return
        self._seen.add(key)
        if isinstance(value, _Choice):
            for way in value.of:
                self._spread(item, way, of, before, others, depth)
            return
        if not isinstance(value, _Group) or not value.kept:
            raise NoByteScanner(f"a repetition in {item} has elements without words")
        for inner, inlined in value.kept:
            if inlined:
                self._spread(item, inner, of, before, others, depth)
            else:
                self._visit(item, inner, of, before, depth)
            before = others

    def _check_dropped(self) -> None:
        """Refuse words that are part of an item or not, depending on what follows."""
        todo, seen = list(self._dropped), set()
        while todo:
            value = todo.pop()
            if value in seen:
                continue
            seen.add(value)
            match value:
                case _Word(layout=layout):
                    if layout is not None:
                        raise NoByteScanner("whether a word belongs to an item depends on what follows it")
                case _Choice(of=ways):
                    todo += ways
                case _Tree(kept=kept) | _Group(kept=kept):
                    todo += [inner for inner, _ in kept]


def _counted(layout: Several, depth: int) -> Ops:
    return (Count(depth),) if size(layout.of) is None else ()


def _close(layout: Several, depth: int) -> Close:
    return Close(depth, size(layout.of))


def _resolved(value: _Value) -> _Value:
    while isinstance(value, _Choice) and len(value.of) == 1:
        value = value.of[0]
    return value


def _ways(value: _Value) -> list[_Value]:
    """All that a value may be, choices of choices included."""
    found: list[_Value] = []
    todo, seen = [value], set()
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            if isinstance(one, _Choice):
                todo += one.of
            else:
                found.append(one)
    return found


def _is_word(value: _Value) -> bool:
    """Whether Lark makes a single word of a value."""
    if isinstance(value, _Tree):
        kept = list(_flat(value.kept))
        return len(kept) == 1 and not kept[0][1] and all(map(_is_word, _ways(kept[0][0])))
    return isinstance(value, _Word)


def _flat(kept: Sequence[tuple[_Value, bool]]) -> Iterator[tuple[_Value, bool]]:
    """The children of a rule, and whether each is a repetition of which it is not known how long it is."""
    for value, inlined in kept:
        inner = _resolved(value)
        if inlined and isinstance(inner, _Group):
            yield from _flat(inner.kept)
        else:
            yield inner, inlined


def _ops(steps: Sequence[_Step]) -> Ops:
    found: list[Op] = []
    for step in steps:
        match step:
            case _Word(before=before, layout=layout, behind=behind):
                found += [Read(None)] if layout is None else [*before, Read(layout), *behind]
            case _Tree(before=before, ended=ended):
                found += [] if ended is None else [*before, ended]
            case Emit():
                found.append(step)
    return tuple(found)
