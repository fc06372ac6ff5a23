"""Caches that packs bring, under the names they know."""

from __future__ import annotations

from execution.cache.provided import PROVIDERS, CacheContext, CacheProvider, CacheValue

__all__ = [
    "CacheContext",
    "CacheProvider",
    "CacheValue",
    "has_cache_providers",
    "register_cache_provider",
    "unregister_cache_provider",
]


def register_cache_provider(provider: CacheProvider) -> None:
    """Ask this one from now on, after those that are registered already."""
    if provider not in PROVIDERS:
        PROVIDERS.append(provider)


def unregister_cache_provider(provider: CacheProvider) -> None:
    if provider in PROVIDERS:
        PROVIDERS.remove(provider)


def has_cache_providers() -> bool:
    return bool(PROVIDERS)
