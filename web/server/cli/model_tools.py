"""`python main.py inspect`, `prune` and `convert`: model files told about, made smaller, put into another format."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from execution.headless import Failed
from web.server.cli.run import exit_code


def prune(options: argparse.Namespace) -> int:
    """Write a smaller checkpoint. Returns the exit code."""
    return exit_code(asyncio.to_thread(_prune, options), options.verbose)


def convert(options: argparse.Namespace) -> int:
    """Write a model in another format. Returns the exit code."""
    return exit_code(asyncio.to_thread(_convert, options), options.verbose)


def inspect(options: argparse.Namespace) -> int:
    """Say what is in model files. Returns the exit code."""
    return exit_code(asyncio.to_thread(_inspect, options), options.verbose)


def _inspect(options: argparse.Namespace) -> None:
    from comfy_core.folders import Folders
    from comfy_core.model_hashes import MEMORY, ModelHashes
    from comfy_core.model_tools.inspect import description

    hashes = ModelHashes(Folders().user / MEMORY)
    for path in options.models:
        with _telling():
            for line in description(path, hashes, options.zeros):
                print(line)


def _prune(options: argparse.Namespace) -> None:
    from comfy_core.families._settings import with_config
    from comfy_core.model_tools import prune as pruning
    from comfy_core.weights import open_weights
    from comfy_core.weights.write import write_safetensors

    source: Path = options.model
    target: Path = options.out or source.with_name(f"{source.stem}-pruned.safetensors")
    _check_target(source, target)
    with _telling():
        weights = with_config(open_weights(source, as_stored=True))
        made = pruning.prune(weights, options.weights, options.dtype, options.vae, options.clip)
        for reason, bytes in made.dropped.most_common():
            print(f"  without {reason}: {bytes:,} bytes")
        if made.note:
            print(f"  {made.note}")
        with _bar(sum(one.entry.bytes for one in made.tensors.values())) as advance:
            written = write_safetensors(target, made.tensors, made.metadata, advance)
    print(f"{source}: {source.stat().st_size:,} bytes -> {target}: {written:,} bytes")


def _convert(options: argparse.Namespace) -> None:
    from comfy_core.model_tools.convert import convert

    source, target = options.source, options.target
    _check_target(source, target)
    with _telling(), _bar(0) as advance:
        written = convert(source, target, options.dtype, options.fp8, options.scales, advance)
    print(f"{source} -> {target}: {written:,} bytes")


def _check_target(source: Path, target: Path) -> None:
    """Raises Failed for what can be told before anything is read."""
    if not source.exists():
        raise Failed(f"there is no file {source}")
    if target.exists():
        same = "it is the file to read" if target.samefile(source) else "it is there already"
        raise Failed(f"{target} cannot be written: {same}; choose another name, nothing is overwritten")
    if not target.parent.is_dir():
        raise Failed(f"{target} cannot be written: there is no folder {target.parent}")


@contextmanager
def _telling() -> Iterator[None]:
    """What is wrong with a model file, in its own words."""
    from comfy_core.weights import WeightsError

    try:
        yield
    except WeightsError as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}") from None


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], object]]:
    from tqdm import tqdm

    with tqdm(total=total or None, unit="B", unit_scale=True, leave=False, disable=None) as bar:
        yield bar.update
