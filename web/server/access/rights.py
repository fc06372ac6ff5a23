"""What callers may do. Every handler of a route says which right it needs; one that says nothing serves nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from aiohttp import web

from web.server.access.templates import Template

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Right(IntEnum):
    """Each right holds those before it.

    OPEN: what anyone may have, such as the files the page is made of and the way in.
    SUBMIT: run prompts, bring inputs for them, and follow runs and results that one knows the name of.
    USE: what a person at the editor does: see the queue and the history, keep files and settings, stop and delete.
    MANAGE: the server itself: its log, its folders, its memory.
    """

    OPEN = 0
    SUBMIT = 1
    USE = 2
    MANAGE = 3


@dataclass(frozen=True)
class Caller:
    """Who is calling: a user's name and right. With a `template`, only prompts that fit it are taken."""

    user: str
    right: Right
    template: Template | None = None


DEFAULT_USER = "default"
OWNER = Caller(DEFAULT_USER, Right.MANAGE)
NOBODY = Caller("", Right.OPEN)
CALLER = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Who is calling; known in every handler."""
    return request[CALLER]


def owner_of(request: web.Request) -> str | None:
    """Whose jobs the caller sees and changes: a user's are their own, the server's owner has all (None)."""
    user = caller_of(request).user
    return None if user == DEFAULT_USER else user


def needs(right: Right) -> Callable[[Handler], Handler]:
    """Declare the right that a route's handler needs."""

    def declare(handler: Handler) -> Handler:
        handler.needs = right  # type: ignore[attr-defined]
        return handler

    return declare


def right_needed(handler: Callable[..., Any]) -> Right | None:
    """The right that a handler declares, or None if it has forgotten to."""
    return getattr(handler, "needs", None)
