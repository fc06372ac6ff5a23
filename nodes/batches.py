"""Nodes that count pictures, make them, and put them into batches and out of them."""

from __future__ import annotations

from typing import Annotated, Any

import torch

from comfy_core.media.batches import joined
from nodes.schema import Grow, Hidden, Int, node
from nodes.types import MAX_RESOLUTION, Image

MODULE = "comfy_extras.nodes_images"
Number = Annotated[int, Int()]
Pictures = Annotated[dict[str, Any], Grow("image", "image", type="IMAGE", min=1, max=50, tooltip="Pictures.")]
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
def rebatch_images(
    images: Image, batch_size: Annotated[int, Int(default=1, min=1, max=4096, tooltip="Pictures in each batch.")]
) -> Image:
    """Batches of another length; pictures of different sizes are never in one."""
    size = batch_size[0]  # type: ignore[index]
    batches: list[list[torch.Tensor]] = []
    for one in (one for batch in images for one in batch):
        if not batches or len(batches[-1]) == size or batches[-1][0].shape != one.shape:
            batches.append([])
        batches[-1].append(one)
    return [torch.stack(one) for one in batches]  # type: ignore[return-value]
