"""`main.py inspect`, `prune` and `convert`: their flags. What they do is in `model_tools.py`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

TYPES = ("fp32", "fp16", "bf16")


def add_model_commands(commands: Any) -> None:
    _inspect(commands.add_parser("inspect", help="say what is in a model file, and its hashes"))
    _prune(commands.add_parser("prune", help="make a checkpoint smaller: without what sampling does not need"))
    _convert(commands.add_parser("convert", help="put a model into another format"))
    for name in ("inspect", "prune", "convert"):
        commands.choices[name].add_argument("--verbose", action="store_true", help="say more, with tracebacks")


def _inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="a weight file of any kind")
    parser.add_argument("--zeros", action="store_true", help="also count the numbers that are nought, or nearly so")


def _prune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a checkpoint: .safetensors, .ckpt …")
    parser.add_argument("--out", "-o", type=Path, metavar="FILE", help="default: <name>-pruned.safetensors beside it")
    parser.add_argument(
        "--weights",
        choices=("auto", "ema", "live"),
        default="auto",
        help="which set to keep where training left two (default: what a loader would take)",
    )
    parser.add_argument("--dtype", choices=TYPES, help="store numbers as these (default: as they are)")
    parser.add_argument("--no-vae", dest="vae", action="store_false", help="without the VAE")
    parser.add_argument("--no-clip", dest="clip", action="store_false", help="without the text encoders")


def _convert(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "A weight file of any kind becomes a .safetensors file, or a folder of diffusers where the target has no "
        "ending; a folder of diffusers becomes one checkpoint."
    )
    parser.add_argument("source", type=Path, help="a weight file, or a folder of diffusers")
    parser.add_argument("target", type=Path, help="a .safetensors file, or the folder to make")
    parser.add_argument("--dtype", choices=TYPES, help="store numbers as these (default: as they are)")
    parser.add_argument("--fp8", choices=("e4m3", "e5m2"), help="store the diffusion model's matrices in 8 bits")
    parser.add_argument(
        "--no-scales", dest="scales", action="store_false", help="with --fp8: plain 8-bit numbers, without scales"
    )
