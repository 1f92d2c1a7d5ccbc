"""The other direction of a trace grammar: items → text that the grammar reads as the same items."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedInput

from tracecourt.grammar.items import Raw
from tracecourt.grammar.terminals import Terminal
from tracecourt.grammar.trace_grammar import END, TraceGrammar
from tracecourt.text import Source

LONGEST_BRIDGE = 8
_OPENER, _CLOSER = re.compile(r"([(\[]) +"), re.compile(r" +([,.;)\]])")  # blanks that a person would not write

Words = list[tuple[str, str]]  # names of terminals, and the words that stand for them
Printed = tuple[Words, int]  # words, and where the arguments that are still to be printed begin


class Unprintable(Exception):
    """The grammar has no text for these items."""


class Printer:
    """Writes items as text. Words that belong to no item (section marks, line ends) are found from the parser's states."""

    def __init__(self, grammar: TraceGrammar) -> None:
        self.grammar = grammar
        self._bridges: dict[tuple[str, str, str], Words] = {}

    def text(self, items: Sequence[tuple[str, tuple[Raw, ...]]], start: str) -> str:
        """The shortest text under a rule that the grammar reads as these items.

        Raises:
            Unprintable: when there is none, or an item has an argument that no word spells.
        """
        words: Words = []
        before = ""
        for name, arguments in items:
            spelled = self._item(name, arguments)
            words += self._bridge(start, words, before, name, spelled)
            words += spelled
            before = name
        words += self._bridge(start, words, before, END, [(END, "")])
        plain = self.grammar.blank.join(word for _, word in words).strip(" ")
        tidy = _CLOSER.sub(r"\1", _OPENER.sub(r"\1", plain)) if self.grammar.blank else plain
        if tidy == plain or self._same(plain, tidy, start):
            return tidy
        return plain

    def _same(self, plain: str, tidy: str, start: str) -> bool:
        """Whether a text without the blanks inside its punctuation still says the same."""
        one, other = (self.grammar.read(Source("text", text), start) for text in (plain, tidy))
        said = ([(item.name, item.arguments) for item in reading.items] for reading in (one, other))
        return one.completeness is other.completeness and next(said) == next(said)

    def order(self, start: str) -> list[str]:
        """The items that a rule can print, in the order in which the grammar writes them down."""
        found: dict[str, None] = {}
        seen = set()

        def walk(name: str) -> None:
            if name in seen:
                return
            seen.add(name)
            for rule in sorted(self._rules.get(name, ()), key=lambda r: -len(r.expansion)):  # the fullest way has all, in order
                if rule.alias:
                    found[str(rule.alias)] = None
                    continue
                for symbol in rule.expansion:
                    if not symbol.is_term:
                        walk(symbol.name)

        walk(start)
        return list(found)

    # ------------------------------------------------------------ words between items
    def _bridge(self, start: str, words: Words, before: str, name: str, item: Words) -> Words:
        """The fewest words that belong to no item and let the next item stand."""
        key = (start, before, name)
        if key not in self._bridges:
            self._bridges[key] = self._found_bridge(start, words, name, item)
        return self._bridges[key]

    def _found_bridge(self, start: str, words: Words, name: str, item: Words) -> Words:
        parser: Any = self.grammar.interactive(start)
        for terminal, word in words:
            parser.feed_token(Token(terminal, word))
        todo: deque[tuple[Any, Words]] = deque([(parser, [])])
        while todo:
            state, bridge = todo.popleft()
            accepted = state.accepts()
            if item[0][0] in accepted and (name == END or self._stands(state, name, item)):
                return bridge
            for word in sorted(accepted - {END}) if len(bridge) < LONGEST_BRIDGE else ():
                fixed = self._fixed(self.grammar.terminals[word])
                if fixed is not None:
                    ahead = state.copy()
                    try:
                        ahead.feed_token(Token(word, fixed))
                    except UnexpectedInput:
                        continue
                    todo.append((ahead, [*bridge, (word, fixed)]))
        raise Unprintable(f"no text has {self._shown(words)} followed by {name}")

    def _stands(self, state: Any, name: str, item: Words) -> bool:
        """Whether the words are read as an item of that name, and not as the beginning of another."""
        ahead = state.copy()
        try:
            for terminal, word in item:
                ahead.feed_token(Token(terminal, word))
        except UnexpectedInput:
            return False
        return self.grammar.last_item(ahead, name)

    def _shown(self, words: Words) -> str:
        return " ".join(word for _, word in words[-6:]) or "nothing"

    @staticmethod
    def _fixed(terminal: Terminal) -> str | None:
        """The word of a terminal that carries no value: a keyword, a separator, or the plainest that its pattern allows."""
        return terminal.shortest if terminal.literal is None else terminal.literal

    # ------------------------------------------------------------ words of an item
    @cached_property
    def _rules(self) -> dict[str, list[Any]]:
        rules: dict[str, list[Any]] = {}
        for rule in self.grammar.rules:
            rules.setdefault(rule.origin.name, []).append(rule)
        return rules

    @cached_property
    def _item_rules(self) -> dict[str, list[Any]]:
        rules: dict[str, list[Any]] = {}
        for rule in self.grammar.rules:
            if rule.alias:
                rules.setdefault(str(rule.alias), []).append(rule)
        return rules

    def _item(self, name: str, arguments: tuple[Raw, ...]) -> Words:
        for rule in self._item_rules.get(name, ()):
            for words, used in self._sequence(tuple(rule.expansion), arguments, 0):
                if used == len(arguments) and words:
                    return words
        raise Unprintable(f"no text reads as {name} with the arguments {arguments}")

    def _sequence(self, symbols: tuple[Any, ...], raws: tuple[Raw, ...], at: int) -> Iterator[Printed]:
        """Ways to print symbols with the arguments from `at` on: the words, and where the arguments go on."""
        if not symbols:
            yield [], at
            return
        for words, here in self._symbol(symbols[0], raws, at):
            for rest, end in self._sequence(symbols[1:], raws, here):
                yield [*words, *rest], end

    def _symbol(self, symbol: Any, raws: tuple[Raw, ...], at: int) -> Iterator[Printed]:
        if symbol.is_term:
            terminal = self.grammar.terminals[symbol.name]
            if symbol.filter_out:
                word = self._fixed(terminal)
                if word is not None:
                    yield [(symbol.name, word)], at
            elif at < len(raws) and isinstance(raw := raws[at], str):
                spelled = terminal.spell(raw)
                if spelled is not None:
                    yield [(symbol.name, spelled)], at + 1
        elif symbol.name.startswith("_"):
            yield from self._inlined(symbol.name, raws, at)
        elif at < len(raws):
            yield from ((words, at + 1) for words in self._whole(symbol.name, raws[at]))

    def _inlined(self, name: str, raws: tuple[Raw, ...], at: int) -> Iterator[Printed]:
        """A rule whose children belong to its parent; one that begins with itself is a repetition."""
        again = [tuple(r.expansion[1:]) for r in self._rules[name] if r.expansion and r.expansion[0].name == name]
        once = [tuple(r.expansion) for r in self._rules[name] if not (r.expansion and r.expansion[0].name == name)]

        def more(words: Words, here: int) -> Iterator[Printed]:
            for side in again:
                for further, end in self._sequence(side, raws, here):
                    if end > here:
                        yield from more([*words, *further], end)
            yield words, here

        for side in once:
            for words, here in self._sequence(side, raws, at):
                yield from more(words, here)

    def _whole(self, name: str, raw: Raw) -> Iterator[Words]:
        """Ways to print one argument as a rule that is no item."""
        for rule in self._rules[name]:
            lone = raw if isinstance(raw, tuple) else (raw,)
            choices = [lone, (raw,)] if rule.options.expand1 and isinstance(raw, tuple) else [lone]
            for raws in choices:
                yield from (words for words, used in self._sequence(tuple(rule.expansion), raws, 0) if used == len(raws))
