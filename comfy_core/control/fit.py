"""Whether a ControlNet or an adapter is for a model, and what to say when it is not."""

from __future__ import annotations

from collections.abc import Sequence

from comfy_core.families import sd1, sd2, sd2_unclip, sdxl, sdxl_refiner
from comfy_core.networks.unet import Encoder, UNetDims
from comfy_core.patcher import ModelPatcher


def encoder_of(name: str, family: str, model: ModelPatcher) -> Encoder:
    """The U-Net of a model. Raises ValueError when it has none."""
    network = getattr(model.model, "diffusion_model", None)
    if not isinstance(network, Encoder):
        raise ValueError(f"{name} is for {family}, and the model is {type(network).__name__}; take one for this model")
    return network


def check_fits(name: str, dims: UNetDims, widths: Sequence[int], model: ModelPatcher) -> None:
    """Raises ValueError, naming both families, unless a ControlNet of these dimensions is for the model."""
    network = encoder_of(name, family_of(dims), model)
    same_text = dims.context_dim in (0, network.dims.context_dim)
    same_vector = dims.vector_dim in (0, network.dims.vector_dim)
    if list(widths) != network.widths or not same_text or not same_vector:
        raise ValueError(refusal(name, family_of(dims), network.dims))


def refusal(name: str, family: str, model: UNetDims) -> str:
    """What to say of one for a family on a model of another."""
    other = family_of(model)
    if other == family:
        other = f"another {other}, of other widths"
    return f"{name} is for {family}, and the model is {other}; take one that was made for this model"


def family_of(dims: UNetDims) -> str:
    """The family that a U-Net, or a copy of its way down, is of: by what it is told and where it attends."""
    if not dims.linear_projections:
        return sd1.NAME
    if not dims.vector_dim:
        return sd2.NAME
    if any(dims.depths[0]):
        return sd2_unclip.NAME
    attends = [any(level) for level in dims.depths]
    return sdxl.NAME if attends[-1] or not any(attends) else sdxl_refiner.NAME
