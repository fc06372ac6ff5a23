"""Nodes that open weight files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from comfy_core import folders, progress
from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.vae_files import load_vae_named
from nodes.schema import Combo, File, node
from nodes.types import Clip, Model, Vae

CheckpointName = Annotated[str, File("checkpoints", tooltip="A file in models/checkpoints/.")]


@node(
    "CheckpointLoaderSimple",
    title="Load Checkpoint",
    category="model/loaders",
    search_aliases=("load model", "checkpoint", "model loader", "load checkpoint", "ckpt", "model"),
)
def checkpoint_loader_simple(
    ckpt_name: CheckpointName,
    weights: Annotated[
        str,
        Combo(
            ("auto", "ema", "live"),
            default="auto",
            tooltip="Where the file has the averaged weights of training (EMA) beside the last ones (live): which to "
            "use. auto follows the YAML beside the file, and is live without one.",
        ),
    ]
    | None = None,
) -> tuple[Model, Clip, Vae]:
    """Open a checkpoint: the model, its text encoder and its VAE."""
    return shown(load_checkpoint(folders.current().find_model("checkpoints", ckpt_name), weights or "auto"))


@node(
    "CheckpointLoader",
    title="Load Checkpoint With Config (DEPRECATED)",
    category="model/loaders",
    deprecated=True,
    search_aliases=("load model", "model loader"),
)
def checkpoint_loader(
    config_name: Annotated[str, File("configs", tooltip="A YAML in models/configs/ that says what it predicts.")],
    ckpt_name: CheckpointName,
) -> tuple[Model, Clip, Vae]:
    """Open a checkpoint by a YAML. Load Checkpoint finds out by itself what most checkpoints are."""
    where = folders.current()
    config = where.find_model("configs", config_name)
    return shown(load_checkpoint(where.find_model("checkpoints", ckpt_name), config=config))


@node("VAELoader", title="Load VAE", category="model/loaders")
def vae_loader(
    vae_name: Annotated[
        str,
        File(
            folders.ANY_VAE,
            tooltip="A file in models/vae/, a small VAE whose halves are in models/vae_approx/, or pixel_space: "
            "none at all.",
        ),
    ],
) -> Vae:
    """Open a VAE that is a file of its own."""
    return load_vae_named(vae_name)


def shown(checkpoint: Checkpoint) -> tuple[Any, Any, Any]:
    """A checkpoint's parts, and under the node what was found out about it."""
    progress.show_text(checkpoint.note)
    return checkpoint.model, checkpoint.clip, checkpoint.vae


def file_state(kind: str, name: str | None) -> list[Any]:
    """What changes when a model file, or the YAML beside it, is replaced: when each was written, and its size."""
    if name is None:
        return []
    path = folders.current().find_model(kind, name)
    return [*_state(path), *_state(path.with_suffix(".yaml"))]


def _state(path: Path) -> list[int]:
    if not path.exists():
        return []
    state = path.stat()
    return [state.st_mtime_ns, state.st_size]


@checkpoint_loader_simple.fingerprint
def _(ckpt_name: str | None, **options: Any) -> list[Any]:
    return file_state("checkpoints", ckpt_name)


@checkpoint_loader.fingerprint
def _(config_name: str | None, ckpt_name: str | None) -> list[Any]:
    return [file_state("configs", config_name), file_state("checkpoints", ckpt_name)]


@vae_loader.fingerprint
def _(vae_name: str | None) -> list[Any]:
    where = folders.current()
    if vae_name is None or vae_name == folders.PIXEL_SPACE:
        return []
    if vae_name in where.small_vaes():
        return [file_state("vae_approx", name) for name in where.files("vae_approx") if name.startswith(vae_name)]
    return file_state("vae", vae_name)
