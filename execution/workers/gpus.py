"""Which of the machine's GPUs each of several workers gets to see. Nothing here loads torch: the server does not."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess

log = logging.getLogger(__name__)
VARIABLE = "CUDA_VISIBLE_DEVICES"
SECONDS_TO_LIST = 20.0


def shares(workers: int) -> list[str]:
    """For each worker the GPU that is its own, as `VARIABLE` names it, one after the other and from the start again.

    Empty where there is no choice: one worker sees all GPUs, and of several all see the only one.
    """
    gpus = _visible()
    if workers < 2 or len(gpus) < 2:
        return [""] * workers
    return [gpus[index % len(gpus)] for index in range(workers)]


def _visible() -> list[str]:
    """What `VARIABLE` allows, or else all that the driver lists."""
    allowed = os.environ.get(VARIABLE)
    if allowed is not None:
        return [name for one in allowed.split(",") if (name := one.strip())]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        asked = subprocess.run(
            [program, "--list-gpus"], capture_output=True, text=True, errors="replace", timeout=SECONDS_TO_LIST
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("nvidia-smi does not say which GPUs there are (%s); all workers see all", error)
        return []
    lines = [line for line in asked.stdout.splitlines() if line.startswith("GPU ")]
    return [str(index) for index in range(len(lines))]
