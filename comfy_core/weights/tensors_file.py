"""A list of tensors and a text in one safetensors file, with a checksum over both."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.weights.safe import DTYPES, open_safetensors
from comfy_core.weights.table import WeightsError

SAMPLES = 1 << 16


def write_tensors(path: Path, text: str, tensors: Sequence[Tensor]) -> None:
    """Write a file that `read_tensors` reads; each tensor comes back on the device it is on now.

    Raises ValueError for a tensor that the format does not hold (sparse, complex …), OSError when it cannot be written.
    """
    for tensor in tensors:
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.dtype not in DTYPES.values():
            raise ValueError(f"a {tensor.dtype} tensor of layout {tensor.layout} cannot be stored")
    # Each in a storage of its own: the format knows no views of one another.
    own = [tensor.detach().to("cpu", memory_format=torch.contiguous_format, copy=True) for tensor in tensors]
    devices = " ".join(str(tensor.device) for tensor in tensors)
    metadata = {"text": text, "devices": devices, "checksum": _checksum(text, own)}
    try:
        save_file({str(number): tensor for number, tensor in enumerate(own)}, path, metadata)
    except OSError:
        raise
    except Exception as error:  # the library has an exception of its own for a full disk
        raise OSError(str(error)) from error


def read_tensors(path: Path) -> tuple[str, list[Tensor]]:
    """The text and the tensors. Raises WeightsError for a damaged file, OSError when it is not there."""
    weights = open_safetensors(path)
    # Copied out of the memory map, for the file may be removed at any time.
    tensors = [weights[str(number)].clone() for number in range(len(weights))]
    text = weights.metadata.get("text", "")
    if weights.metadata.get("checksum") != _checksum(text, tensors):
        raise WeightsError(f"{path.name} is damaged: its checksum is wrong.")
    devices = weights.metadata.get("devices", "").split()
    try:
        return text, [tensor.to(device) for tensor, device in zip(tensors, devices, strict=True)]
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"{path.name} belongs to a device that is not here: {error}") from error


def tensor_checksum(tensors: Iterable[Tensor], start: int = 0) -> int:
    """CRC-32 of the bytes of contiguous tensors on the CPU."""
    for tensor in tensors:
        start = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, start)
    return start


def sampled_checksum(tensor: Tensor) -> int:
    """CRC-32 of up to SAMPLES values spread over a tensor's memory, on whatever device: a glance, not a proof."""
    values = torch.tensor([], dtype=tensor.dtype, device=tensor.device).set_(tensor.untyped_storage())
    step = max(1, values.numel() // SAMPLES)
    while step > 1 and (step % 2 == 0 or step % 3 == 0):  # else always the same column, or the same colour
        step += 1
    return tensor_checksum([values[::step].cpu().contiguous()])


def _checksum(text: str, tensors: Iterable[Tensor]) -> str:
    return f"{tensor_checksum(tensors, zlib.crc32(text.encode())):08x}"
