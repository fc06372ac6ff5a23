"""A table of named tensors that are read when asked for: what a weight file looks like to the rest of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor


class WeightsError(Exception):
    """A weight file that cannot be read. The message is one sentence naming the file and what is wrong with it."""


@dataclass(frozen=True)
class Entry:
    """What is known of a tensor before it is read."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        size = self.dtype.itemsize
        for side in self.shape:
            size *= side
        return size


@dataclass(frozen=True)
class Weights(Mapping[str, Tensor]):
    """Named tensors of one file (or of a part of it). Indexing reads; `shape` and `dtype` do not.

    `stored` maps each name in this table to its name in the file, so that a part of a file with renamed keys
    (`under`, `renamed`) is still backed by the same memory map. `forget` gives the pages of a tensor that was read back
    to the system; a tensor over them stays valid and reads them again.
    """

    entries: Mapping[str, Entry]
    read: Callable[[str], Tensor]
    stored: Mapping[str, str]
    metadata: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    forget: Callable[[str], None] | None = None

    def __getitem__(self, name: str) -> Tensor:
        return self.read(self.stored[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)

    def __contains__(self, name: object) -> bool:
        return name in self.stored

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, without reading it. Raises KeyError for an unknown name."""
        return self.entries[self.stored[name]].shape

    def dtype(self, name: str) -> torch.dtype:
        """The storage type of a tensor, without reading it."""
        return self.entries[self.stored[name]].dtype

    def nbytes(self) -> int:
        """The bytes all tensors of this table take in storage."""
        return sum(self.entries[name].bytes for name in self.stored.values())

    def release(self, name: str) -> None:
        """Let go of the memory that reading a tensor took, where it is a file's. Its bytes stay in the file."""
        if self.forget is not None and name in self.stored:
            self.forget(self.stored[name])

    def has_prefix(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self.stored)

    def under(self, prefix: str) -> Weights:
        """The tensors whose names start with `prefix`, under the rest of their names."""
        return self.renamed(lambda name: name.removeprefix(prefix) if name.startswith(prefix) else None)

    def renamed(self, rename: Callable[[str], str | None]) -> Weights:
        """This table under other names; a name that `rename` maps to None is left out."""
        stored = {}
        for name, in_file in self.stored.items():
            new = rename(name)
            if new is not None:
                stored[new] = in_file
        return Weights(self.entries, self.read, stored, self.metadata, self.path, self.forget)

    @staticmethod
    def of(
        tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None, path: Path | None = None
    ) -> Weights:
        """A table over tensors that are in memory already."""
        entries = {name: Entry(tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
        return Weights(entries, tensors.__getitem__, {name: name for name in tensors}, metadata or {}, path)
