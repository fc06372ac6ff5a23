"""Prompts that change while sampling: `[from:to:when]`, `[to:when]`, `[from::when]`, and `[a|b]`, another each step.

`when` is a share of the steps (0.5, written with a point) or a number of steps after which the change is made (10). It
counts on through a second pass: a share from 1 to 2, or a number beyond the steps of the first, is in that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DEEPEST = 32
STEP = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*")
MARK = re.compile(r"\\.|[()\[\]:|]", re.DOTALL)
CLOSING = {"(": ")", "[": "]", "": ""}

Said = str | list[str]
"""A stretch of the prompt: as it always reads, or as it reads in every step."""


@dataclass
class _Bracket:
    """An open bracket: what stands between its `:` and `|` so far, and these marks."""

    opening: str
    stretches: list[list[Said]] = field(default_factory=lambda: [[]])
    marks: list[str] = field(default_factory=list)

    def add(self, said: Said) -> None:
        self.stretches[-1].append(said)

    def cut(self, mark: str) -> None:
        self.marks.append(mark)
        self.stretches.append([])


def prompts_by_step(text: str, steps: int, before: int = 0) -> list[str]:
    """What the prompt says in each of `steps` steps, which follow on `before` of a first pass, if any. Brackets that
    are not of this grammar are left as they are."""
    stack = [_Bracket("")]
    place = 0
    for match in MARK.finditer(text):
        stack[-1].add(text[place : match.start()])
        place, mark = match.end(), match[0]
        if mark in ("(", "[") and len(stack) <= DEEPEST:
            stack.append(_Bracket(mark))
        elif len(stack) > 1 and mark == CLOSING[stack[-1].opening]:
            closed = stack.pop()
            stack[-1].add(_closed(closed, steps, before))
        elif mark in (":", "|") and stack[-1].opening == "[":
            stack[-1].cut(mark)
        else:
            stack[-1].add(mark)
    stack[-1].add(text[place:])
    while len(stack) > 1:
        unclosed = stack.pop()
        stack[-1].add(_written(unclosed, "", steps))
    return _by_step(_joined(stack[0].stretches[0], steps), steps)


def stretches(said: list[str]) -> dict[str, list[tuple[int, int]]]:
    """For each text, the runs of steps (first, one after the last) in which the prompt says it."""
    runs: dict[str, list[tuple[int, int]]] = {}
    start = 0
    for step in range(1, len(said) + 1):
        if step == len(said) or said[step] != said[start]:
            runs.setdefault(said[start], []).append((start, step))
            start = step
    return runs


def _closed(bracket: _Bracket, steps: int, first_pass: int) -> Said:
    """What a closed bracket says."""
    options = [_joined(stretch, steps) for stretch in bracket.stretches]
    if bracket.marks and set(bracket.marks) == {"|"}:
        said = [_by_step(option, steps) for option in options]
        return [said[step % len(said)][step] for step in range(steps)]
    if bracket.marks in ([":"], [":", ":"]):
        change = _change(options[-1], steps, first_pass)
        if change is not None:
            before = _by_step(options[0] if len(options) == 3 else "", steps)
            return before[:change] + _by_step(options[-2], steps)[change:]
    return _written(bracket, CLOSING[bracket.opening], steps)


def _change(when: Said, steps: int, first_pass: int) -> int | None:
    """The number of steps before a change, or None if `when` is no such number."""
    match = STEP.fullmatch(when) if isinstance(when, str) else None
    if match is None:
        return None
    if "." in match[1]:
        after = (float(match[1]) - bool(first_pass)) * steps
    else:
        after = float(match[1]) - first_pass
    return max(0, min(steps, int(after)))


def _written(bracket: _Bracket, closing: str, steps: int) -> Said:
    """A bracket as it was written."""
    said: list[Said] = [bracket.opening]
    for stretch, mark in zip(bracket.stretches, [*bracket.marks, closing], strict=True):
        said += [*stretch, mark]
    return _joined(said, steps)


def _joined(said: list[Said], steps: int) -> Said:
    if all(isinstance(one, str) for one in said):
        return "".join(said)  # type: ignore[arg-type]
    return ["".join(one) for one in zip(*(_by_step(one, steps) for one in said), strict=True)]


def _by_step(said: Said, steps: int) -> list[str]:
    return [said] * steps if isinstance(said, str) else said
