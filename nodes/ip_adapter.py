"""Nodes that use pictures as prompts. Their ids and inputs are those of the pack that the field knows for it."""

from __future__ import annotations

from typing import Annotated, Any

from torch import Tensor

from comfy_core import folders
from comfy_core.control.fit import family_of
from comfy_core.families import sdxl
from comfy_core.ip_adapter import (
    COMBINED,
    FOR_PICTURES,
    SCALINGS,
    WEIGHT_TYPES,
    combined,
    load_ip_adapter,
    seen_in,
    seen_in_nothing,
    with_pictures,
)
from comfy_core.ip_adapter import IPAdapter as Adapter
from comfy_core.ip_adapter.noise import NOISES, noise_of
from comfy_core.ip_adapter.presets import PRESETS, load_preset
from comfy_core.weights import open_weights
from nodes.loaders import file_state
from nodes.schema import Combo, File, Float, Int, Socket, node
from nodes.types import ClipVision, Image, Mask, Model

CATEGORY = "model/ipadapter"
ALIASES = ("ip adapter", "image prompt", "reference image")
IpAdapter = Annotated[Adapter, Socket("IPADAPTER", tooltip="What lets a model attend to pictures.")]
Embeds = Annotated[Tensor, Socket("EMBEDS", tooltip="What an encoder saw in pictures.")]
Negative = Annotated[Tensor, Socket("IMAGE", tooltip="What the picture should not look like.")]
Where = Annotated[Tensor, Socket("MASK", tooltip="White where the picture counts.")]
Weight = Annotated[float, Float(default=1.0, min=-1.0, max=5.0, step=0.05, tooltip="How much the pictures count.")]
WeightType = Annotated[str, Combo(WEIGHT_TYPES, tooltip="In which parts of the model they count how much.")]
Start = Annotated[float, Float(default=0.0, min=0.0, max=1.0, step=0.001, tooltip="0 is the noisiest step.")]
End = Annotated[float, Float(default=1.0, min=0.0, max=1.0, step=0.001, tooltip="1 is the last step.")]
Scaling = Annotated[
    str, Combo(SCALINGS, tooltip="What the weight multiplies: what is seen (V), or what is looked for, too (K).")
]
SIMPLE_TYPES = {"standard": "linear", "prompt is more important": "ease out", "style transfer": "style transfer"}


@node(
    "IPAdapterModelLoader",
    title="Load IPAdapter Model",
    category="model/loaders",
    search_aliases=ALIASES,
    gives_way=True,
)
def ip_adapter_model_loader(
    ipadapter_file: Annotated[str, File("ipadapter", tooltip="A file in models/ipadapter/.")],
) -> IpAdapter:
    """Open an IP-Adapter; the encoder that sees pictures for it is opened by Load CLIP Vision."""
    return load_ip_adapter(open_weights(folders.current().find_model("ipadapter", ipadapter_file)))


@node(
    "IPAdapterUnifiedLoader",
    title="Load IPAdapter (Preset)",
    category="model/loaders",
    outputs=("model", "ipadapter"),
    search_aliases=ALIASES,
    gives_way=True,
)
def ip_adapter_unified_loader(
    model: Model,
    preset: Annotated[str, Combo(tuple(PRESETS), tooltip="Which of the released IP-Adapters.")],
    ipadapter: IpAdapter | None = None,
) -> tuple[Model, IpAdapter]:
    """Find the IP-Adapter for a model in models/ipadapter/, and an encoder for it in models/clip_vision/."""
    network = model.get_model_object("diffusion_model")
    for_sdxl = family_of(network.dims) == sdxl.NAME if hasattr(network, "dims") else False
    return model, load_preset(folders.current(), preset, for_sdxl)


@node("IPAdapter", title="IPAdapter", category=CATEGORY, search_aliases=ALIASES, gives_way=True)
def ip_adapter(
    model: Model,
    ipadapter: IpAdapter,
    image: Image,
    weight: Annotated[float, Float(default=1.0, min=-1.0, max=3.0, step=0.05, tooltip="How much the pictures count.")],
    start_at: Start,
    end_at: End,
    weight_type: Annotated[str, Combo(tuple(SIMPLE_TYPES), tooltip="What of the pictures counts.")],
    attn_mask: Where | None = None,
) -> Model:
    """Use pictures as a prompt. The IP-Adapter comes from Load IPAdapter (Preset)."""
    adapter = ipadapter.seeing_with(None)
    seen = seen_in(adapter, image)
    kind = SIMPLE_TYPES[weight_type]
    return with_pictures(
        model, adapter, seen, seen_in_nothing(adapter, seen), weight, kind, start_at, end_at, attn_mask
    )


@node("IPAdapterAdvanced", title="IPAdapter Advanced", category=CATEGORY, search_aliases=ALIASES, gives_way=True)
def ip_adapter_advanced(
    model: Model,
    ipadapter: IpAdapter,
    image: Image,
    weight: Weight,
    weight_type: WeightType,
    combine_embeds: Annotated[str, Combo(FOR_PICTURES, tooltip="How several pictures become one; concat keeps all.")],
    start_at: Start,
    end_at: End,
    embeds_scaling: Scaling,
    image_negative: Negative | None = None,
    attn_mask: Where | None = None,
    clip_vision: ClipVision | None = None,
) -> Model:
    """Use pictures as a prompt."""
    adapter = ipadapter.seeing_with(clip_vision)
    seen = COMBINED[combine_embeds](seen_in(adapter, image))
    negative = _seen_negative(adapter, image_negative, seen)
    return with_pictures(
        model, adapter, seen, negative, weight, weight_type, start_at, end_at, attn_mask, scaling=embeds_scaling
    )


@node("IPAdapterBatch", title="IPAdapter Batch", category=CATEGORY, search_aliases=ALIASES, gives_way=True)
def ip_adapter_batch(
    model: Model,
    ipadapter: IpAdapter,
    image: Image,
    weight: Weight,
    weight_type: WeightType,
    start_at: Start,
    end_at: End,
    embeds_scaling: Scaling,
    encode_batch_size: Annotated[
        int, Int(default=0, min=0, max=4096, tooltip="Pictures that are looked at together; 0 is all.")
    ],
    image_negative: Negative | None = None,
    attn_mask: Where | None = None,
    clip_vision: ClipVision | None = None,
) -> Model:
    """Use a picture as a prompt for each latent of a batch, or frame of an animation."""
    adapter = ipadapter.seeing_with(clip_vision)
    seen = seen_in(adapter, image, at_once=encode_batch_size)
    negative = _seen_negative(adapter, image_negative, seen)
    return with_pictures(
        model,
        adapter,
        seen,
        negative,
        weight,
        weight_type,
        start_at,
        end_at,
        attn_mask,
        unfold=True,
        scaling=embeds_scaling,
    )


@node(
    "IPAdapterEncoder",
    title="IPAdapter Encoder",
    category=CATEGORY,
    outputs=("pos_embed", "neg_embed"),
    search_aliases=ALIASES,
    gives_way=True,
)
def ip_adapter_encoder(
    ipadapter: IpAdapter,
    image: Image,
    weight: Annotated[
        float, Float(default=1.0, min=-1.0, max=3.0, step=0.01, tooltip="What is seen is multiplied by it.")
    ],
    mask: Mask | None = None,
    clip_vision: ClipVision | None = None,
) -> tuple[Embeds, Embeds]:
    """What is seen in pictures, to be mixed and used by others."""
    adapter = ipadapter.seeing_with(clip_vision)
    seen = seen_in(adapter, image, mask)
    return seen * weight, seen_in_nothing(adapter, seen)


@node("IPAdapterCombineEmbeds", title="IPAdapter Combine Embeds", category=CATEGORY, gives_way=True)
def ip_adapter_combine_embeds(
    embed1: Embeds,
    method: Annotated[str, Combo(tuple(COMBINED), tooltip="How they become one; concat keeps all.")],
    embed2: Embeds | None = None,
    embed3: Embeds | None = None,
    embed4: Embeds | None = None,
    embed5: Embeds | None = None,
) -> Embeds:
    """Mix what is seen in several pictures."""
    return combined([one for one in (embed1, embed2, embed3, embed4, embed5) if one is not None], method)


@node("IPAdapterNoise", title="IPAdapter Noise", category=CATEGORY, search_aliases=ALIASES, gives_way=True)
def ip_adapter_noise(
    type: Annotated[str, Combo(tuple(NOISES), tooltip="How the picture becomes noise.")],
    strength: Annotated[float, Float(default=1.0, min=0.0, max=1.0, step=0.05, tooltip="0 leaves it as it is.")],
    blur: Annotated[int, Int(default=0, min=0, max=32, step=1, tooltip="Of the noise, in pixels.")],
    image_optional: Image | None = None,
) -> Image:
    """Noise for the negative picture of an IPAdapter, which lets it follow its picture more freely."""
    return noise_of(image_optional, type, strength, blur)


@node("IPAdapterEmbeds", title="IPAdapter Embeds", category=CATEGORY, search_aliases=ALIASES, gives_way=True)
def ip_adapter_embeds(
    model: Model,
    ipadapter: IpAdapter,
    pos_embed: Embeds,
    weight: Annotated[float, Float(default=1.0, min=-1.0, max=3.0, step=0.05, tooltip="How much the pictures count.")],
    weight_type: WeightType,
    start_at: Start,
    end_at: End,
    embeds_scaling: Scaling,
    neg_embed: Embeds | None = None,
    attn_mask: Where | None = None,
    clip_vision: ClipVision | None = None,
) -> Model:
    """Use what IPAdapter Encoder saw as a prompt."""
    negative = neg_embed
    if negative is None:
        seeing = ipadapter.seeing_with(clip_vision) if ipadapter.network.takes_patches else ipadapter
        negative = seen_in_nothing(seeing, pos_embed)
    return with_pictures(
        model, ipadapter, pos_embed, negative, weight, weight_type, start_at, end_at, attn_mask, scaling=embeds_scaling
    )


def _seen_negative(adapter: Adapter, picture: Tensor | None, seen: Tensor) -> Tensor:
    return seen_in_nothing(adapter, seen) if picture is None else seen_in(adapter, picture)


@ip_adapter_model_loader.fingerprint
def _(ipadapter_file: str | None) -> list[Any]:
    return file_state("ipadapter", ipadapter_file)


@ip_adapter_unified_loader.fingerprint
def _(**_: Any) -> list[Any]:
    kinds = ("ipadapter", "clip_vision")
    return [[kind, name, file_state(kind, name)] for kind in kinds for name in folders.current().files(kind)]
