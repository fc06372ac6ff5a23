"""Files of LoRA and its kin as their trainers write them, with what they make of a layer.

    pip install --target DIR --no-deps peft accelerate lycoris-lora
    PYTHONPATH=DIR python tools/lora_references.py tests/reference/lora.safetensors

Each case has a layer's weights without the change (`CASE|before|NAME`), the trainer's file (`CASE|file|NAME`), and an
input and the output of the layer as the trainer runs it (`CASE|run|NAME`). PEFT's configurations are in the metadata.
"""

from __future__ import annotations

import argparse
import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lycoris.modules.boft import ButterflyOFTModule
from lycoris.modules.diag_oft import DiagOFTModule
from lycoris.modules.full import FullModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from peft import LoHaConfig, LoKrConfig, LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

Layer = Callable[[], nn.Module]
LAYERS: dict[str, Layer] = {
    "linear": lambda: nn.Linear(16, 32),
    "conv": lambda: nn.Conv2d(8, 16, 3, padding=1),
    "conv1": lambda: nn.Conv2d(8, 16, 1),
    "norm": lambda: nn.LayerNorm(16),
}
LYCORIS: dict[str, tuple[type, str, dict[str, Any]]] = {
    "lora": (LoConModule, "linear", {"alpha": 2}),
    "locon": (LoConModule, "conv", {"alpha": 2}),
    "locon 1x1": (LoConModule, "conv1", {"alpha": 2}),
    "locon cp": (LoConModule, "conv", {"alpha": 2, "use_tucker": True}),
    "lora rs": (LoConModule, "linear", {"alpha": 2, "rs_lora": True}),
    "dora rows": (LoConModule, "linear", {"alpha": 2, "weight_decompose": True, "wd_on_out": True}),
    "dora inputs": (LoConModule, "linear", {"alpha": 2, "weight_decompose": True, "wd_on_out": False}),
    "dora conv rows": (LoConModule, "conv", {"alpha": 2, "weight_decompose": True, "wd_on_out": True}),
    "dora conv inputs": (LoConModule, "conv", {"alpha": 2, "weight_decompose": True, "wd_on_out": False}),
    "loha": (LohaModule, "linear", {"alpha": 2}),
    "loha conv": (LohaModule, "conv", {"alpha": 2}),
    "loha conv tucker": (LohaModule, "conv", {"alpha": 2, "use_tucker": True}),
    "loha dora": (LohaModule, "linear", {"alpha": 2, "weight_decompose": True}),
    "lokr": (LokrModule, "linear", {"alpha": 1, "lora_dim": 2}),
    "lokr both factored": (LokrModule, "linear", {"alpha": 1, "lora_dim": 1, "decompose_both": True}),
    "lokr full": (LokrModule, "linear", {"alpha": 1, "full_matrix": True}),
    "lokr factor 2": (LokrModule, "linear", {"alpha": 1, "lora_dim": 2, "factor": 2}),
    "lokr unbalanced": (LokrModule, "linear", {"alpha": 1, "lora_dim": 2, "unbalanced_factorization": True}),
    "lokr conv": (LokrModule, "conv", {"alpha": 0.5, "lora_dim": 1}),
    "lokr conv tucker": (LokrModule, "conv", {"alpha": 0.5, "lora_dim": 1, "use_tucker": True}),
    "lokr conv full": (LokrModule, "conv", {"alpha": 1, "full_matrix": True}),
    "lokr dora": (LokrModule, "linear", {"alpha": 1, "lora_dim": 2, "weight_decompose": True}),
    "glora": (GLoRAModule, "linear", {"alpha": 2}),
    "glora conv": (GLoRAModule, "conv", {"alpha": 2}),
    "oft": (DiagOFTModule, "linear", {}),
    "oft constrained": (DiagOFTModule, "linear", {"constraint": 0.01}),
    "oft rescaled": (DiagOFTModule, "linear", {"rescaled": True}),
    "oft conv": (DiagOFTModule, "conv", {"rescaled": True}),
    "boft": (ButterflyOFTModule, "linear", {}),
    "boft rescaled": (ButterflyOFTModule, "linear", {"rescaled": True, "constraint": 0.02}),
    "boft conv": (ButterflyOFTModule, "conv", {"rescaled": True}),
    "full": (FullModule, "linear", {}),
    "full conv": (FullModule, "conv", {}),
    "norm": (NormModule, "norm", {}),
}
PEFT: dict[str, tuple[type, str, dict[str, Any]]] = {
    "peft lora": (LoraConfig, "linear", {"r": 4, "lora_alpha": 8}),
    "peft rank-stabilised": (LoraConfig, "linear", {"r": 4, "lora_alpha": 8, "use_rslora": True}),
    "peft patterns": (LoraConfig, "linear", {"r": 4, "alpha_pattern": {"layer": 6}, "rank_pattern": {"layer": 2}}),
    "peft bias": (LoraConfig, "linear", {"r": 4, "lora_alpha": 8, "lora_bias": True}),
    "peft conv": (LoraConfig, "conv", {"r": 4, "lora_alpha": 8}),
    "peft dora": (LoraConfig, "linear", {"r": 4, "lora_alpha": 8, "use_dora": True}),
    "peft dora conv": (LoraConfig, "conv", {"r": 4, "lora_alpha": 8, "use_dora": True}),
    "peft loha": (LoHaConfig, "linear", {"r": 4, "alpha": 8}),
    "peft lokr": (LoKrConfig, "linear", {"r": 2, "alpha": 8}),
}


def randomise(module: nn.Module) -> None:
    """Draw every trained parameter anew; trainers begin with some of them zero."""
    for name, parameter in module.named_parameters():
        if "org" not in name and parameter.requires_grad:
            ones = "dora" in name or "rescale" in name or "magnitude" in name
            parameter.data = (1.0 if ones else 0.0) + 0.3 * torch.randn_like(parameter)


def lycoris_case(kind: type, layer: str, options: dict[str, Any]) -> dict[str, dict[str, Tensor]]:
    """What the layer puts out counts, not LyCORIS' own merging, which scales LoHa and LoKr twice (4.1.3)."""
    base = LAYERS[layer]()
    before = dict(copy.deepcopy(base).named_parameters())
    adapter = kind("lora_unet_layer", base, **{"multiplier": 1.0, "lora_dim": 4, **options})
    adapter.apply_to()
    randomise(adapter)
    adapter.eval()
    file = {f"lora_unet_layer.{name}": value for name, value in adapter.state_dict().items()}
    return {"before": before, "file": file, "run": run(base, layer)}


def peft_case(kind: type, layer: str, options: dict[str, Any]) -> tuple[dict[str, dict[str, Tensor]], str]:
    network = nn.Module()
    network.layer = LAYERS[layer]()
    before: dict[str, Tensor] = dict(copy.deepcopy(network.layer).named_parameters())
    model = get_peft_model(network, kind(target_modules=["layer"], **options)).eval()
    randomise(model)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        file = load_file(Path(folder, "adapter_model.safetensors"))
        configuration = Path(folder, "adapter_config.json").read_text()
    return {"before": before, "file": file, "run": run(network.layer, layer)}, configuration


@torch.no_grad()
def run(module: nn.Module, layer: str) -> dict[str, Tensor]:
    """An input of the layer, and its output."""
    x = torch.randn(2, 8, 5, 5) if layer.startswith("conv") else torch.randn(3, 16)
    return {"input": x, "output": module(x)}


def main(path: str) -> None:
    torch.manual_seed(7)
    tensors: dict[str, Tensor] = {}
    configurations = {}
    cases = {name: lycoris_case(*case) for name, case in LYCORIS.items()}
    for name, case in PEFT.items():
        cases[name], configurations[name] = peft_case(*case)
    for of, kinds in cases.items():
        for kind, named in kinds.items():
            for name, value in named.items():
                tensors[f"{of}|{kind}|{name}"] = value.detach().clone().contiguous()
    save_file(tensors, path, metadata={"configurations": json.dumps(configurations)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    main(parser.parse_args().file)
