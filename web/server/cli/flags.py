"""Groups of flags that commands share, and what their values may be."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from comfy_core.folders import CHECKOUT
from comfy_core.preview_method import METHODS


def common(parser: argparse.ArgumentParser) -> None:
    folders(parser)
    parser.add_argument("--cpu", action="store_true", help="use no accelerator")
    memory = parser.add_mutually_exclusive_group()
    memory.add_argument("--highvram", action="store_true", help="keep models on the device")
    memory.add_argument("--lowvram", action="store_true", help="keep only parts of models on the device")
    memory.add_argument("--novram", action="store_true", help="keep no models on the device")
    parser.add_argument("--reserve-vram", type=positive, metavar="GB", help="device memory to leave to others")
    arithmetic(parser)
    cache(parser)
    parser.add_argument(
        "--preview-method",
        choices=METHODS,
        default="auto",
        help="pictures while sampling: none, rough colours, or by a TAESD in models/vae_approx/ (default: auto)",
    )
    parser.add_argument("--disable-metadata", action="store_true", help="saved files do not tell how they were made")
    parser.add_argument("--verbose", action="store_true", help="say more, with tracebacks")


def folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base-directory", type=Path, default=CHECKOUT, metavar="DIR", help="where models/, input/, output/ … are"
    )
    parser.add_argument("--output-directory", type=Path, metavar="DIR", help="where pictures go (default: output/)")
    parser.add_argument("--input-directory", type=Path, metavar="DIR", help="where uploads go (default: input/)")
    parser.add_argument("--temp-directory", type=Path, metavar="DIR", help="where to make temp/, emptied at each start")
    parser.add_argument("--user-directory", type=Path, metavar="DIR", help="queue, history, settings (default: user/)")
    parser.add_argument(
        "--extra-model-paths-config",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="more folders of models: extra_model_paths.yaml files, besides the one in the base directory",
    )


def queue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--durable",
        choices=("normal", "full"),
        default="normal",
        help="full: a prompt is on the disk itself before it is taken (default: within a second)",
    )
    parser.add_argument(
        "--history-size", type=count, default=10_000, metavar="N", help="prompts to remember (default: 10000)"
    )
    parser.add_argument(
        "--history-days", type=positive, default=365.0, metavar="DAYS", help="and for how long (default: 365)"
    )
    parser.add_argument("--job-timeout", type=positive, default=0.0, metavar="S", help="seconds a prompt may take")
    parser.add_argument("--node-timeout", type=positive, default=0.0, metavar="S", help="seconds one node may take")


def cache(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--cache-ram",
        type=positive,
        nargs="*",
        action=_AtMostTwo,
        metavar="GB",
        help="keep results of nodes up to so many GB, and leave so many GB to other programs (the default: a quarter "
        "and a twentieth of the memory)",
    )
    kinds.add_argument("--cache-classic", "--high-ram", action="store_true", help="keep what the last prompt used")
    kinds.add_argument("--cache-lru", type=count, default=0, metavar="N", help="keep the N results used last")
    kinds.add_argument("--cache-none", action="store_true", help="keep no result longer than its consumers need it")
    parser.add_argument("--cache-disk", type=Path, metavar="DIR", help="keep results in a folder, over restarts, too")
    parser.add_argument("--cache-disk-size", type=positive, default=20.0, metavar="GB", help="default: 20")
    parser.add_argument("--debug-cache", action="store_true", help="find nodes that change their inputs (slow)")


class _AtMostTwo(argparse.Action):
    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        if len(values) > 2:
            parser.error(f"{option} takes at most two numbers")
        setattr(namespace, self.dest, values)


def count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def arithmetic(parser: argparse.ArgumentParser) -> None:
    """How attention is computed, and in which types; flags by the names that ComfyUI gave them."""
    ways = parser.add_mutually_exclusive_group()
    for way, meaning in (
        ("pytorch", "compute attention with torch's kernel (the default)"),
        ("split", "compute attention for some queries at a time"),
        ("quad", "compute attention for some queries and keys at a time: the least memory"),
    ):
        ways.add_argument(
            f"--use-{way}-cross-attention", dest="attention", action="store_const", const=way, help=meaning
        )
    for name, network in (("unet", "diffusion models"), ("vae", "VAEs"), ("text-enc", "text encoders")):
        types = parser.add_mutually_exclusive_group()
        for type_ in ("fp32", "fp16", "bf16"):
            types.add_argument(
                f"--{type_}-{name}",
                dest=f"{name.partition('-')[0]}_type",
                action="store_const",
                const=type_,
                help=f"{network} compute in {type_}",
            )


def port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; ports are numbers from 1 to 65535")
    return int(text)


def at_least_one(text: str) -> int:
    number = count(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is too few")
    return number


def positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no size")
    return number
