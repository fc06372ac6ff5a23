"""Caches that packs bring."""

import asyncio

import pytest

from execution.cache import Result
from execution.cache.memory import RamCache
from execution.cache.provided import PROVIDERS, CacheProvider, CacheValue, ProvidedCache
from execution.graph import GraphNode
from execution.packs import expose_compat
from nodes.schema import NodeSchema

expose_compat()


class Shelf(CacheProvider):
    def __init__(self):
        self.kept, self.seen, self.told = {}, [], []

    def on_lookup(self, context):
        self.seen.append(context)
        return self.kept.get(context.cache_key_hash)

    def on_store(self, context, value):
        self.kept[context.cache_key_hash] = value

    def should_cache(self, context, value=None):
        return context.class_type != "Loader"

    def on_prompt_start(self, prompt_id):
        self.told.append(prompt_id)


class LateShelf(Shelf):
    async def on_lookup(self, context):
        await asyncio.sleep(0)
        return super().on_lookup(context)

    async def on_store(self, context, value):
        await asyncio.sleep(0)
        super().on_store(context, value)


class BrokenShelf(Shelf):
    def on_lookup(self, context):
        raise ConnectionError("nobody answers")

    on_store = on_prompt_start = on_lookup


@pytest.fixture(autouse=True)
def no_providers():
    yield
    PROVIDERS.clear()


def cache_of(*nodes):
    cache = ProvidedCache(RamCache(1 << 20))
    cache.begin({name: GraphNode(name, NodeSchema(id=kind, title=kind, category="")) for name, kind in nodes})
    return cache


@pytest.mark.parametrize("kind", [Shelf, LateShelf])
def test_what_one_worker_stored_another_finds(kind):
    shelf = kind()
    PROVIDERS.append(shelf)
    here, there = cache_of(("a", "KSampler")), cache_of(("a", "KSampler"))
    here.put("a", Result(([1, 2],), {"text": ["x"]}))
    assert there.get("a") == Result(([1, 2],), {"text": ["x"]})
    assert (shelf.seen[0].node_id, shelf.seen[0].class_type, len(shelf.seen[0].cache_key_hash)) == ("a", "KSampler", 64)
    there.get("a")
    assert len(shelf.seen) == 1


async def test_it_may_be_asked_inside_of_a_running_event_loop():
    PROVIDERS.append(LateShelf())
    cache = cache_of(("a", "KSampler"))
    assert cache.get("a") is None
    cache.put("a", Result(([1],)))
    assert cache_of(("a", "KSampler")).get("a") == Result(([1],))


def test_a_provider_says_what_it_wants():
    shelf = Shelf()
    PROVIDERS.append(shelf)
    cache = cache_of(("a", "Loader"))
    cache.put("a", Result(([1],)))
    assert (shelf.kept, cache_of(("a", "Loader")).get("a"), shelf.seen) == ({}, None, [])


def test_one_that_fails_costs_nothing_but_a_line_in_the_log(caplog):
    shelf = Shelf()
    PROVIDERS.extend([BrokenShelf(), shelf])
    cache = cache_of(("a", "KSampler"))
    cache.tell("on_prompt_start", "p")
    cache.put("a", Result(([1],)))
    assert cache_of(("a", "KSampler")).get("a") == Result(([1],))
    assert shelf.told == ["p"]
    assert "BrokenShelf failed in on_lookup" in caplog.text


def test_packs_register_it_by_the_names_they_know():
    from comfy_api.latest import Caching, ComfyAPI, ComfyAPISync
    from comfy_execution import cache_provider

    class Own(Shelf, Caching.CacheProvider):
        """A pack's."""

    first, second = Own(), Own()
    ComfyAPISync().caching.register_provider(first)
    asyncio.run(ComfyAPI().caching.register_provider(second))
    cache_provider.register_cache_provider(first)
    assert [first, second] == PROVIDERS
    cache_provider.unregister_cache_provider(first)
    assert cache_provider.has_cache_providers()
    assert Caching.CacheValue is CacheValue
