"""One loaded network: where its weights are and whose patches they carry, and who hears of it when that changes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import ReferenceType, ref

import torch
from torch import Tensor

from comfy_core.memory.streaming import Plan, Stream
from comfy_core.patcher import ModelPatcher
from comfy_core.wrappers import CallbacksMP


@dataclass
class Resident:
    """What is known of a network whose weights are loaded: where they are, and which patches they carry."""

    name: str
    device: torch.device
    plan: Plan
    source: Mapping[str, Tensor]
    from_file: bool
    patcher: ReferenceType[ModelPatcher]
    patched: set[str]
    dtype: torch.dtype | None
    patches_uuid: uuid.UUID
    last_use: int
    streamed: ReferenceType[Stream] | None = None
    users: int = 0
    told: ReferenceType[ModelPatcher] | None = None

    @property
    def passing(self) -> int:
        """Bytes of streamed weights that are here now."""
        stream = self.stream
        return stream.held if stream else 0

    @property
    def bytes(self) -> int:
        return self.plan.kept + self.passing

    @property
    def stream(self) -> Stream | None:
        """What streams the weights that are not here. The network itself keeps it, in its hooks."""
        return None if self.streamed is None else self.streamed()

    @property
    def heard(self) -> ModelPatcher | None:
        """The clone whose callbacks know that it is loaded, if it is still there."""
        return None if self.told is None else self.told()


def tell_loaded(resident: Resident, patcher: ModelPatcher) -> None:
    """Have a clone's callbacks hear that its weights are on their device, unless they have since these were put there;
    those of the clone that had them before hear that they are another's now."""
    if resident.heard is patcher:
        return
    tell_detached(resident, False)
    resident.told = ref(patcher)
    kept = resident.plan.kept if resident.plan.streamed else 0
    for heard in patcher.get_all_callbacks(CallbacksMP.ON_LOAD):
        heard(patcher, resident.device, kept, False, not resident.plan.streamed)


def tell_detached(resident: Resident, unpatched: bool) -> None:
    """Have the callbacks of the clone that was told of its weights hear that it has them no longer."""
    patcher, resident.told = resident.heard, None
    if patcher is not None:
        for heard in patcher.get_all_callbacks(CallbacksMP.ON_DETACH):
            heard(patcher, unpatched)
