"""Results become assets as soon as nodes put them out: they know their prompt, and are told with ids."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from execution.events import Executed

if TYPE_CHECKING:
    from execution.store import StoredJob
    from web.server.assets.library import Library

log = logging.getLogger("easel.server")
SavedFile = tuple[str, str]
"""A file below output/, as (subfolder, name)."""


async def with_asset_ids(library: Library, job: StoredJob, event: Executed) -> Executed:
    """The event with the `id` of its asset in every file entry, once those are assets."""
    saved = [file for _, file in saved_files(event.output)]
    if not saved:
        return event
    try:
        ids = await library.take_in_results(job.owner or "", job.id, saved)
    except Exception:  # a scan finds what is missed here; the result itself must be told
        log.exception("the results of %s did not become assets", job.id)
        return event
    known = {id(entry): {**entry, "id": ids[file]} for entry, file in saved_files(event.output) if file in ids}
    output = {name: _replaced(values, known) for name, values in (event.output or {}).items()}
    return msgspec.structs.replace(event, output=output)


def saved_files(output: dict[str, Any] | None) -> Iterator[tuple[dict[str, Any], SavedFile]]:
    """The entries of a node's ui output for files that lie in output/, and which those are."""
    for values in (output or {}).values():
        for value in values if isinstance(values, list) else ():
            if isinstance(value, dict) and value.get("type") == "output":
                folder, name = value.get("subfolder", ""), value.get("filename")
                if isinstance(folder, str) and isinstance(name, str):
                    yield value, (folder, name)


def _replaced(values: Any, known: dict[int, dict[str, Any]]) -> Any:
    return [known.get(id(one), one) for one in values] if isinstance(values, list) else values
