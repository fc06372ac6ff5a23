"""What nodes call a VAE: an autoencoder between images and latents, whole or, where memory is short, in tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from comfy_core import progress
from comfy_core.memory import residency
from comfy_core.memory.devices import offload_device
from comfy_core.memory.shortage import is_out_of_memory
from comfy_core.networks.autoencoder_kl import AutoencoderKL
from comfy_core.patcher import ModelPatcher
from comfy_core.seamless import NOWHERE, Around, wrapping
from comfy_core.stages import Stage, host_has_room, in_stages
from comfy_core.tiling import UNSEEN, Tiles, in_tiles, norms_of, smaller

VALUES_PER_PIXEL, KEPT_PER_PIXEL = 1_000, 600
"""What an autoencoder's work takes while it runs, and what of that lies between two stages of it."""
TILE, OVERLAP = 512, 64
"""The usual edge of a tile and by how much tiles overlap, in pixels."""
TILES = (1024, 512, 256, 128)
"""Edges of tiles in pixels, tried in this order when a whole picture does not fit the memory."""


@dataclass(frozen=True)
class Tile:
    """The largest tile, and by how much tiles overlap, in latent places unless said otherwise."""

    height: int
    width: int
    overlap: int

    def divided(self, factor: int) -> Tile:
        return Tile(max(1, self.height // factor), max(1, self.width // factor), self.overlap // factor)

    def over(self, size: Sequence[int]) -> tuple[Tiles, Tiles]:
        """Tiles along the height and along the width of a latent."""
        height, width = size
        return Tiles.along(height, self.height, self.overlap), Tiles.along(width, self.width, self.overlap)


class VAE:
    """Images are [B, H, W, 3] in 0..1; latents [B, C, h, w] in the autoencoder's own scale.

    The network has `dims`, `encode` and `decode`. Where it also has the two halves of each (`decode_inner`,
    `decode_outer` and so on, see `AutoencoderKL`), tiles are of the outer half and the inner one sees all. Where that
    is cut into stages too, tiles make the same picture as the whole, if the host has room for what lies between them.
    """

    def __init__(self, patcher: ModelPatcher) -> None:
        self.patcher = patcher
        dims = self.first_stage_model.dims
        self.latent_channels = dims.latent_channels
        self.downscale_ratio = self.upscale_ratio = dims.factor
        self.wraps = NOWHERE
        """Along which ways, x and y, pictures continue at their opposite edge."""

    @property
    def first_stage_model(self) -> AutoencoderKL:
        return self.patcher.model  # type: ignore[return-value]

    @torch.no_grad()
    def decode(self, samples_in: Tensor) -> Tensor:
        """Latents to images. Raises ValueError when the latents are another autoencoder's."""
        latents = self._latents(samples_in)
        return self._as_memory_allows(latents.shape[-2:], lambda tile: self._decode(latents, tile)).movedim(1, -1)

    @torch.no_grad()
    def decode_tiled(
        self, samples: Tensor, tile_x: int | None = None, tile_y: int | None = None, overlap: int | None = None
    ) -> Tensor:
        """Latents to images in overlapping tiles; their width, height and overlap are counted in latent places."""
        usual = Tile(TILE, TILE, OVERLAP).divided(self.upscale_ratio)
        tile = Tile(tile_y or usual.height, tile_x or usual.width, usual.overlap if overlap is None else overlap)
        return self._decode(self._latents(samples), tile).movedim(1, -1)

    @torch.no_grad()
    def encode(self, pixel_samples: Tensor) -> Tensor:
        """Images to latents: the mean of the posterior. Sides are cropped to whole latents."""
        pixels = self._pixels(pixel_samples)
        size = [side // self.downscale_ratio for side in pixels.shape[-2:]]
        return self._as_memory_allows(size, lambda tile: self._encode(pixels, tile))

    @torch.no_grad()
    def encode_tiled(
        self, pixel_samples: Tensor, tile_x: int | None = None, tile_y: int | None = None, overlap: int | None = None
    ) -> Tensor:
        """Images to latents in overlapping tiles; their width, height and overlap are counted in pixels."""
        tile = Tile(tile_y or TILE, tile_x or TILE, OVERLAP if overlap is None else overlap)
        return self._encode(self._pixels(pixel_samples), tile.divided(self.downscale_ratio))

    def vae_encode_crop_pixels(self, pixels: Tensor) -> Tensor:
        """The middle of images [B, H, W, C], cut so that both sides are multiples of the autoencoder's factor."""
        for dim in (1, 2):
            size = pixels.shape[dim]
            whole = size // self.downscale_ratio * self.downscale_ratio
            pixels = pixels.narrow(dim, (size - whole) // 2, whole)
        return pixels

    def _latents(self, samples: Tensor) -> Tensor:
        if samples.ndim != 4 or samples.shape[1] != self.latent_channels:
            raise ValueError(
                f"the latent has shape {list(samples.shape)} and this VAE decodes [B, {self.latent_channels}, h, w]"
            )
        return samples

    def _pixels(self, images: Tensor) -> Tensor:
        """Images [B, H, W, C] as the encoder takes them: [B, 3, H, W], cropped."""
        pixels = self.vae_encode_crop_pixels(images)[..., :3].movedim(-1, 1)
        if not prod(pixels.shape[-2:]):
            raise ValueError(f"the image is smaller than {self.downscale_ratio} pixels along an edge")
        return pixels if pixels.shape[1] == 3 else pixels.expand(-1, 3, -1, -1)

    def _decode(self, latents: Tensor, tile: Tile) -> Tensor:
        """Images [B, 3, H, W], no more of one at a time than a tile."""
        network = self.first_stage_model
        rows, columns = tile.over(latents.shape[-2:])
        around = Around(self.wraps, tile.overlap)
        inner = getattr(network, "decode_inner", _same)
        outer = getattr(network, "decode_outer", network.decode)

        stages = self._stages("decode_stages", latents.shape[-2:])
        bar_of = progress.over(len(latents))

        def shown(made: Tensor) -> Tensor:
            return ((made.float() + 1) / 2).clamp(0, 1).to(offload_device())

        def pixels(features: Tensor) -> Tensor:
            return shown(outer(features))

        def one(latent: Tensor) -> Tensor:
            with wrapping(network, self.wraps):
                features = inner(self._placed(latent))
                if len(rows.starts) == len(columns.starts) == 1:
                    return pixels(features)
            if stages is not None:
                kept = features.to(offload_device())
                return shown(in_stages(stages(), kept, (rows.size, columns.size), self._placed, self.wraps, bar_of))
            small = smaller(features, max(rows.size, columns.size))
            more = around.added(features)
            with norms_of(network, self._wrapping(outer, small)):
                made = in_tiles(pixels, more, *tile.over(more.shape[-2:]), 1, self.upscale_ratio, UNSEEN, bar_of)
            return around.taken_off(made, self.upscale_ratio)

        with residency.use([self.patcher], self._working_bytes(rows.size, columns.size)):
            return torch.cat([one(latent) for latent in latents.split(1)])

    def _encode(self, images: Tensor, tile: Tile) -> Tensor:
        """Latents [B, C, h, w] of images [B, 3, H, W] in 0..1, looking at no more of one at a time than a tile."""
        network, factor = self.first_stage_model, self.downscale_ratio
        rows, columns = tile.over([side // factor for side in images.shape[-2:]])
        around = Around(self.wraps, tile.overlap * factor)
        inner = getattr(network, "encode_inner", _same)
        outer = getattr(network, "encode_outer", network.encode)

        stages = self._stages("encode_stages", [side // factor for side in images.shape[-2:]])
        bar_of = progress.over(len(images))

        def features(image: Tensor) -> Tensor:
            return outer(self._placed(image) * 2 - 1)

        def one(image: Tensor) -> Tensor:
            if len(rows.starts) == len(columns.starts) == 1:
                with wrapping(network, self.wraps):
                    return inner(features(image))
            if stages is not None:
                edges = rows.size * factor, columns.size * factor
                made = in_stages(stages(), image * 2 - 1, edges, self._placed, self.wraps, bar_of)
                with wrapping(network, self.wraps):
                    return inner(self._placed(made))
            small = smaller(image, max(rows.size, columns.size) * factor, factor)
            more = around.added(image)
            with norms_of(network, self._wrapping(features, small)):
                tiles = tile.over([side // factor for side in more.shape[-2:]])
                seen = around.taken_off(in_tiles(features, more, *tiles, factor, 1, UNSEEN, bar_of), 1 / factor)
            with wrapping(network, self.wraps):
                return inner(seen)

        with residency.use([self.patcher], self._working_bytes(rows.size, columns.size)):
            return torch.cat([one(image).float().to(offload_device()) for image in images.split(1)])

    def _stages(self, name: str, size: Sequence[int]) -> Callable[[], Iterable[Stage]] | None:
        """The network's stages, if it has any and the host has room for a picture of so many latent places."""
        kept = prod(size) * self.upscale_ratio**2 * KEPT_PER_PIXEL
        has_room = host_has_room(kept, self.patcher.model_dtype())
        return getattr(self.first_stage_model, name, None) if has_room else None

    def _wrapping(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[], object]:
        """What runs a part of the network on `x` with its edges where they are."""

        def run() -> None:
            with wrapping(self.first_stage_model, self.wraps):
                function(x)

        return run

    def _placed(self, x: Tensor) -> Tensor:
        return x.to(self.patcher.load_device, self.patcher.model_dtype())

    def _as_memory_allows(self, size: Sequence[int], run: Callable[[Tile], Tensor]) -> Tensor:
        """Whole, or in the largest tiles that the memory does for by estimate, or in smaller ones if it does not.
        `size` is that of the latent. Raises torch.OutOfMemoryError when the smallest are too large."""
        factor, whole = self.downscale_ratio, max(size)
        edges = [whole, *(pixels // factor for pixels in TILES if pixels // factor < whole)]
        for edge in edges:
            if edge != edges[-1] and not self._fits(edge, edge):
                continue
            if edge != whole:
                progress.warn(f"Memory is short: {self.patcher.name} works in tiles of {edge * factor} pixels.")
            try:
                return run(Tile(edge, edge, OVERLAP // factor))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
        raise torch.OutOfMemoryError(f"{self.patcher.name}: tiles of {edges[-1] * factor} pixels do not fit the memory")

    def _fits(self, height: int, width: int) -> bool:
        return self._working_bytes(height, width) <= residency.current().room([self.patcher])

    def _working_bytes(self, height: int, width: int) -> int:
        """What coding so many latent places at a time takes."""
        pixels = height * width * self.upscale_ratio**2
        return pixels * VALUES_PER_PIXEL * self.patcher.model_dtype().itemsize


def _same(x: Tensor) -> Tensor:
    return x
