"""What is kept, and what leaves when there is no room."""

import numpy as np

from execution.cache import CacheSettings, Result, make_cache
from execution.cache.memory import ClassicCache, LruCache, RamCache


def result(megabytes):
    return Result((np.zeros(megabytes << 20, np.uint8),))


def test_the_least_recently_used_leaves_first():
    cache = RamCache(budget=(3 << 20) + 10_000)
    first, second, third = result(1), result(1), result(1)
    for name, one in {"a": first, "b": second, "c": third}.items():
        cache.put(name, one)
    assert cache.get("a") is first
    cache.put("d", result(1))
    assert cache.get("b") is None
    assert [cache.get(name) is not None for name in "acd"] == [True, True, True]
    assert cache.bytes <= cache.budget


def test_what_alone_exceeds_the_budget_drives_nothing_out():
    cache = RamCache(budget=2 << 20)
    cache.put("small", result(1))
    cache.put("huge", result(3))
    assert cache.get("huge") is None
    assert cache.get("small") is not None


def test_replacing_an_entry_counts_it_once():
    cache = RamCache(budget=10 << 20)
    cache.put("a", result(4))
    cache.put("a", result(1))
    assert len(cache) == 1
    assert 1 << 20 <= cache.bytes < 2 << 20


def test_nothing_is_kept_without_a_signature():
    cache = RamCache(budget=1 << 20)
    cache.put(None, result(0))
    assert (cache.get(None), len(cache)) == (None, 0)


def test_clearing_gives_everything_back():
    cache = RamCache(budget=10 << 20)
    cache.put("a", result(1))
    cache.clear()
    assert (cache.get("a"), cache.bytes) == (None, 0)


def test_memory_that_others_need_is_given_back():
    free = [100 << 20]
    cache = RamCache(budget=1 << 30, spare=64 << 20, available=lambda: free[0])
    for name in "abcd":
        cache.put(name, result(20))
    assert len(cache) == 4
    free[0] = 30 << 20
    cache.put("e", result(20))
    cache.put("f", result(20))
    assert [name for name in "abcdef" if name in cache] == ["c", "d", "e", "f"]


def test_a_number_of_results_is_kept_however_large():
    cache = LruCache(most=2)
    for name in "abc":
        cache.put(name, result(1))
        cache.get("a")
    assert [name for name in "abc" if name in cache] == ["a", "c"]


def test_what_the_last_prompt_did_not_use_leaves():
    cache = ClassicCache()
    cache.begin(dict.fromkeys("ab"))
    cache.put("a", result(0))
    cache.put("expanded", result(0))
    cache.begin(dict.fromkeys("ac"))
    assert [name in cache for name in ("a", "expanded")] == [True, True]
    cache.begin(dict.fromkeys("c"))
    assert len(cache) == 0


def test_nothing_is_kept_where_nothing_is_asked_for():
    cache = make_cache(CacheSettings(mode="none"))
    cache.put("a", result(0))
    assert ("a" in cache, cache.get("a"), len(cache), cache.bytes) == (False, None, 0, 0)
