"""A model whose network is compiled when it first runs: slower once, quicker from then on."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from comfy_core.patcher import ModelPatcher

COMPILERS = ("g++", "clang++", "cl")


def compiled(model: ModelPatcher, backend: str | Callable[..., Any]) -> ModelPatcher:
    """A clone that runs through `torch.compile`.

    Raises ValueError where the backend lacks what it needs on this machine.
    """
    missing = what_lacks(backend, model.load_device)
    if missing:
        raise ValueError(missing)
    model = model.clone()
    network: nn.Module = model.get_model_object("diffusion_model")
    model.add_object_patch("diffusion_model.forward", torch.compile(network.forward, backend=backend))
    return model


def what_lacks(backend: str | Callable[..., Any], device: torch.device) -> str:
    """One sentence on what a backend needs and there is not; empty if nothing."""
    if backend == "cudagraphs" and device.type != "cuda":
        return f"the backend 'cudagraphs' is for NVIDIA GPUs and this model runs on {device.type}: choose inductor"
    if backend == "inductor" and device.type == "cpu" and not has_compiler():
        return (
            "the backend 'inductor' needs a C++ compiler, and there is none on this machine: "
            "install g++ or clang++, or leave the node out"
        )
    if backend == "inductor" and device.type == "cuda" and importlib.util.find_spec("triton") is None:
        return "the backend 'inductor' needs the package triton, which is not installed: leave the node out"
    return ""


def has_compiler() -> bool:
    return any(shutil.which(one) for one in (os.environ.get("CXX", ""), *COMPILERS) if one)
