"""Nodes that sharpen a latent or tame its contrast, at once or at every step of a run."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import latent_operations as operations
from nodes.guidance import before
from nodes.schema import Float, Int, Socket, node
from nodes.types import Latent, Model

CATEGORY, MODULE = "model/latent/advanced/operations", "comfy_extras.nodes_latent"
LatentOperation = Annotated[Any, Socket("LATENT_OPERATION", tooltip="What is done to latents.")]


@node(
    "LatentApplyOperation",
    category=CATEGORY,
    experimental=True,
    python_module=MODULE,
    search_aliases=("transform latent",),
)
def latent_apply_operation(samples: Latent, operation: LatentOperation) -> Latent:
    """Do it to a latent."""
    return samples | {"samples": operation(latent=samples["samples"])}


@node("LatentApplyOperationCFG", category=CATEGORY, experimental=True, python_module=MODULE)
def latent_apply_operation_cfg(model: Model, operation: LatentOperation) -> Model:
    """Do it to what guidance adds, at every step."""
    return before(model, operations.on_guidance(operation))


@node(
    "LatentOperationTonemapReinhard",
    category=CATEGORY,
    experimental=True,
    python_module=MODULE,
    search_aliases=("hdr latent",),
)
def latent_operation_tonemap_reinhard(
    multiplier: Annotated[float, Float(default=1.0, min=0.0, max=100.0, step=0.01, tooltip="What counts as white.")],
) -> LatentOperation:
    """Compress strong contrasts, as from a high guidance scale."""
    return operations.tonemap_reinhard(multiplier)


@node("LatentOperationSharpen", category=CATEGORY, experimental=True, python_module=MODULE)
def latent_operation_sharpen(
    sharpen_radius: Annotated[
        int, Int(default=9, min=1, max=31, step=1, advanced=True, tooltip="How far it looks, in places of the latent.")
    ],
    sigma: Annotated[
        float, Float(default=1.0, min=0.1, max=10.0, step=0.1, advanced=True, tooltip="How wide the blur is.")
    ],
    alpha: Annotated[
        float,
        Float(default=0.1, min=0.0, max=5.0, step=0.01, advanced=True, tooltip="How much is sharpened; 0 is not."),
    ],
) -> LatentOperation:
    """Sharpen the picture."""
    return operations.sharpen(sharpen_radius, sigma, alpha)
