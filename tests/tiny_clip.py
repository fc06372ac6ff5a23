"""A tiny whole CLIP as `transformers` writes it, every parameter random.

path = write_clip(tmp_path / "clip.safetensors")
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save_file

_folder = TemporaryDirectory(prefix="easel_clip_")


@cache
def reference() -> Any:
    """The model of `transformers`: 12 heads would be ViT-B's, so its pictures have 16 as all larger ones do."""
    import transformers

    text = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 1}
    vision = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 16}
    config = transformers.CLIPConfig(
        text_config=text | {"eos_token_id": 49407, "bos_token_id": 49406, "pad_token_id": 49407},
        vision_config=vision | {"image_size": 56, "patch_size": 14},
        projection_dim=32,
    )
    generator = torch.Generator().manual_seed(0)
    model = transformers.CLIPModel(config).eval()
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * (0.3 if parameter.ndim > 1 else 0.1)
    return model


def write_clip(path: Path) -> Path:
    """Write the model to `path`; equal files are one under several names: do not write into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.link(_written(), path)
    return path


@cache
def _written() -> Path:
    path = Path(_folder.name, "clip.safetensors")
    save_file({name: one.contiguous() for name, one in reference().state_dict().items()}, path)
    return path
