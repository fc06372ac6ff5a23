"""Nodes that say how a model's network is computed."""

from __future__ import annotations

from typing import Annotated

import torch

from comfy_core.compiling import compiled
from nodes.schema import Combo, node
from nodes.types import Model

TYPES = {"default": None, "fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@node(
    "TorchCompileModel",
    category="experimental",
    experimental=True,
    python_module="comfy_extras.nodes_torch_compile",
)
def torch_compile_model(
    model: Model,
    backend: Annotated[
        str,
        Combo(
            ("inductor", "cudagraphs"), advanced=True, tooltip="inductor writes kernels; cudagraphs replays launches."
        ),
    ],
) -> Model:
    """Compile the network when it first runs: slower once, quicker from then on."""
    return compiled(model, backend)


@node(
    "ModelComputeDtype",
    category="advanced/debug",
    python_module="comfy_extras.nodes_model_advanced",
    search_aliases=("model precision", "change dtype"),
)
def model_compute_dtype(
    model: Model,
    dtype: Annotated[str, Combo(tuple(TYPES), advanced=True, tooltip="Smaller types are quicker and coarser.")],
) -> Model:
    """Have the network compute in numbers of this type, whatever its file has."""
    wanted = TYPES[dtype]
    return model if wanted is None else model.computing_in(wanted)
