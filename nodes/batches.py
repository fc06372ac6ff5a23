"""Nodes that count pictures, make them, and put them (and latents) into batches and out of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import torch

from comfy_core.media.batches import as_many, joined
from nodes.schema import Grow, Hidden, Int, Socket, node
from nodes.types import MAX_RESOLUTION, Image

MODULE = "comfy_extras.nodes_images"
T = TypeVar("T")
Number = Annotated[int, Int()]
Pictures = Annotated[dict[str, Any], Grow("image", "image", type="IMAGE", min=1, max=50, tooltip="Pictures.")]
Images = Annotated[list[torch.Tensor], Socket("IMAGE", tooltip="Pictures, or batches of them.")]
Latents = Annotated[list[dict[str, Any]], Socket("LATENT", tooltip="Latents, or batches of them.")]
Length = Annotated[list[int], Int(default=1, min=1, max=4096, tooltip="How many in each batch.")]
Side = Int(default=512, min=1, max=MAX_RESOLUTION, step=1, tooltip="In pixels.")


@node(
    "GetImageSize",
    title="Get Image Size",
    category="image",
    outputs=("width", "height", "batch_size"),
    python_module=MODULE,
    search_aliases=("dimensions", "resolution", "image info"),
)
def get_image_size(image: Image, unique_id: Annotated[str, Hidden("UNIQUE_ID")] = "") -> tuple[Number, Number, Number]:
    """How wide and how high pictures are, and how many there are."""
    count, height, width = image.shape[:3]
    return width, height, count


@node("EmptyImage", title="Empty Image", category="image")
def empty_image(
    width: Annotated[int, Side],
    height: Annotated[int, Side],
    batch_size: Annotated[int, Int(default=1, min=1, max=4096, tooltip="How many pictures.")],
    color: Annotated[
        int, Int(default=0, min=0, max=0xFFFFFF, step=1, display="color", tooltip="256² red + 256 green + blue.")
    ],
) -> Image:
    """Pictures of one colour."""
    levels = torch.tensor([color >> 16 & 255, color >> 8 & 255, color & 255]) / 255
    return levels.expand(batch_size, height, width, 3).clone()


@node(
    "BatchImagesNode",
    title="Batch Images",
    category="image/batch",
    python_module="comfy_extras.nodes_post_processing",
    search_aliases=("batch", "image batch", "batch images", "combine images", "merge images", "stack images"),
    essentials_category="Image Tools",
)
def batch_images(images: Pictures) -> Image:
    """Pictures as one batch, of the size of the first."""
    return joined(list(images.values()))


@node(
    "ImageBatch",
    title="Batch Images (DEPRECATED)",
    category="image/batch",
    deprecated=True,
    search_aliases=("combine images", "merge images", "stack images"),
)
def image_batch(image1: Image, image2: Image) -> Image:
    """Two batches as one, of the size of the first."""
    return joined([image1, image2])


@node(
    "ImageFromBatch",
    title="Get Image from Batch",
    category="image/batch",
    python_module=MODULE,
    search_aliases=("select image", "pick from batch", "extract image"),
)
def image_from_batch(
    image: Image,
    batch_index: Annotated[
        int, Int(default=0, min=-16384, max=16384, tooltip="The first one; negative numbers count from the end.")
    ],
    length: Annotated[int, Int(default=1, min=1, max=4096, tooltip="How many.")],
) -> Image:
    """Take some pictures out of a batch."""
    count = len(image)
    start = min(max(batch_index + count if batch_index < 0 else batch_index, 0), count - 1)
    return image[start : start + length].clone()


@node(
    "RepeatImageBatch",
    title="Repeat Image Batch",
    category="image/batch",
    python_module=MODULE,
    search_aliases=("duplicate image", "clone image"),
)
def repeat_image_batch(
    image: Image, amount: Annotated[int, Int(default=1, min=1, max=4096, tooltip="How often the batch is repeated.")]
) -> Image:
    """Repeat a batch of pictures."""
    return image.repeat(amount, 1, 1, 1)


@node(
    "RebatchImages",
    title="Rebatch Images",
    category="image/batch",
    is_input_list=True,
    list_outputs=True,
    python_module="comfy_extras.nodes_rebatch",
)
def rebatch_images(images: Images, batch_size: Length) -> Images:
    """Batches of another length; pictures of different sizes are never in one."""
    singles = [one[None] for batch in images for one in batch]
    groups = _groups(singles, batch_size[0], lambda one: one.shape)
    return [torch.cat(one) for one in groups]


@node(
    "RebatchLatents",
    title="Rebatch Latents",
    category="model/latent/batch",
    is_input_list=True,
    list_outputs=True,
    python_module="comfy_extras.nodes_rebatch",
)
def rebatch_latents(latents: Latents, batch_size: Length) -> Latents:
    """Batches of another length; only latents of one size, all with masks or all without, are in one."""
    singles = [one for latent in latents for one in _single_latents(latent)]
    groups = _groups(singles, batch_size[0], _shapes)
    return [_latent_batch(one) for one in groups]


def _groups(items: list[T], size: int, kind: Callable[[T], Any]) -> list[list[T]]:
    """Items in groups of at most `size`, in which all are of one kind."""
    groups: list[list[T]] = []
    for one in items:
        if not groups or len(groups[-1]) == size or kind(groups[-1][0]) != kind(one):
            groups.append([])
        groups[-1].append(one)
    return groups


def _single_latents(latent: dict[str, Any]) -> list[dict[str, Any]]:
    """Each of a batch as a batch of one, with its own mask, and its place in the noise."""
    samples, mask = latent["samples"], latent.get("noise_mask")
    count = len(samples)
    masks = [{}] * count if mask is None else [{"noise_mask": one[None]} for one in as_many(_batch(mask), count)]
    places = latent.get("batch_index", range(count))
    singles = zip(samples, masks, places, strict=True)
    return [latent | {"samples": one[None], "batch_index": [place], **own} for one, own, place in singles]


def _batch(mask: torch.Tensor) -> torch.Tensor:
    return mask[None] if mask.ndim == 2 else mask


def _shapes(latent: dict[str, Any]) -> tuple[Any, ...]:
    mask = latent.get("noise_mask")
    return latent["samples"].shape, None if mask is None else mask.shape


def _latent_batch(latents: list[dict[str, Any]]) -> dict[str, Any]:
    tensors = {
        name: torch.cat([one[name] for one in latents]) for name in ("samples", "noise_mask") if name in latents[0]
    }
    return latents[0] | tensors | {"batch_index": [place for one in latents for place in one["batch_index"]]}
