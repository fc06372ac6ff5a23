"""The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes.

The header is read and checked here before the file is mapped, because a damaged download is common and deserves one
plain sentence. Format: https://huggingface.co/docs/safetensors (section "Format").
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from comfy_core.weights.table import Entry, Weights, WeightsError

LARGEST_HEADER = 100_000_000
DTYPES: dict[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def open_safetensors(path: Path) -> Weights:
    """Map a safetensors file into memory. Raises WeightsError when the header and the file do not agree."""
    with path.open("rb") as file:  # once: another process may put another file there at any time
        header = _header(file, path.name)
        start = file.tell()
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except OSError as error:
            raise WeightsError(f"{path.name} cannot be mapped into memory: {error.strerror or error}.") from error
    metadata = header.pop("__metadata__", {})
    entries = {name: Entry(tuple(one["shape"]), DTYPES[one["dtype"]]) for name, one in header.items()}
    spans = {name: tuple(start + one for one in entry["data_offsets"]) for name, entry in header.items()}

    def read(name: str) -> Tensor:
        return _tensor(mapped, entries[name], spans[name][0])

    def forget(name: str) -> None:
        start, end = spans[name]
        first, last = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE, end // mmap.PAGESIZE * mmap.PAGESIZE
        if last > first and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED, first, last - first)

    return Weights(entries, read, {name: name for name in entries}, metadata, path, forget)


def _tensor(mapped: mmap.mmap, entry: Entry, start: int) -> Tensor:
    """The tensor that starts at a byte of a map, not copied unless it lies askew there."""
    if not entry.bytes:
        return torch.empty(entry.shape, dtype=entry.dtype)
    raw = torch.frombuffer(mapped, dtype=torch.uint8, count=entry.bytes, offset=start)
    if raw.data_ptr() % entry.dtype.itemsize:
        raw = raw.clone()
    return raw.view(entry.dtype).view(entry.shape)


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a safetensors file, checked against the file's size.

    Raises:
        WeightsError: the file is too short, the header is not the JSON it should be, or the tensors it lists
            overlap, leave gaps, or do not fit the file.
    """
    with path.open("rb") as file:
        return _header(file, path.name)


def _header(file: BinaryIO, name: str) -> dict[str, Any]:
    size = os.fstat(file.fileno()).st_size
    start = file.read(8)
    if len(start) < 8:
        raise WeightsError(f"{name} is too short to be a safetensors file ({size} bytes); download it again.")
    (length,) = struct.unpack("<Q", start)
    if length > min(size - 8, LARGEST_HEADER):
        raise WeightsError(
            f"{name} is not a whole safetensors file: its header claims {length:,} bytes, "
            f"the file has {size:,}; download it again."
        )
    text = file.read(length)
    try:
        header = json.loads(text)
    except ValueError as error:
        raise WeightsError(f"{name} is not a safetensors file: its header is not JSON.") from error
    if not isinstance(header, dict):
        raise WeightsError(f"{name} is not a safetensors file: its header is not a JSON object.")
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise WeightsError(f"{name} is damaged: its metadata is not a table of strings.")
    _check_layout(name, header, size - 8 - length)
    return header


def _check_layout(file: str, header: dict[str, Any], body: int) -> None:
    spans = []
    for name, one in header.items():
        if name == "__metadata__":
            continue
        begin, end = _check_entry(file, name, one)
        if end > body:
            raise WeightsError(
                f"{file} is truncated: {name!r} ends at byte {end:,} of the data, but there are only {body:,}; "
                "download it again."
            )
        spans.append((begin, end, name))
    spans.sort()
    expected = 0
    for begin, end, name in spans:
        if begin < expected:
            raise WeightsError(f"{file} is damaged: the bytes of {name!r} overlap those of another tensor.")
        if begin > expected:
            raise WeightsError(f"{file} is damaged: {begin - expected:,} bytes before {name!r} belong to no tensor.")
        expected = end
    if expected != body:
        raise WeightsError(f"{file} is damaged: {body - expected:,} bytes at its end belong to no tensor.")


def _check_entry(file: str, name: str, one: Any) -> tuple[int, int]:
    try:
        dtype, shape, (begin, end) = one["dtype"], one["shape"], one["data_offsets"]
        numbers = [begin, end, *shape]
    except (TypeError, KeyError, ValueError) as error:
        raise WeightsError(f"{file} is damaged: the header entry of {name!r} is malformed.") from error
    if not all(isinstance(number, int) and 0 <= number < 2**63 for number in numbers):
        raise WeightsError(f"{file} is damaged: the shape or offsets of {name!r} are not sizes.")
    if dtype not in DTYPES:
        raise WeightsError(f"{file} stores {name!r} as {dtype!r}, which this version cannot read.")
    if end - begin != prod(shape) * DTYPES[dtype].itemsize:
        raise WeightsError(f"{file} is damaged: {name!r} of shape {shape} does not take {end - begin:,} bytes.")
    return begin, end
