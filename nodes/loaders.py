"""Nodes that open weight files."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.families import load_checkpoint, load_vae_file
from nodes.schema import File, node
from nodes.types import Clip, Model, Vae


@node(
    "CheckpointLoaderSimple",
    title="Load Checkpoint",
    category="model/loaders",
    search_aliases=("load model", "checkpoint", "model loader", "load checkpoint", "ckpt", "model"),
)
def checkpoint_loader_simple(
    ckpt_name: Annotated[str, File("checkpoints", tooltip="A file in models/checkpoints/.")],
) -> tuple[Model, Clip, Vae]:
    """Open a checkpoint: the model, its text encoder and its VAE."""
    checkpoint = load_checkpoint(folders.current().find_model("checkpoints", ckpt_name))
    return checkpoint.model, checkpoint.clip, checkpoint.vae  # type: ignore[return-value]


@node("VAELoader", title="Load VAE", category="model/loaders")
def vae_loader(vae_name: Annotated[str, File("vae", tooltip="A file in models/vae/.")]) -> Vae:
    """Open a VAE that is a file of its own."""
    return load_vae_file(folders.current().find_model("vae", vae_name))


def file_state(kind: str, name: str | None) -> list[Any]:
    """What changes when a model file is replaced: when it was written, and its size."""
    if name is None:
        return []
    state = folders.current().find_model(kind, name).stat()
    return [state.st_mtime_ns, state.st_size]


@checkpoint_loader_simple.fingerprint
def _(ckpt_name: str | None) -> list[Any]:
    return file_state("checkpoints", ckpt_name)


@vae_loader.fingerprint
def _(vae_name: str | None) -> list[Any]:
    return file_state("vae", vae_name)
