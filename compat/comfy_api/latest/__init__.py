"""The newest version: `io` to write nodes in, `ui` to show results, `ComfyExtension` to hand nodes over."""

from __future__ import annotations

from typing import Any

from comfy_api import util
from comfy_execution import cache_provider

from comfy_core import progress
from execution import replacements
from execution.previews import encoded
from nodes import registry
from nodes.expansion import executing_context

from . import io, ui
from . import io as IO
from . import ui as UI


class ComfyExtension:
    """What `comfy_entrypoint` returns; a pack derives from it."""

    async def on_load(self) -> None:
        """Called once, before the nodes are asked for."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        raise NotImplementedError(f"{type(self).__name__} lists no nodes")


def _set_progress(value: float, max_value: float, node_id: str | None, preview_image: Any) -> None:
    preview = preview_image
    if preview is not None and not isinstance(preview, tuple):
        preview = ("JPEG", preview if hasattr(preview, "save") else ui.to_picture(preview), None)
    progress.report(value, max_value, encoded(preview), node_id)


class Execution:
    """How far the running node is."""

    async def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """Raises when the run is to stop; `preview_image` is a Pillow image or an image tensor [H, W, C]."""
        _set_progress(value, max_value, node_id or _running(), preview_image)


class ExecutionSync:
    """The same for code that is not async."""

    def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """Raises when the run is to stop; `preview_image` is a Pillow image or an image tensor [H, W, C]."""
        _set_progress(value, max_value, node_id or _running(), preview_image)


def _running() -> str | None:
    context = executing_context()
    return context.node_id if context is not None else None


class NodeReplacement:
    """What stands in for classes that are no more, so that old workflows still run."""

    async def register(self, node_replace: io.NodeReplace) -> None:
        replacements.register(node_replace, registry.HOST.replacements)


class NodeReplacementSync:
    """The same for code that is not async."""

    def register(self, node_replace: io.NodeReplace) -> None:
        replacements.register(node_replace, registry.HOST.replacements)


class Caching:
    """Caches that packs bring: derive from `CacheProvider` and register it."""

    CacheProvider = cache_provider.CacheProvider
    CacheContext = cache_provider.CacheContext
    CacheValue = cache_provider.CacheValue

    async def register_provider(self, provider: cache_provider.CacheProvider) -> None:
        cache_provider.register_cache_provider(provider)

    async def unregister_provider(self, provider: cache_provider.CacheProvider) -> None:
        cache_provider.unregister_cache_provider(provider)


class CachingSync:
    """The same for code that is not async."""

    def register_provider(self, provider: cache_provider.CacheProvider) -> None:
        cache_provider.register_cache_provider(provider)

    def unregister_provider(self, provider: cache_provider.CacheProvider) -> None:
        cache_provider.unregister_cache_provider(provider)


class ComfyAPI:
    """What packs ask of the engine."""

    def __init__(self) -> None:
        self.execution = Execution()
        self.caching = Caching()
        self.node_replacement = NodeReplacement()


class ComfyAPISync:
    """The same for code that is not async."""

    def __init__(self) -> None:
        self.execution = ExecutionSync()
        self.caching = CachingSync()
        self.node_replacement = NodeReplacementSync()


class Input:
    """Types of values as annotations."""

    Image = Any
    Audio = dict[str, Any]
    Mask = Any
    Latent = dict[str, Any]
    Video = Any


class InputImpl:
    """Values as packs make them; torch is imported when one is made."""

    @staticmethod
    def VideoFromFile(file: Any, *, start_time: float = 0.0, duration: float = 0.0) -> Any:
        from comfy_api import input_impl

        return input_impl.VideoFromFile(file, start_time=start_time, duration=duration)

    @staticmethod
    def VideoFromComponents(components: Any) -> Any:
        from comfy_api import input_impl

        return input_impl.VideoFromComponents(components)


class Types:
    """What values of some types are made of."""

    VideoCodec = util.VideoCodec
    VideoContainer = util.VideoContainer
    VideoComponents = util.VideoComponents


__all__ = [
    "IO",
    "UI",
    "Caching",
    "ComfyAPI",
    "ComfyAPISync",
    "ComfyExtension",
    "Input",
    "InputImpl",
    "Types",
    "io",
    "ui",
]
