"""`python main.py explain workflow.json`: what the workflow would do if it ran now; nothing runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from comfy_core.folders import shown
from execution import headless
from execution.headless import Failed
from web.server.cli.arguments import folders_of, worker_of
from web.server.cli.run import exit_code

MIB = 1 << 20
SHOWN = {"runs": "runs", "perhaps": "perhaps", "cached": "cached", "not_needed": "-"}


def explain(options: argparse.Namespace) -> int:
    """Tell what the options ask for. Returns the exit code: 1 when the workflow could not run as it is."""
    return exit_code(_explain(options), options.verbose)


async def _explain(options: argparse.Namespace) -> int:
    found = headless.read_file(options.workflow)
    forecast = await (_ask_server if options.server is not None else _ask_own_worker)(options, found)
    if options.json:
        print(json.dumps(forecast))
    else:
        print("\n".join(_lines(forecast)))
    return 1 if forecast["error"] or forecast["node_errors"] else 0


async def _ask_own_worker(options: argparse.Namespace, found: Any) -> dict[str, Any]:
    """A worker of one's own knows what is kept on disk (`--cache-disk`) and what nodes took before."""
    folders = folders_of(options)
    async with headless.own_engine(folders, worker_of(options, in_process=True)) as engine:
        prompt = headless.prompt_of(found, await headless.schemas_of(engine), folders)
        forecast = await engine.explain(prompt)
    if forecast is None:
        raise Failed("the worker did not start; --verbose says more")
    return forecast


async def _ask_server(options: argparse.Namespace, found: Any) -> dict[str, Any]:
    """The server's worker knows what it has in memory, too."""
    from easel_client import AsyncClient, Refused, Unreachable

    try:
        async with AsyncClient(options.server, options.token) as easel:
            return await easel.call("POST", "/api/explain", json={"prompt": found.prompt or found.workflow})
    except (Refused, Unreachable) as error:
        raise Failed(str(error)) from None


def _lines(forecast: dict[str, Any]) -> Iterator[str]:
    for node_id, node in forecast["nodes"].items():
        reason = f": {node['because']}" if node["because"] else ""
        took = "" if node["seconds"] is None else f"  {node['seconds']:8.2f} s"
        more = "; it may stand for others, which shows when it runs" if node["may_expand"] else ""
        yield f"{SHOWN[node['status']]:<8} node {node_id} ({node['class_type']}){reason}{more}{took}"
    for one in forecast["missing_nodes"]:
        yield f"missing  node {one['node']}: no pack that is loaded has the class {one['class_type']!r}"
    for one in forecast["missing_models"]:
        where = f"node {one['node']} ({one['class_type']}), input {one['input']!r}"
        yield f"missing  {where}: {one['value']!r} in {shown(one['folder'])}"
    for problem in headless.problems_of({}, _beyond_missing(forecast)):
        yield f"wrong    {problem[0].lower()}{problem[1:]}"
    error = forecast["error"]
    if error is None:
        yield _summary(forecast)
    else:
        yield f"it cannot run: {error['message'] if forecast['node_errors'] else headless.problems_of(error, {})[0]}"


def _beyond_missing(forecast: dict[str, Any]) -> dict[str, Any]:
    """The `node_errors` without those of the inputs whose files are missing."""
    told = {(one["node"], one["input"]) for one in forecast["missing_models"]}
    return {
        node_id: entry
        | {"errors": [one for one in entry["errors"] if (node_id, one["extra_info"].get("input_name")) not in told]}
        for node_id, entry in forecast["node_errors"].items()
    }


def _summary(forecast: dict[str, Any]) -> str:
    count = len(forecast["runs"])
    device = forecast["device_peak_bytes"]
    peaks = f"{forecast['peak_bytes'] / MIB:.0f} MiB" + (f" and {device / MIB:.0f} MiB of the device" if device else "")
    unknown = sum(forecast["nodes"][one]["seconds"] is None for one in forecast["runs"])
    known = f"{forecast['seconds']:.2f} s, at most {peaks}" + (f", without {unknown} never seen" if unknown else "")
    inside = f" and {len(forecast['expanded'])} that they stand for" if forecast["expanded"] else ""
    return f"{count} of {len(forecast['nodes'])} nodes{inside} would run: {known}"
