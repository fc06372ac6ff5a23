"""A model as a node hands it on: shared weights, and what this user of them wants changed.

A patch is data (which weight, which recipe, how strong). Cloning copies lists, never weights; the weights themselves
are made, patched, by `comfy_core.memory.residency` when they are needed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from typing import Any

import torch
from torch import Tensor, nn

from comfy_core.memory.shortage import is_out_of_memory
from comfy_core.model_functions import ModelFunctions
from comfy_core.patches import Patch, Room, applied, patched
from comfy_core.weights.table import Weights
from comfy_core.wrappers import CallbacksMP, PatcherInjection


class ModelPatcher(ModelFunctions):
    """A network, where its pristine weights come from, and the changes that this clone makes to it.

    `source` maps weight names to pristine tensors: the memory-mapped file. Without it, the tensors the network holds
    now are the pristine ones. `dtype` is what floating weights are loaded as; None keeps their own types. Matrices are
    loaded as `storage` where that is given; the network must cast them when it uses them.
    """

    def __init__(
        self,
        model: nn.Module,
        load_device: torch.device,
        offload_device: torch.device,
        size: int = 0,
        weight_inplace_update: bool = False,
        *,
        source: Mapping[str, Tensor] | None = None,
        dtype: torch.dtype | None = None,
        storage: torch.dtype | None = None,
        name: str = "",
    ) -> None:
        self.model = model
        self.load_device = load_device
        self.offload_device = offload_device
        self.size = size
        self.weight_inplace_update = weight_inplace_update
        self.from_file = source is not None
        self.source: Mapping[str, Tensor] = dict(model.state_dict()) if source is None else source
        self.dtype = dtype
        self.storage = storage
        self.name = name or type(model).__name__
        self.patches: dict[str, list[Patch]] = {}
        self.patches_uuid = uuid.uuid4()
        self.object_patches: dict[str, Any] = {}
        self.attachments: dict[str, Any] = {}
        self.injections: dict[str, list[PatcherInjection]] = {}
        self.additional_models: dict[str, list[ModelPatcher]] = {}
        self.model_options: dict[str, Any] = {"transformer_options": {}}
        self._by_hand: AbstractContextManager[None] | None = None

    def clone(self) -> ModelPatcher:
        """Another user of the same weights, with its own lists of changes."""
        twin = copy(self)
        twin.patches = {key: list(patches) for key, patches in self.patches.items()}
        twin.object_patches = dict(self.object_patches)
        twin.attachments = dict(self.attachments)
        twin.injections = copy_containers(self.injections)
        twin.additional_models = copy_containers(self.additional_models)
        twin.model_options = copy_containers(self.model_options)
        twin._by_hand = None
        for heard in self.get_all_callbacks(CallbacksMP.ON_CLONE):
            heard(self, twin)
        return twin

    def is_clone(self, other: Any) -> bool:
        return getattr(other, "model", None) is self.model

    # --- weights ----------------------------------------------------------------------------------------------------

    def add_patches(
        self, patches: Mapping[Any, Any], strength_patch: float = 1.0, strength_model: float = 1.0
    ) -> list[Any]:
        """Change weights: `patches` maps a weight's name, or (name, offset[, function]), to a recipe.

        A recipe is an object with `apply(weight, strength)`, `("diff", (tensor,))`, `("set", (tensor,))` or
        `(tensor,)`. Returns the keys that name a weight of this model; the others are left out.
        """
        taken = []
        for place, recipe in patches.items():
            key, offset, function = (place, None, None) if isinstance(place, str) else (*place, None, None)[:3]
            if key in self.source:
                self.patches.setdefault(key, []).append(Patch(strength_patch, recipe, strength_model, offset, function))
                taken.append(place)
        self.patches_uuid = uuid.uuid4()
        return taken

    def weight(self, key: str, room: Room | None = None) -> Tensor:
        """A weight as it is to be used: on the load device, in the compute type, patched; made in `room` if it is a
        copy."""
        pristine = self.source[key]
        dtype = self.loaded_dtype(pristine)
        patches = [patch for patch in self.patches.get(key, ()) if not patch.changes_nothing]
        if not patches and (room is None or (pristine.device, pristine.dtype) == (self.load_device, dtype)):
            return pristine.to(self.load_device, dtype)
        with _naming(key, pristine):
            return patched(pristine, patches, self.load_device, dtype, room)

    def taken_weight(self, key: str, room: Room | None = None) -> Tensor:
        """`weight`; if it is a copy, the memory that reading the file took is given back."""
        weight = self.weight(key, room)
        if isinstance(self.source, Weights) and weight.data_ptr() != self.source[key].data_ptr():
            self.source.release(key)
        return weight

    def computing_in(self, dtype: torch.dtype) -> ModelPatcher:
        """A clone that is loaded, and computes, in another type.

        Raises ValueError where the weights are kept in a smaller type than the network computes in.
        """
        if self.storage is not None:
            raise ValueError(f"{self.name} is stored as {self.storage}: choose what it computes in where it is loaded")
        twin = self.clone()
        twin.dtype, twin.size = dtype, 0
        return twin

    def loaded_dtype(self, weight: Tensor) -> torch.dtype:
        """The type that a pristine weight is loaded as."""
        if not weight.is_floating_point():
            return weight.dtype
        if self.storage is not None and weight.ndim > 1:
            return self.storage
        return self.dtype or weight.dtype

    def calculate_weight(self, patches: list[Patch], weight: Tensor, key: str) -> Tensor:
        """`weight` with `patches` applied in order. Raises ValueError naming the weight a recipe does not fit."""
        with _naming(key, weight):
            return applied(patches, weight)

    def get_key_patches(self, filter_prefix: str | None = None) -> dict[str, list[Any]]:
        """For every weight: its pristine tensor (in a one-tuple) followed by its patches; what merging needs."""
        return {
            key: [(self.source[key],), *self.patches.get(key, ())]
            for key in self.source
            if filter_prefix is None or key.startswith(filter_prefix)
        }

    def model_state_dict(self, filter_prefix: str | None = None) -> dict[str, Tensor]:
        """The pristine weights by name."""
        return {key: self.source[key] for key in self.source if filter_prefix is None or key.startswith(filter_prefix)}

    def model_size(self) -> int:
        """Bytes the weights take when loaded."""
        if not self.size:
            self.size = sum(self.weight_bytes(key) for key in self.source)
        return self.size

    def weight_bytes(self, key: str) -> int:
        """Bytes a weight takes when loaded."""
        pristine = self.source[key]
        return pristine.numel() * self.loaded_dtype(pristine).itemsize

    def model_dtype(self) -> torch.dtype:
        """The type the network computes in."""
        return self.dtype or next(iter(self.model.parameters())).dtype

    def memory_required(self, input_shape: tuple[int, ...] | list[int]) -> int:
        """Bytes of working memory one step on an input of this shape takes, as the model estimates it."""
        estimate = getattr(self.model, "memory_required", None)
        return int(estimate(tuple(input_shape))) if estimate else 0

    # --- objects ----------------------------------------------------------------------------------------------------

    def add_object_patch(self, name: str, obj: Any) -> None:
        """Put `obj` in place of the attribute at the dotted path `name` while the model is at work."""
        self.object_patches[name] = obj

    def get_model_object(self, name: str) -> Any:
        """The attribute at a dotted path, as this clone sees it. Raises AttributeError if there is none."""
        if name in self.object_patches:
            return self.object_patches[name]
        found: Any = self.model
        for part in name.split("."):
            found = getattr(found, part)
        return found

    @contextmanager
    def objects_in_place(self) -> Iterator[None]:
        """Have the object patches and injections on the network while the block runs."""
        with ExitStack() as stack:
            for name, obj in self.object_patches.items():
                path, _, last = name.rpartition(".")
                owner = self.model.get_submodule(path)
                stack.callback(setattr, owner, last, getattr(owner, last))
                setattr(owner, last, obj)
            for injection in (one for many in self.injections.values() for one in many):
                injection.inject(self)
                stack.callback(injection.eject, self)
            yield

    # --- what goes along --------------------------------------------------------------------------------------------

    def set_attachments(self, key: str, attachment: Any) -> None:
        """Keep something with this clone and those made of it."""
        self.attachments[key] = attachment

    def get_attachment(self, key: str) -> Any:
        return self.attachments.get(key)

    def remove_attachments(self, key: str) -> None:
        self.attachments.pop(key, None)

    def set_injections(self, key: str, injections: list[PatcherInjection]) -> None:
        """Have the network changed for as long as this clone is at work."""
        self.injections[key] = injections

    def get_injections(self, key: str) -> list[PatcherInjection] | None:
        return self.injections.get(key)

    def remove_injections(self, key: str) -> None:
        self.injections.pop(key, None)

    def set_additional_models(self, key: str, models: list[ModelPatcher]) -> None:
        """Further models that are to be loaded whenever this one samples."""
        self.additional_models[key] = models

    def get_additional_models_with_key(self, key: str) -> list[ModelPatcher]:
        return self.additional_models.get(key, [])

    def get_additional_models(self) -> list[ModelPatcher]:
        return [model for models in self.additional_models.values() for model in models]

    def remove_additional_models(self, key: str) -> None:
        self.additional_models.pop(key, None)

    # --- loading by hand --------------------------------------------------------------------------------------------

    def patch_model(self, device_to: Any = None, *rest: Any, load_weights: bool = True, **options: Any) -> nn.Module:
        """Load the weights, patched, put the object patches in place until `unpatch_model`, and return the network.

        Where the weights go is the residency's business, whatever is asked. Sampling needs none of this.
        """
        self.unpatch_model(unpatch_weights=False)
        if load_weights:
            _residency().load(self)
        in_place = self.objects_in_place()
        in_place.__enter__()
        self._by_hand = in_place
        return self.model

    def unpatch_model(self, device_to: Any = None, unpatch_weights: bool = True) -> None:
        """Undo `patch_model`: objects are as they were, and the patched weights are dropped."""
        in_place, self._by_hand = self._by_hand, None
        if in_place is not None:
            in_place.__exit__(None, None, None)
        if unpatch_weights:
            _residency().free(self.model)

    def detach(self, unpatch_all: bool = True) -> nn.Module:
        """Take the model off its device."""
        self.unpatch_model(unpatch_weights=unpatch_all)
        return self.model

    def partially_load(
        self, device_to: Any = None, extra_memory: int = 0, force_patch_weights: bool = False, **options: Any
    ) -> int:
        """Load as much of the model as fits; returns the bytes that are on its device."""
        return _residency().load(self)

    def loaded_size(self) -> int:
        """Bytes of this model's weights that are on its device now."""
        return _residency().bytes_of(self.model)

    def current_loaded_device(self) -> torch.device:
        return self.load_device if self.loaded_size() else self.offload_device


def _residency() -> Any:
    """Who loads models. It knows patchers, so that they meet it only when at work."""
    from comfy_core.memory import residency

    return residency.current()


def copy_containers(value: Any) -> Any:
    """A copy of nested dicts and lists that shares everything else."""
    if isinstance(value, dict):
        return {key: copy_containers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [copy_containers(inner) for inner in value]
    return value


@contextmanager
def _naming(key: str, weight: Tensor) -> Iterator[None]:
    """Have an error of a recipe inside the `with` block name the weight that it does not fit."""
    shape = tuple(weight.shape)
    try:
        yield
    except (RuntimeError, IndexError) as error:
        if is_out_of_memory(error):
            raise
        raise ValueError(f"a patch does not fit {key} of shape {shape}: {error}") from error
