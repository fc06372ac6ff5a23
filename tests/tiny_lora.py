"""A tiny LoRA for a checkpoint of `tests.tiny_models`, under the names of kohya's scripts: the keys and values of its
attention to the prompt.

    write_lora(tmp_path / "models" / "loras" / "mine.safetensors", "sd1")
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.tiny_models import UNET, model_tensors

RANK = 2


def write_lora(path: Path, family: str, seed: int = 0) -> Path:
    """Write the LoRA and return where it is."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, weight in model_tensors(family).items():
        if name.startswith(UNET) and name.endswith(("attn2.to_k.weight", "attn2.to_v.weight")):
            module = "lora_unet_" + name.removeprefix(UNET).removesuffix(".weight").replace(".", "_")
            tensors[f"{module}.lora_up.weight"] = torch.randn(len(weight), RANK, generator=generator)
            tensors[f"{module}.lora_down.weight"] = torch.randn(RANK, weight.shape[1], generator=generator)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path
