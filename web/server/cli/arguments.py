"""What the command line says, as the settings of what it starts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from comfy_core.folders import Folders
from web.server.cli.commands import COMMANDS, parser

if TYPE_CHECKING:
    from execution.cache import CacheSettings
    from execution.engine import EngineSettings
    from execution.worker import Worker, WorkerSettings

GIB = 1 << 30
MEMORY_FLAGS = (
    "lowvram",
    "highvram",
    "novram",
    "reserve_vram",
    "attention",
    "unet_type",
    "vae_type",
    "text_type",
)
TOLD_TO_PACKS = (
    "cpu",
    "disable_metadata",
    "highvram",
    "listen",
    "lowvram",
    "multi_user",
    "novram",
    "port",
    "preview_method",
)
"""What packs may know of the command line: whether strangers reach the server, for one."""


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line. Without a command it is `serve`, so `python main.py --port 8189` serves."""
    if not words or words[0] not in (*COMMANDS, "-h", "--help"):
        words = ["serve", *words]
    return parser().parse_args(words)


def folders_of(options: argparse.Namespace) -> Folders:
    """Where files lie by these options. Raises ValueError when a list of model folders cannot be read."""
    from comfy_core.model_paths import folders_at

    return folders_at(
        options.base_directory,
        options.extra_model_paths_config,
        output=options.output_directory,
        input=options.input_directory,
        temp=options.temp_directory and options.temp_directory / "temp",  # never empty a folder that others use
        user=options.user_directory,
    )


def worker_of(options: argparse.Namespace, *, in_process: bool, gpu: str = "") -> Worker:
    """The worker that the options ask for; nothing is started yet. See `WorkerSettings` for `gpu`."""
    settings = _worker_settings(options, gpu)
    if in_process:
        from execution.workers.in_process import InProcessWorker

        return InProcessWorker(settings)
    from execution.workers.subprocess import SubprocessWorker

    return SubprocessWorker(settings)


def workers_of(options: argparse.Namespace) -> list[Worker]:
    """The workers of a server, each with a GPU of its own while there are enough."""
    from execution.workers.gpus import shares

    return [worker_of(options, in_process=options.in_process, gpu=gpu) for gpu in shares(options.workers)]


def _worker_settings(options: argparse.Namespace, gpu: str) -> WorkerSettings:
    from execution.worker import WorkerSettings

    return WorkerSettings.at(
        folders_of(options),
        cpu=options.cpu,
        gpu=gpu,
        verbose=options.verbose,
        options=memory_options(options),
        cache=cache_settings(options),
        checkpoint_seconds=options.checkpoint_seconds,
        checkpoint_steps=options.checkpoint_steps,
        disable_metadata=options.disable_metadata,
        preview_method=options.preview_method,
        arguments={name: getattr(options, name) for name in TOLD_TO_PACKS if hasattr(options, name)},
    )


def engine_settings(options: argparse.Namespace) -> EngineSettings:
    """How the queue and the history are kept, and how long prompts may take."""
    from execution.engine import EngineSettings
    from execution.limits import Limits

    return EngineSettings(
        durable=options.durable == "full",
        longest_history=options.history_size,
        history_days=options.history_days,
        limits=Limits(job=options.job_timeout, node=options.node_timeout),
    )


def memory_options(options: argparse.Namespace) -> dict[str, Any]:
    """The memory flags that were given, as `comfy_core.memory.devices.configure` takes them."""
    given = {name: getattr(options, name) for name in MEMORY_FLAGS}
    return {name: value for name, value in given.items() if value}


def cache_settings(options: argparse.Namespace) -> CacheSettings:
    """What is kept of nodes that ran, by the `--cache-…` flags."""
    from execution.cache import CacheSettings

    in_gib = (options.cache_ram or []) + [0.0, 0.0]
    mode: Any = next((mode for mode in ("classic", "lru", "none") if getattr(options, f"cache_{mode}")), "ram")
    return CacheSettings(
        mode=mode,
        bytes=int(in_gib[0] * GIB),
        spare=int(in_gib[1] * GIB),
        results=options.cache_lru,
        disk=str(options.cache_disk.resolve()) if options.cache_disk else "",
        disk_bytes=int(options.cache_disk_size * GIB),
        watch=options.debug_cache,
    )
