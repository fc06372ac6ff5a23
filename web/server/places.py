"""Where what belongs to the caller lies on disk."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from web.server.access.rights import DEFAULT_USER, caller_of
from web.server.keys import FOLDERS

WORKFLOWS = "workflows"


def user_folder(request: web.Request) -> Path:
    """The caller's files and settings."""
    return request.app[FOLDERS].user / caller_of(request).user


def workflows_folder(request: web.Request) -> Path:
    """The caller's workflows: those of the owner are the ones that everybody at this machine sees."""
    user, folders = caller_of(request).user, request.app[FOLDERS]
    return folders.workflows if user == DEFAULT_USER else folders.user / user / WORKFLOWS


def earlier_folder(request: web.Request) -> Path:
    """What the caller's workflows held before: beside the users' folders, as no user can be called like it."""
    return request.app[FOLDERS].user / ".earlier" / caller_of(request).user
