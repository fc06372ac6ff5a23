"""Stored jobs in the shapes that /queue and /history show (contract http_ws.md §1)."""

from __future__ import annotations

from typing import Any

from execution.store import StoredJob


def queue_item(job: StoredJob) -> list[Any]:
    """`[number, id, prompt, extra_data, outputs to execute]`."""
    return [presentable_number(job.number), job.id, job.prompt, job.extra_data, job.targets]


def entry(job: StoredJob) -> dict[str, Any]:
    """A history entry; `timings` is ours: `NodeTiming.summary` by node."""
    completed = job.status == "completed"
    return {
        "prompt": queue_item(job),
        "outputs": job.outputs,
        "status": {
            "status_str": "success" if completed else "error",
            "completed": completed,
            "messages": job.messages,
        },
        "meta": job.meta,
        "timings": job.timings,
    }


def presentable_number(number: float) -> float:
    """Counted numbers are whole and are shown so."""
    return int(number) if float(number).is_integer() else number
