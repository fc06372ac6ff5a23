"""Wrappers and callbacks of models, as packs import them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comfy_core.wrappers import CallbacksMP, PatcherInjection, WrapperExecutor, WrappersMP, carried, carry

__all__ = [
    "CallbacksMP",
    "PatcherInjection",
    "WrapperExecutor",
    "WrappersMP",
    "add_callback",
    "add_callback_with_key",
    "add_wrapper",
    "add_wrapper_with_key",
    "get_all_callbacks",
    "get_all_wrappers",
]

Options = dict[str, Any]


def add_wrapper(kind: str, wrapper: Callable[..., Any], options: Options, is_model_options: bool = False) -> None:
    add_wrapper_with_key(kind, None, wrapper, options, is_model_options)


def add_wrapper_with_key(
    kind: str, key: str | None, wrapper: Callable[..., Any], options: Options, is_model_options: bool = False
) -> None:
    """Add a wrapper to `transformer_options`, or to the `model_options` that hold them."""
    carry(_transformer(options, is_model_options), "wrappers", kind, key, wrapper)


def get_all_wrappers(kind: str, options: Options, is_model_options: bool = False) -> list[Callable[..., Any]]:
    return carried(_transformer(options, is_model_options), "wrappers", kind)


def add_callback(kind: str, callback: Callable[..., Any], options: Options, is_model_options: bool = False) -> None:
    add_callback_with_key(kind, None, callback, options, is_model_options)


def add_callback_with_key(
    kind: str, key: str | None, callback: Callable[..., Any], options: Options, is_model_options: bool = False
) -> None:
    """Add a callback to `transformer_options`, or to the `model_options` that hold them."""
    carry(_transformer(options, is_model_options), "callbacks", kind, key, callback)


def get_all_callbacks(kind: str, options: Options, is_model_options: bool = False) -> list[Callable[..., Any]]:
    return carried(_transformer(options, is_model_options), "callbacks", kind)


def _transformer(options: Options, is_model_options: bool) -> Options:
    return options.setdefault("transformer_options", {}) if is_model_options else options
