"""Nodes that change the light of pictures, and get them ready as a set."""

from __future__ import annotations

import random
from typing import Annotated

import torch
from torch import Tensor

from comfy_core.media.batches import as_many, as_masks, resized, resized_masks
from comfy_core.media.colours import rgb
from comfy_core.media.masks import grown
from comfy_core.media.quality import hashes
from nodes.schema import UINT64_MAX, Float, Int, Socket, Widget, node
from nodes.transforms import cut
from nodes.types import Image, Mask

MODULE = "comfy_extras.nodes_dataset"
CROP_ALIASES = ("crop", "cut", "trim")
Images = Annotated[list[Tensor], Socket("IMAGE", tooltip="Pictures.")]
Side = Int(default=512, min=1, max=8192, tooltip="In pixels; a picture that is smaller stays so.")
Chance = Int(default=0, min=0, max=UINT64_MAX, tooltip="Other seeds, other results.")
Factor = Float(default=1.0, min=0.0, max=2.0, tooltip="1 changes nothing; more is more of it.")


@node(
    "AdjustBrightness",
    title="Adjust Brightness",
    category="image/adjustments",
    outputs=("images",),
    experimental=True,
    python_module=MODULE,
    search_aliases=("brightness",),
)
def adjust_brightness(images: Image, factor: Annotated[float, Factor]) -> Image:
    """Make pictures brighter or darker."""
    return (images * factor).clamp(0, 1)


@node(
    "AdjustContrast",
    title="Adjust Contrast",
    category="image/adjustments",
    outputs=("images",),
    experimental=True,
    python_module=MODULE,
    search_aliases=("contrast",),
)
def adjust_contrast(images: Image, factor: Annotated[float, Factor]) -> Image:
    """Move colours away from the middle grey, or towards it."""
    return (0.5 + (images - 0.5) * factor).clamp(0, 1)


@node(
    "NormalizeImages",
    title="Normalize Image Colors",
    category="image/color",
    outputs=("images",),
    experimental=True,
    python_module=MODULE,
    search_aliases=("normalize", "normalize colors"),
)
def normalize_images(
    images: Image,
    mean: Annotated[float, Float(default=0.5, min=0.0, max=1.0, advanced=True, tooltip="What becomes 0.")],
    std: Annotated[float, Float(default=0.5, min=0.001, max=1.0, advanced=True, tooltip="How far from it 1 is.")],
) -> Image:
    """Colours as numbers around 0, as networks are trained on; no picture to look at."""
    return (images - mean) / std


@node(
    "CenterCropImages",
    title="Crop Image (Center)",
    category="image/transform",
    outputs=("images",),
    experimental=True,
    python_module=MODULE,
    search_aliases=CROP_ALIASES,
)
def center_crop_images(images: Image, width: Annotated[int, Side], height: Annotated[int, Side]) -> Image:
    """Keep the middle of pictures."""
    high, wide = images.shape[1:3]
    return cut(images, max(0, wide - width) // 2, max(0, high - height) // 2, width, height)


@node(
    "RandomCropImages",
    title="Crop Image (Random)",
    category="image/transform",
    outputs=("images",),
    experimental=True,
    python_module=MODULE,
    search_aliases=CROP_ALIASES,
)
def random_crop_images(
    images: Image, width: Annotated[int, Side], height: Annotated[int, Side], seed: Annotated[int, Chance]
) -> Image:
    """Keep a part of pictures, the same of all, wherever it falls."""
    high, wide = images.shape[1:3]
    chance = random.Random(seed)
    x, y = chance.randint(0, max(0, wide - width)), chance.randint(0, max(0, high - height))
    return cut(images, x, y, width, height)


@node(
    "ShuffleDataset",
    title="Shuffle Images List",
    category="image/batch",
    outputs=("images",),
    is_input_list=True,
    list_outputs=True,
    experimental=True,
    python_module=MODULE,
    search_aliases=("shuffle", "randomize", "mix"),
)
def shuffle_dataset(images: Images, seed: Annotated[list[int], Chance]) -> Images:
    """Put a list of pictures into another order."""
    return random.Random(seed[0]).sample(images, len(images))


@node(
    "MergeImageLists",
    title="Merge Image Lists (DEPRECATED)",
    category="image/batch",
    outputs=("images",),
    is_input_list=True,
    list_outputs=True,
    deprecated=True,
    experimental=True,
    python_module=MODULE,
    search_aliases=("list", "merge list", "make list"),
)
def merge_image_lists(images: Images) -> Images:
    """One list of all pictures."""
    return images


@node(
    "ImageDeduplication",
    title="Deduplicate Images",
    category="image/batch",
    outputs=("images",),
    is_input_list=True,
    list_outputs=True,
    experimental=True,
    python_module=MODULE,
    search_aliases=("deduplicate", "remove duplicates", "similarity filter"),
)
def image_deduplication(
    images: Images,
    similarity_threshold: Annotated[
        list[float], Float(default=0.95, min=0.0, max=1.0, advanced=True, tooltip="From which likeness on; 1 is equal.")
    ],
) -> Images:
    """Leave out pictures that look like one before them in a list, by their perceptual hashes."""
    kept: list[Tensor] = []
    seen: list[Tensor] = []
    for one in images:
        hash_ = hashes(one).flatten()
        if not any(_likeness(hash_, other) >= similarity_threshold[0] for other in seen):
            kept.append(one)
            seen.append(hash_)
    return kept


def _likeness(one: Tensor, other: Tensor) -> float:
    return (one == other).float().mean().item() if one.shape == other.shape else 0.0


@node(
    "ImageCropToMask",
    title="Crop Image to Mask",
    category="image/transform",
    outputs=("images",),
    python_module="comfy_extras.nodes_images",
    search_aliases=(
        "crop to mask",
        "mask crop",
        "crop mask",
        "mask crop resize",
        "crop mask resize",
        "trellis2",
        "pixal3d",
    ),
)
def image_crop_to_mask(
    images: Image,
    masks: Mask,
    width: Annotated[int, Int(default=1024, min=64, max=4096, step=8, tooltip="In pixels.")],
    height: Annotated[int, Int(default=1024, min=64, max=4096, step=8, tooltip="In pixels.")],
    pad_factor: Annotated[
        float, Float(default=1.0, min=1.0, max=2.0, step=0.01, tooltip="How much larger than the mask the cut is.")
    ],
    grow_mask: Annotated[
        int,
        Int(default=0, min=-32, max=32, step=1, tooltip="By how many pixels the mask reaches further, or less far."),
    ],
    background: Annotated[str, Widget("COLOR", default="#000000", tooltip="Where the mask is black, and beyond.")],
) -> Image:
    """What a mask shows of pictures, in the middle of a sheet of one size and colour."""
    count, high, wide = images.shape[:3]
    shown = grown(as_many(resized_masks(as_masks(masks), wide, high, "bilinear"), count), grow_mask, tapered=True)
    paper = torch.tensor(rgb(background)).to(images)
    pictures = paper.lerp(images[..., :3], shown[..., None].to(images))
    sheets = [
        _framed(one, mask > 0.5, pad_factor, (width, height), paper) for one, mask in zip(pictures, shown, strict=True)
    ]
    return torch.stack(sheets)


def _framed(picture: Tensor, mask: Tensor, padding: float, size: tuple[int, int], paper: Tensor) -> Tensor:
    """What a mask covers of a picture [H, W, 3], or all if it covers none, as large as fits into a sheet."""
    rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, mask.shape[0])
    left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, mask.shape[1])
    width, height = size
    scale = min(width / (right - left), height / (bottom - top)) / padding
    wide, high = (
        max(1, min(side, round(length * scale)))
        for side, length in zip(size, (right - left, bottom - top), strict=True)
    )
    sheet = paper.expand(height, width, 3).clone()
    y, x = (height - high) // 2, (width - wide) // 2
    sheet[y : y + high, x : x + wide] = resized(picture[None, top:bottom, left:right], wide, high, "lanczos")[0]
    return sheet
