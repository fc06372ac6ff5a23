"""How quick a sampling step and a VAE are on this CPU, beside diffusers with the same random weights of SD 1.5.

    python benchmarks/sampling.py [unet] [vae] [--runs 3] [--size 256] [--vae-size 512] [--threads 1] [--bf16]

Ours and theirs take turns, so that what else the machine does hits both; the least of the runs counts. With one thread
it is processor time that counts. The step is one whole Euler step at CFG 7, two pictures of one batch: ours through
KSampler's function, theirs as in its pipeline. Tiles are of 5/8 of the picture's edge. `--bf16` times our networks in
bfloat16 as well. Needs 8 GB of memory.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import full_size
from comfy_core.latent_format import LatentFormat
from comfy_core.memory import residency
from comfy_core.model import DiffusionModel
from comfy_core.networks.autoencoder_kl import AutoencoderDims, AutoencoderKL
from comfy_core.networks.build import shapes_only
from comfy_core.networks.unet import UNet, UNetDims
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.prediction import EpsilonSampling
from comfy_core.sampling.sample import common_ksampler
from comfy_core.vae import VAE

CPU = torch.device("cpu")
CFG = 7.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["unet", "vae"], default=["unet", "vae"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--size", type=int, default=256, help="of the sampled picture, in pixels")
    parser.add_argument("--vae-size", type=int, default=512, help="of the decoded picture, in pixels")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dtypes = [torch.float32, torch.bfloat16][: 2 if options.bf16 else 1]
    if "unet" in options.what:
        step(options.size // 8, options.runs, dtypes)
    if "vae" in options.what:
        decode(options.vae_size // 8, options.runs, dtypes)


@torch.inference_mode()
def step(edge: int, runs: int, dtypes: list[torch.dtype]) -> None:
    weights = full_size.tensors(parts=(full_size.UNET,))
    unet = full_size.diffusers_unet(weights)
    sigma = EpsilonSampling().sigma_max
    timesteps = torch.tensor([999.0, 999.0])
    positive, negative = torch.randn(2, 1, 77, 768, generator=torch.Generator().manual_seed(1))
    text = torch.cat([negative, positive])

    def theirs() -> Tensor:
        x = torch.randn((1, 4, edge, edge), generator=torch.manual_seed(0)) * (sigma**2 + 1).sqrt()
        both = unet(torch.cat([x, x]) / (sigma**2 + 1).sqrt(), timesteps, text).sample
        away, towards = both.chunk(2)
        return (x - sigma * (away + CFG * (towards - away))) / 0.18215

    def ours(model: ModelPatcher) -> Tensor:
        latent = {"samples": torch.zeros(1, 4, edge, edge)}
        return common_ksampler(model, 0, 1, CFG, "euler", "normal", [[positive, {}]], [[negative, {}]], latent)[
            "samples"
        ]

    models = {dtype: our_model(weights, dtype) for dtype in dtypes}
    ways = {"diffusers": theirs} | {
        f"Easel {str(dtype)[6:]}": lambda model=model: ours(model) for dtype, model in models.items()
    }
    report(f"one step of {edge * 8}x{edge * 8} at CFG {CFG:g}", ways, runs)


@torch.inference_mode()
def decode(edge: int, runs: int, dtypes: list[torch.dtype]) -> None:
    weights = full_size.tensors(parts=(full_size.VAE,))
    vae = full_size.diffusers_vae(weights)
    latent = torch.randn(1, 4, edge, edge, generator=torch.Generator().manual_seed(0))

    def theirs() -> Tensor:
        return (vae.decode(latent).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)

    models = {dtype: our_vae(weights, dtype) for dtype in dtypes}
    ways = {"diffusers": theirs}
    ways |= {f"Easel {str(dtype)[6:]}": partial(model.decode, latent) for dtype, model in models.items()}
    tile = edge * 5 // 8
    ways["Easel float32, in tiles"] = lambda: models[torch.float32].decode_tiled(latent, tile, tile, 8)
    report(f"VAE decode of {edge * 8}x{edge * 8}", ways, runs)


def our_model(weights: dict[str, Tensor], dtype: torch.dtype) -> ModelPatcher:
    with shapes_only():
        network = UNet(UNetDims())
    model = DiffusionModel(network, EpsilonSampling(), LatentFormat(scale_factor=0.18215))
    source = {"diffusion_model." + name.removeprefix(full_size.UNET): value for name, value in weights.items()}
    return ModelPatcher(model, CPU, CPU, source=source, dtype=dtype, name=f"U-Net {dtype}")


def our_vae(weights: dict[str, Tensor], dtype: torch.dtype) -> VAE:
    with shapes_only():
        network = AutoencoderKL(AutoencoderDims())
    source = {name.removeprefix(full_size.VAE): value for name, value in weights.items()}
    return VAE(ModelPatcher(network, CPU, CPU, source=source, dtype=dtype, name=f"VAE {dtype}"))


def report(title: str, ways: dict[str, Callable[[], Tensor]], runs: int) -> None:
    """Time the ways in turn; print seconds, the ratio to the first, and the greatest difference from its result."""
    results = {name: way() for name, way in ways.items()}
    seconds = {name: float("inf") for name in ways}
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    for _ in range(runs):
        for name, way in ways.items():
            started = clock()
            way()
            seconds[name] = min(seconds[name], clock() - started)
    first, reference = next(iter(results.items()))
    print(f"{title} (least of {runs}, {torch.get_num_threads()} thread(s); values spread {reference.std():.3f})")
    for name in ways:
        error = (results[name] - reference).abs().max().item()
        print(f"  {name:30} {seconds[name]:7.2f} s  {seconds[first] / seconds[name]:5.2f}x  differs by {error:.1e}")
    residency.free_all()


if __name__ == "__main__":
    main()
