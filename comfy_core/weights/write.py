"""Writing safetensors files tensor by tensor: never more of a file in memory than one tensor, never half a file."""

from __future__ import annotations

import errno
import json
import os
import shutil
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from comfy_core.weights.safe import DTYPES
from comfy_core.weights.table import Entry, Weights, WeightsError
from comfy_core.whole_file import unfinished

NAMES = {dtype: name for name, dtype in DTYPES.items()}
ALIGNMENT = 8


@dataclass(frozen=True)
class Planned:
    """A tensor of a file to be: what it is, how it is made when its turn has come, and what is let go of then."""

    entry: Entry
    make: Callable[[], Tensor]
    done: Callable[[], None] = lambda: None


def copied(weights: Weights, name: str, dtype: torch.dtype | None = None) -> Planned:
    """A tensor of a table, in another type if `dtype` says so.

    `make` raises WeightsError where numbers are too large for the type.
    """
    entry = Entry(weights.shape(name), dtype or weights.dtype(name))
    return Planned(entry, lambda: cast(weights[name], entry.dtype, name), lambda: weights.release(name))


def cast(tensor: Tensor, dtype: torch.dtype, name: str) -> Tensor:
    """The tensor in another type. Raises WeightsError where numbers are too large for it."""
    made = tensor.to(dtype)
    if dtype == torch.float16 and tensor.dtype != dtype and bool((made.isinf() & tensor.isfinite()).any()):
        raise WeightsError(f"{name!r} holds numbers that fp16 does not reach (above 65504); use bf16.")
    return made


def write_safetensors(
    path: Path,
    tensors: Mapping[str, Planned],
    metadata: Mapping[str, str],
    progress: Callable[[int], object] = lambda bytes: None,
) -> int:
    """Write a new file and return its bytes; `progress` hears of the bytes of each tensor.

    Raises:
        WeightsError: there is a file of that name already, the disk has no room, the file cannot be written, or a
            tensor cannot be made.
    """
    if path.exists():
        raise WeightsError(f"{path} is there already; choose another name, nothing is overwritten.")
    temporary = unfinished(path.parent)
    try:
        with temporary.open("xb") as file:
            total = write_into(file, tensors, metadata, progress)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        raise WeightsError(f"{path} is there already; choose another name, nothing is overwritten.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return total


def write_into(
    file: IO[bytes],
    tensors: Mapping[str, Planned],
    metadata: Mapping[str, str],
    progress: Callable[[int], object] = lambda bytes: None,
) -> int:
    """Write a safetensors file into one that is open and has a name, and return its bytes.

    Raises OSError where the disk has no room for it, WeightsError where a tensor cannot be made.
    """
    # the widest types first, so that every tensor lies at a multiple of its own width
    order = sorted(tensors, key=lambda name: (-tensors[name].entry.dtype.itemsize, name))
    header = _header(order, tensors, metadata)
    total = len(header) + sum(one.entry.bytes for one in tensors.values())
    _check_room(Path(file.name).parent, total)
    file.write(header)
    for name in order:
        _write_tensor(file, name, tensors[name])
        progress(tensors[name].entry.bytes)
    return total


def _header(order: list[str], tensors: Mapping[str, Planned], metadata: Mapping[str, str]) -> bytes:
    entries: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    place = 0
    for name in order:
        entry = tensors[name].entry
        if entry.dtype not in NAMES:
            raise WeightsError(f"{name!r} is of the type {entry.dtype}, which safetensors files do not hold here.")
        span = [place, place + entry.bytes]
        entries[name] = {"dtype": NAMES[entry.dtype], "shape": list(entry.shape), "data_offsets": span}
        place += entry.bytes
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return struct.pack("<Q", len(text)) + text


def _write_tensor(file: IO[bytes], name: str, planned: Planned) -> None:
    tensor = planned.make()
    if (tuple(tensor.shape), tensor.dtype) != (planned.entry.shape, planned.entry.dtype):
        raise AssertionError(f"{name} came as {tensor.dtype} {tuple(tensor.shape)}, not as {planned.entry}")
    if tensor.numel():
        file.write(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    del tensor
    planned.done()


def _check_room(folder: Path, bytes: int) -> None:
    """Raises OSError before anything is written where the disk has no room for it."""
    free = shutil.disk_usage(folder).free
    if free < bytes:
        raise OSError(errno.ENOSPC, f"it takes {bytes:,} bytes, and the disk has {free:,} free")
