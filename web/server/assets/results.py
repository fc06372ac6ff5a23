"""Results become assets as soon as nodes put them out, and know the prompt that they came of."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from execution.events import Executed

if TYPE_CHECKING:
    from execution.engine import Engine
    from web.server.assets.library import Library

log = logging.getLogger("easel.server")


async def keep_results(engine: Engine, library: Library) -> None:
    """Listen to the runs, until cancelled."""
    with engine.subscribe() as events:
        async for envelope in events:
            event = envelope.event
            if not isinstance(event, Executed) or not (saved := list(saved_files(event.output))):
                continue
            try:
                job = await engine.job(event.prompt_id)
                await library.take_in_results((job and job.owner) or "", event.prompt_id, saved)
            except Exception:  # a scan finds what is missed here; the next result must not be missed, too
                log.exception("the results of %s did not become assets", event.prompt_id)


def saved_files(output: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    """The files of a node's ui output that lie in output/, as (subfolder, name)."""
    for values in (output or {}).values():
        for value in values if isinstance(values, list) else ():
            if isinstance(value, dict) and value.get("type") == "output":
                folder, name = value.get("subfolder", ""), value.get("filename")
                if isinstance(folder, str) and isinstance(name, str):
                    yield folder, name
