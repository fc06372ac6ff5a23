"""Keeps nothing: within a run every result is let go as soon as its last consumer has it."""

from __future__ import annotations

from execution.cache.base import Cache, Result
from execution.signature import Signature


class NoCache(Cache):
    keeps = False

    def __contains__(self, signature: object) -> bool:
        return False

    def get(self, signature: Signature | None) -> Result | None:
        return None

    def put(self, signature: Signature | None, result: Result) -> None:
        """The run itself holds the result for those who need it."""

    def drop(self, signature: Signature | None) -> None:
        """There is nothing to forget."""

    def clear(self) -> None:
        """There is nothing to give back."""

    def __len__(self) -> int:
        return 0
