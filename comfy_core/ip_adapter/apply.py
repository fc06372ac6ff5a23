"""Having a model attend to pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

from torch import Tensor, nn

from comfy_core.concat import repeated
from comfy_core.control.fit import family_of
from comfy_core.families import sd1, sd2, sdxl
from comfy_core.ip_adapter.attention import SCALINGS, ImageAttention, Shown
from comfy_core.ip_adapter.loading import IPAdapter
from comfy_core.ip_adapter.weights import SD1, SDXL, Place, factor, is_against
from comfy_core.networks.spatial_transformer import SpatialTransformer
from comfy_core.networks.transformer_options import replacement
from comfy_core.networks.unet import UNet
from comfy_core.patcher import ModelPatcher

FAMILIES = {768: sd1.NAME, 1024: sd2.NAME, 2048: sdxl.NAME}
"""By the width of their prompts."""


def with_pictures(
    model: ModelPatcher,
    adapter: IPAdapter,
    seen: Tensor,
    seen_negative: Tensor,
    weight: float = 1.0,
    weight_type: str = "linear",
    start_at: float = 0.0,
    end_at: float = 1.0,
    mask: Tensor | None = None,
    unfold: bool = False,
    scaling: str = SCALINGS[0],
) -> ModelPatcher:
    """A clone of a model that attends to what was seen in pictures, beside the text and pictures it attends to already.

    `seen` and `seen_negative` are what `seen_in` gives, for the prompt and the negative one. They count from a share of
    the run to another, and where `mask` [m, H, W] is white. With `unfold` each picture is for one latent of a batch.

    Raises:
        ValueError: the adapter is for another family of models, or the pictures were seen by another encoder.
    """
    network = getattr(model.model, "diffusion_model", None)
    places = list(places_in(network)) if isinstance(network, UNet) else []
    _check_fits(adapter, network, places)
    sigma = model.get_model_object("model_sampling").percent_to_sigma
    shown = Shown(
        words=adapter.words(seen),
        negative=adapter.words(repeated(seen_negative, len(seen))),
        start=sigma(start_at) if start_at > 0 else math.inf,
        end=sigma(end_at) if end_at < 1 else 0.0,
        mask=mask,
        unfold=unfold,
        scaling=scaling,
    )
    roles = SD1 if any(network.dims.depths[0]) else SDXL  # type: ignore[union-attr]
    showing = model.clone()
    showing.set_additional_models(f"ip_adapter_{uuid4()}", [adapter.patcher])
    for place, layer in zip(places, adapter.network.attentions, strict=True):
        counts = weight * factor(weight_type, place, roles)
        if counts:
            here = {"block": place.block, "block_index": place.index}
            before = replacement({**model.model_options["transformer_options"], **here}, "attn2")
            patch = ImageAttention(shown, layer, counts, is_against(weight_type, place, roles), before)
            showing.set_model_attn2_replace(patch, *place.block, place.index)
    return showing


def places_in(network: UNet) -> Iterator[Place]:
    """The cross-attentions of a U-Net in the order of the release: on the way down, on the way up, in the middle."""
    count = len(network.transformers())
    sides: list[tuple[str, Iterable[nn.Module]]] = [
        ("input", network.input_blocks),
        ("output", network.output_blocks),
        ("middle", [network.middle_block]),
    ]
    for side, blocks in sides:
        for number, block in enumerate(blocks):
            yield from _places_in(block, (side, number), count)


def _places_in(block: nn.Module, name: tuple[str, int], count: int) -> Iterator[Place]:
    for layer in block.children():
        if isinstance(layer, SpatialTransformer):
            for index, one in enumerate(layer.transformer_blocks):
                width: Any = one.attn2.to_q.out_features  # type: ignore[union-attr]
                yield Place(name, index, layer.index, count, width)


def _check_fits(adapter: IPAdapter, network: object, places: list[Place]) -> None:
    """Raises ValueError, naming both families, unless an adapter is for a U-Net."""
    dims = adapter.network.dims
    family = FAMILIES.get(dims.context, f"a model with prompts of width {dims.context}")
    wanted = [dims.attentions[number] for number in sorted(dims.attentions, key=int)]
    fits = isinstance(network, UNet) and dims.context == network.dims.context_dim
    if not fits or wanted != [place.width for place in places]:
        other = family_of(network.dims) if isinstance(network, UNet) else type(network).__name__
        raise ValueError(
            f"{adapter.name} is for {family}, and the model is {other}; take one that was made for this model"
        )
