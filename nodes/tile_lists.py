"""Nodes that cut pictures into lists of tiles, and make one picture of a list."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from comfy_core.media.batches import resized, same_channels
from nodes.schema import Int, Socket, node
from nodes.types import MAX_RESOLUTION, Image

MODULE = "comfy_extras.nodes_images"
ALIASES = ("split image", "tile image", "slice image")
Images = Annotated[list[Tensor], Socket("IMAGE", tooltip="Pictures.")]
TileSide = Int(default=1024, min=64, max=MAX_RESOLUTION, tooltip="Of a tile, in pixels.")
WholeSide = Int(default=1024, min=64, max=32768, tooltip="Of the whole picture, in pixels.")
Overlap = Int(default=128, min=0, max=4096, tooltip="By how many pixels tiles overlap.")
CellSide = Int(default=256, min=32, max=2048, advanced=True, tooltip="Of each picture in the grid, in pixels.")


@node(
    "SplitImageToTileList",
    title="Split Image into List of Tiles",
    category="image/batch",
    list_outputs=True,
    python_module=MODULE,
    search_aliases=ALIASES,
)
def split_image_to_tile_list(
    image: Image,
    tile_width: Annotated[int, TileSide],
    tile_height: Annotated[int, TileSide],
    overlap: Annotated[int, Overlap],
) -> Images:
    """Cut pictures into overlapping tiles, row by row; the last ones overlap more, so that all are of one size."""
    height, width = image.shape[1:3]
    rows, columns = starts(height, tile_height, overlap), starts(width, tile_width, overlap)
    return [image[:, y : y + tile_height, x : x + tile_width] for y in rows for x in columns]


@node(
    "ImageMergeTileList",
    title="Merge List of Tiles to Image",
    category="image/batch",
    is_input_list=True,
    python_module=MODULE,
    search_aliases=ALIASES,
)
def image_merge_tile_list(
    image_list: Images,
    final_width: Annotated[list[int], WholeSide],
    final_height: Annotated[list[int], WholeSide],
    overlap: Annotated[list[int], Overlap],
) -> Image:
    """Put overlapping tiles together again, as they were cut, blending them where they overlap."""
    width, height = final_width[0], final_height[0]
    count, tile_height, tile_width, channels = image_list[0].shape
    rows, columns = starts(height, tile_height, overlap[0]), starts(width, tile_width, overlap[0])
    if len(image_list) != len(rows) * len(columns):
        raise ValueError(
            f"a picture of {width} x {height} pixels is {len(columns)} x {len(rows)} tiles of {tile_width} x "
            f"{tile_height} that overlap by {overlap[0]}, not {len(image_list)}; give the numbers it was cut by"
        )
    out, total = torch.zeros(count, height, width, channels), torch.zeros(1, height, width, 1)
    weight = (_fade(tile_height, overlap[0])[:, None] * _fade(tile_width, overlap[0]))[None, :, :, None]
    places = [(y, x) for y in rows for x in columns]
    for (y, x), tile in zip(places, image_list, strict=True):
        here = slice(y, y + tile_height), slice(x, x + tile_width)
        part = total[:, here[0], here[1]]
        shares = weight[:, : part.shape[1], : part.shape[2]]
        out[:, here[0], here[1]] += tile[:, : part.shape[1], : part.shape[2]].to(out) * shares
        part += shares
    return out / total


@node(
    "ImageGrid",
    title="Make Image Grid",
    category="image/batch",
    outputs=("images",),
    is_input_list=True,
    experimental=True,
    python_module="comfy_extras.nodes_dataset",
    search_aliases=("grid", "collage", "combine"),
)
def image_grid(
    images: Images,
    columns: Annotated[list[int], Int(default=4, min=1, max=20, tooltip="How many pictures side by side.")],
    cell_width: Annotated[list[int], CellSide],
    cell_height: Annotated[list[int], CellSide],
    padding: Annotated[list[int], Int(default=4, min=0, max=50, advanced=True, tooltip="Between them, in pixels.")],
) -> Image:
    """Show many pictures as one, in rows, on black."""
    width, height, gap = cell_width[0], cell_height[0], padding[0]
    singles = same_channels(*(one[None] for batch in images for one in batch))
    wide = min(columns[0], len(singles))
    high = -(-len(singles) // wide)
    sheet = torch.zeros(1, high * (height + gap) - gap, wide * (width + gap) - gap, singles[0].shape[-1])
    for place, one in enumerate(singles):
        y, x = place // wide * (height + gap), place % wide * (width + gap)
        sheet[:, y : y + height, x : x + width] = resized(one, width, height, "lanczos")
    return sheet


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along a side that overlap by `overlap`; the last one ends where the side does."""
    found = [0]
    while found[-1] + tile < length:
        found.append(min(found[-1] + max(1, tile - overlap), length - tile))
    return found


def _fade(length: int, overlap: int) -> Tensor:
    """How much a tile counts at each place: less towards its edges, where others do."""
    places = torch.arange(length) + 1.0
    nearest = torch.minimum(places, places.flip(0))
    return (nearest / (min(overlap, length // 2) + 1)).clamp(max=1)
