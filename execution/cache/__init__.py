"""Outputs of nodes that ran, by signature, so that nothing unchanged is computed twice.

One module per policy: `memory` (a byte budget, a number of results, the last prompt), `none`, and `disk`, which stands
before one of these and survives restarts.
"""

from execution.cache.base import Cache, Result
from execution.cache.settings import CacheSettings, make_cache

__all__ = ["Cache", "CacheSettings", "Result", "make_cache"]
