"""What is kept of a node that ran, and what every cache can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import msgspec

from execution.graph import GraphNode
from execution.signature import Signature


class Result(msgspec.Struct, frozen=True):
    """What one node gave: for each output slot the list of its values, and its `ui` dict if it had one."""

    values: tuple[list[Any], ...]
    ui: dict[str, Any] | None = None


class Cache(ABC):
    """Results by signature. The signature None stands for what never equals anything: it is never found.

    One thread runs nodes, others may ask meanwhile. `keeps` is False where nothing will ever be found.
    """

    bytes: int = 0
    keeps = True

    @abstractmethod
    def __contains__(self, signature: object) -> bool:
        """Would `get` most likely find it? Cheap, and nothing becomes more recently used by it."""

    @abstractmethod
    def get(self, signature: Signature | None) -> Result | None:
        """The result with this signature, which thereby becomes the most recently used."""

    @abstractmethod
    def put(self, signature: Signature | None, result: Result) -> None:
        """Keep a result, as far as the policy goes."""

    @abstractmethod
    def drop(self, signature: Signature | None) -> None:
        """Forget one result."""

    @abstractmethod
    def clear(self) -> None:
        """Give back the memory that the results take."""

    def begin(self, nodes: Mapping[Signature | None, GraphNode]) -> None:
        """A run of a prompt begins that has these nodes."""
        return None

    def outlives(self, signature: Signature | None, nodes: Mapping[Signature | None, GraphNode]) -> bool:
        """Would it still be there when a run has begun that has these nodes?"""
        return signature in self

    @abstractmethod
    def __len__(self) -> int: ...
