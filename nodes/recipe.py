"""What a picture depends on besides its graph: the recipe in its metadata, by which `main.py verify` makes it again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from comfy_core import file_hash, folders
from comfy_core.folders import INPUTS, MODEL_KINDS, WEIGHTS, beneath
from comfy_core.media import metadata
from nodes import registry

KEY = "easel_recipe"
FORMAT = 1
SEEDS = ("seed", "noise_seed")
Prompt = dict[str, Any]


def with_recipe(prompt: Prompt | None, extra_pnginfo: dict[str, Any] | None) -> dict[str, Any]:
    """`extra_pnginfo` and the recipe: what a node that saves files writes into them beside the prompt."""
    extra = dict(extra_pnginfo or {})
    return extra | {KEY: recipe(prompt)} if isinstance(prompt, dict) and metadata.is_wanted() else extra


def recipe(prompt: Prompt) -> dict[str, Any]:
    """The hashes of the files that a prompt names and of its nodes, its seeds, and what computes it here."""
    return {
        "format": FORMAT,
        "nodes": {node_id: _hash_of_node(node) for node_id, node in prompt.items()},
        "files": {name: _hash(path) for name, path in files_of(prompt).items()},
        "seeds": {
            f"{node_id}.{name}": value
            for node_id, name, value in literals(prompt)
            if name in SEEDS and isinstance(value, int)
        },
        "machine": dict(_machine()),
    }


def prepare(prompt: Prompt) -> None:
    """Have the files that a prompt names hashed while its nodes work."""
    if metadata.is_wanted():
        for path in files_of(prompt).values():
            with suppress(OSError):
                file_hash.begin(path)


def files_of(prompt: Prompt) -> dict[str, Path]:
    """The models and input files that a prompt names and that are there, as `checkpoints/sd15.safetensors`."""
    found: dict[str, Path] = {}
    for node_id, name, value in literals(prompt):
        if isinstance(value, str):
            found |= _file_of(prompt[node_id].get("class_type"), name, value) | _embeddings_in(value)
    return found


def _file_of(class_type: Any, name: str, value: str) -> dict[str, Path]:
    for kind in _kinds(class_type, name, value):
        path = _find(kind, value)
        if path is not None and path.is_dir():  # a pipeline of diffusers
            weights = [one for one in sorted(path.rglob("*")) if one.suffix in WEIGHTS]
            return {f"{kind}/{value}/{one.relative_to(path).as_posix()}": one for one in weights}
        if path is not None:
            return {f"{kind}/{value}": path}
    return {}


def _embeddings_in(text: str) -> dict[str, Path]:
    if "embedding:" not in text:
        return {}
    from comfy_core.text.embeddings import embedding_file

    paths = {name: embedding_file(name) for name in re.findall(r"embedding:([^\s:(),]+)", text)}
    return {f"embeddings/{name.removesuffix(path.suffix)}{path.suffix}": path for name, path in paths.items() if path}


def _kinds(class_type: Any, name: str, value: str) -> Iterator[str]:
    """The folders a value may name a file of: the one declared, else any where it looks like a model's file."""
    node = registry.NODES.get(str(class_type))
    declared = node.schema.input(name) if node is not None else None
    if declared is not None and declared.folder is not None:
        yield declared.folder
    elif value.endswith(WEIGHTS):
        yield from MODEL_KINDS


def _find(kind: str, name: str) -> Path | None:
    where = folders.current()
    try:
        places = [where.find("input", name)] if kind in INPUTS else [beneath(one, name) for one in where.models(kind)]
        return next((path for path in places if path.is_file() or (kind == "diffusers" and path.is_dir())), None)
    except (ValueError, KeyError, OSError):
        return None


def _hash_of_node(node: Any) -> str:
    """The class and a short hash of the inputs, by which an edited node is found out; titles do not count."""
    class_type, inputs = (node.get("class_type"), node.get("inputs")) if isinstance(node, dict) else ("", node)
    text = json.dumps([class_type, inputs], sort_keys=True, default=str)
    return f"{class_type} {hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"


def _hash(path: Path) -> str:
    try:
        return file_hash.file_hash(path)
    except OSError as error:
        return f"unreadable: {error.strerror}"


def literals(prompt: Prompt) -> Iterator[tuple[str, str, Any]]:
    """The values in a prompt, whatever its shape, by their nodes and inputs."""
    for node_id, node in prompt.items():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for name, value in inputs.items() if isinstance(inputs, dict) else ():
            if not isinstance(value, list):
                yield node_id, name, value


@lru_cache(maxsize=1)
def _machine() -> dict[str, Any]:
    """What the numbers depend on to the last bit."""
    import torch

    from comfy_core.memory import devices

    device = devices.compute_device()
    is_cpu = device.type == "cpu"
    return {
        "easel": _version("easel"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "av": _version("av"),
        "pillow": _version("pillow"),
        "processors": os.cpu_count() or 0,  # encoders of films share their work among them
        "device": device.type,
        "device_name": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
        if is_cpu
        else devices.device_name(device),
        "threads": torch.get_num_threads() if is_cpu else 0,
        "network_dtype": _name(devices.network_dtype(device)),
        "vae_dtype": _name(devices.vae_dtype(device)),
    }


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
