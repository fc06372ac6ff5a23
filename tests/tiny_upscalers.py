"""Tiny upscaling networks in the key layouts of their releases, every weight random."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

GIVEN = (
    "relative_position_index",
    "rpe_biases",
    "relative_coords_table",
    "attn_mask",
    "num_batches_tracked",
    "init_pos",
)
"""Tensors that follow from a network's dimensions, wherever these words are in their names."""


def drawn(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Tensors of these names and shapes, always the same; those that follow from the dimensions are zero."""
    generator = torch.Generator().manual_seed(0)
    return {name: _drawn(name, tuple(shapes[name]), generator) for name in sorted(shapes)}


def _drawn(name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    if any(word in name for word in GIVEN):
        return torch.zeros(shape)
    noise = torch.randn(shape, generator=generator)
    if name.endswith("running_var"):
        return 1 + 0.1 * noise.abs()
    if name.endswith(("temperature", "logit_scale")) or (name.endswith("weight") and len(shape) == 1):
        return 1 + 0.1 * noise
    if len(shape) <= 1 or name.endswith("bias_table"):
        return 0.1 * noise
    return noise / noise[0].numel() ** 0.5


def compact_shapes(width: int = 8, layers: int = 2, scale: int = 4) -> dict[str, tuple[int, ...]]:
    """A Real-ESRGAN compact network; it sees `layers` + 2 pixels far."""
    shapes: dict[str, tuple[int, ...]] = {}
    for i in range(layers + 1):
        shapes[f"body.{2 * i}.weight"] = (width, width if i else 3, 3, 3)
        shapes[f"body.{2 * i}.bias"] = shapes[f"body.{2 * i + 1}.weight"] = (width,)
    last = f"body.{2 * layers + 2}"
    return shapes | {f"{last}.weight": (3 * scale**2, width, 3, 3), f"{last}.bias": (3 * scale**2,)}


def esrgan_shapes(
    width: int = 8, growth: int = 32, blocks: int = 1, doublings: int = 2, in_channels: int = 3
) -> dict[str, tuple[int, ...]]:
    """A Real-ESRGAN network; with 12 or 48 `in_channels`, one that folds squares of pixels first."""
    convolutions = {"conv_first": (width, in_channels), "conv_body": (width, width), "conv_hr": (width, width)}
    for block in range(blocks):
        for dense in (1, 2, 3):
            for i in range(5):
                name = f"body.{block}.rdb{dense}.conv{i + 1}"
                convolutions[name] = (growth if i < 4 else width, width + i * growth)
    convolutions |= {f"conv_up{i + 1}": (width, width) for i in range(doublings)} | {"conv_last": (3, width)}
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (out, into) in convolutions.items():
        shapes |= {f"{name}.weight": (out, into, 3, 3), f"{name}.bias": (out,)}
    return shapes


def write_upscaler(path: Path) -> Path:
    """Write a network that makes pictures twice as large, as Real-ESRGAN's files are, to `path` and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"params_ema": drawn(compact_shapes(scale=2))}, path)
    return path
