"""Which device and which number types the work is done with, and what the flags of the command line say about it."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import psutil
import torch

log = logging.getLogger(__name__)
GIB = 1024**3


@dataclass(frozen=True)
class Policy:
    """The flags. By default a model stays on its device until another needs the room; what does not fit is streamed.
    With `highvram` nothing is streamed; with `lowvram` every other model leaves first and half of the room is left for
    work; with `novram` all that can be is streamed, and a model leaves as soon as it is done.

    `reserve_vram` is in GiB, kept free for other programs; None leaves the choice to us. `attention` is one of
    `comfy_core.memory.attention.BACKENDS`. The types (`fp32`, `fp16`, `bf16`) are those that networks compute in.
    """

    cpu: bool = False
    lowvram: bool = False
    highvram: bool = False
    novram: bool = False
    reserve_vram: float | None = None
    attention: str = "pytorch"
    unet_type: str | None = None
    vae_type: str | None = None
    text_type: str | None = None


_policy = Policy()


def configure(**flags: Any) -> None:
    """Set the flags (fields of `Policy`), once, at start. Raises ValueError for flags that contradict each other."""
    global _policy
    policy = Policy(**flags)
    if sum((policy.lowvram, policy.highvram, policy.novram)) > 1:
        raise ValueError("choose one of --lowvram, --highvram and --novram")
    _policy = policy
    device = compute_device()
    log.info("device: %s", device_name(device))
    if "bf16" in (policy.unet_type, policy.vae_type, policy.text_type) and not computes_bf16(device):
        log.warning("this processor has no bfloat16 arithmetic: bf16 halves the memory and slows the work down")


def policy() -> Policy:
    return _policy


def compute_device() -> torch.device:
    """Where networks run: the first accelerator, or the CPU where there is none or `--cpu` asks for it."""
    if not _policy.cpu:
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        if hasattr(torch, "xpu") and torch.xpu.is_available():
            return torch.device("xpu", torch.xpu.current_device())
        if torch.backends.mps.is_available():
            return torch.device("mps")
    return torch.device("cpu")


def offload_device() -> torch.device:
    """Where weights wait that are not at work, and where node outputs rest."""
    return torch.device("cpu")


TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def network_dtype(device: torch.device) -> torch.dtype:
    """The type that diffusion networks compute in: half precision where the hardware likes it."""
    return TYPES[_policy.unet_type] if _policy.unet_type else _usual_dtype(device)


def text_dtype(device: torch.device) -> torch.dtype:
    """The type that text encoders compute in."""
    return TYPES[_policy.text_type] if _policy.text_type else _usual_dtype(device)


def vae_dtype(device: torch.device) -> torch.dtype:
    """The type of autoencoders: float16 overflows in SD's, so bfloat16 where there is one, else float32."""
    if _policy.vae_type:
        return TYPES[_policy.vae_type]
    return torch.bfloat16 if device.type == "cuda" and computes_bf16(device) else torch.float32


def _usual_dtype(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "cpu" else torch.float16


def computes_bf16(device: torch.device) -> bool:
    """Whether a device multiplies bfloat16 in hardware: newer GPUs, and CPUs with AMX or AVX512-BF16."""
    if device.type == "cpu":
        return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def free_bytes(device: torch.device) -> int:
    """Memory that new tensors on `device` could take now, what torch holds in its own cache included."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return max(0, free + cached - reserved_bytes(device))
    return psutil.virtual_memory().available


def reserved_bytes(device: torch.device) -> int:
    """What is left to other programs: `--reserve-vram`, or 400 MiB of an accelerator's memory."""
    if _policy.reserve_vram is not None:
        return int(_policy.reserve_vram * GIB)
    return 0 if device.type == "cpu" else 400 * 1024**2


def empty_cache(device: torch.device) -> None:
    """Give memory that torch, or on the CPU the C library, keeps for reuse back to the device."""
    if device.type == "cpu" and (trim := _malloc_trim()) is not None:
        trim(0)
    elif device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "xpu":
        torch.xpu.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's `malloc_trim`; None where the C library is another one."""
    try:
        return ctypes.CDLL(None).malloc_trim  # type: ignore[no-any-return]
    except (AttributeError, OSError, TypeError):
        return None


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    return str(device)


def stats() -> list[dict[str, Any]]:
    """The `devices` of /system_stats, the compute device first; all sizes in bytes."""
    device = compute_device()
    memory = psutil.virtual_memory()
    total, free = memory.total, memory.available
    held_total, held_free = total, free
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        held_total = torch.cuda.memory_reserved(device)
        held_free = held_total - torch.cuda.memory_allocated(device)
        free += held_free
    return [
        {
            "name": device_name(device),
            "type": device.type,
            "index": _index(device),
            "vram_total": int(total),
            "vram_free": int(free),
            "torch_vram_total": int(held_total),
            "torch_vram_free": int(held_free),
        }
    ]


def _index(device: torch.device) -> int | None:
    """Its number on this machine, also in a process that sees no other."""
    only = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return int(only) if device.type == "cuda" and only.isdecimal() else device.index


def reset_peak() -> int:
    """Measure the compute device's peak anew from here; the bytes taken on it now, 0 where it keeps no count."""
    if compute_device().type != "cuda":
        return 0
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated()


def peak() -> int:
    """The most bytes that were taken on the compute device since `reset_peak`."""
    return torch.cuda.max_memory_allocated() if compute_device().type == "cuda" else 0
