"""Functions that a model carries along: wrappers, which run around a stage of sampling, and callbacks, which hear of
something that befalls the model. They lie in its `transformer_options`, by kind and by the key of who put them there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Carried = dict[str, dict[str | None, list[Callable[..., Any]]]]
"""Functions by kind and key."""


class WrappersMP:
    """The stages that wrappers run around, from the outermost to the network itself."""

    OUTER_SAMPLE = "outer_sample"
    PREPARE_SAMPLING = "prepare_sampling"
    SAMPLER_SAMPLE = "sampler_sample"
    PREDICT_NOISE = "predict_noise"
    CALC_COND_BATCH = "calc_cond_batch"
    APPLY_MODEL = "apply_model"
    DIFFUSION_MODEL = "diffusion_model"


class CallbacksMP:
    """What befalls a model: it is cloned, loaded, let go, about to be used, used no longer."""

    ON_CLONE = "on_clone"
    ON_LOAD = "on_load_after"
    ON_DETACH = "on_detach_after"
    ON_PRE_RUN = "on_pre_run"
    ON_CLEANUP = "on_cleanup"


@dataclass(frozen=True)
class WrapperExecutor:
    """What a wrapper is given first: called, it goes on with the next wrapper, or with `original` after the last."""

    original: Callable[..., Any]
    class_obj: Any
    wrappers: list[Callable[..., Any]]
    idx: int = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return WrapperExecutor(self.original, self.class_obj, self.wrappers, self.idx + 1).execute(*args, **kwargs)

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Run the wrapper whose turn it is, or `original`."""
        if self.idx == len(self.wrappers):
            return self.original(*args, **kwargs)
        return self.wrappers[self.idx](self, *args, **kwargs)

    @classmethod
    def new_executor(cls, original: Callable[..., Any], wrappers: list[Any], idx: int = 0) -> WrapperExecutor:
        return cls(original, None, wrappers, idx)

    @classmethod
    def new_class_executor(
        cls, original: Callable[..., Any], class_obj: Any, wrappers: list[Any], idx: int = 0
    ) -> WrapperExecutor:
        return cls(original, class_obj, wrappers, idx)


def wrapped(
    kind: str, original: Callable[..., Any], transformer_options: Mapping[str, Any] | None, owner: Any = None
) -> Callable[..., Any]:
    """`original` with a model's wrappers of this kind around it, the first that was put there outermost."""
    wrappers = carried(transformer_options or {}, "wrappers", kind)
    return WrapperExecutor(original, owner, wrappers).execute if wrappers else original


def carried(options: Mapping[str, Any], what: str, kind: str) -> list[Callable[..., Any]]:
    """All `wrappers` or `callbacks` of a kind, in the order of their keys."""
    return [function for functions in options.get(what, {}).get(kind, {}).values() for function in functions]


def carry(options: dict[str, Any], what: str, kind: str, key: str | None, function: Callable[..., Any]) -> None:
    """Put a function among the `wrappers` or `callbacks`."""
    options.setdefault(what, {}).setdefault(kind, {}).setdefault(key, []).append(function)


@dataclass(frozen=True)
class PatcherInjection:
    """What changes a network for as long as a model is at work: `inject(patcher)` before, `eject(patcher)` after."""

    inject: Callable[[Any], None]
    eject: Callable[[Any], None]
