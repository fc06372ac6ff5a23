"""Nodes that encode and decode pictures too large for the memory, in tiles."""

from __future__ import annotations

from typing import Annotated

from nodes.schema import Int, node
from nodes.types import Image, Latent, Vae

Overlap = Annotated[
    int,
    Int(default=64, min=0, max=4096, step=32, advanced=True, tooltip="By how much tiles overlap at least, in pixels."),
]
TemporalSize = Annotated[
    int,
    Int(default=64, min=8, max=4096, step=4, advanced=True, tooltip="For video VAEs: how many frames at a time."),
]
TemporalOverlap = Annotated[
    int,
    Int(default=8, min=4, max=4096, step=4, advanced=True, tooltip="For video VAEs: how many frames overlap."),
]


@node("VAEDecodeTiled", title="VAE Decode (Tiled)", category="model/latent")
def vae_decode_tiled(
    samples: Latent,
    vae: Vae,
    tile_size: Annotated[
        int,
        Int(default=512, min=64, max=4096, step=32, advanced=True, tooltip="The largest edge of a tile, in pixels."),
    ],
    overlap: Overlap,
    temporal_size: TemporalSize,
    temporal_overlap: TemporalOverlap,
) -> Image:
    """Decode latents to pictures in tiles, with the memory that one tile takes."""
    edge = tile_size // vae.upscale_ratio
    return vae.decode_tiled(samples["samples"], edge, edge, overlap // vae.upscale_ratio)


@node("VAEEncodeTiled", title="VAE Encode (Tiled)", category="model/latent")
def vae_encode_tiled(
    pixels: Image,
    vae: Vae,
    tile_size: Annotated[
        int,
        Int(default=512, min=64, max=4096, step=64, advanced=True, tooltip="The largest edge of a tile, in pixels."),
    ],
    overlap: Overlap,
    temporal_size: TemporalSize,
    temporal_overlap: TemporalOverlap,
) -> Latent:
    """Encode pictures to latents in tiles, with the memory that one tile takes."""
    return {"samples": vae.encode_tiled(pixels, tile_size, tile_size, overlap)}
