"""Which models are on a device right now. The weight file, memory-mapped, is the pristine copy; a model on a device is
a copy of it with patches applied, and making room is dropping such a copy. One that does not fit is streamed in part.

    with residency.use([model], working_bytes=…):
        model.model.apply_model(…)

Nobody else moves weights. Models leave in the order of their last use when room is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from weakref import WeakKeyDictionary, ref

import torch
from torch import nn

from comfy_core.memory import devices
from comfy_core.memory.placing import drop, place
from comfy_core.memory.resident import Resident, tell_detached, tell_loaded
from comfy_core.memory.streaming import Plan, Stream, plan
from comfy_core.patcher import ModelPatcher

log = logging.getLogger(__name__)


class Residency:
    """Knows every loaded model of a worker, its bytes and its last use. A network nobody refers to any more is gone.

    `free_bytes(device)` says how much new weights could take; a test gives one that only counts.
    """

    def __init__(self, free_bytes: Callable[[torch.device], int] = devices.free_bytes) -> None:
        self._free_bytes = free_bytes
        self._residents: WeakKeyDictionary[nn.Module, Resident] = WeakKeyDictionary()
        self._clock = count()

    @property
    def residents(self) -> list[Resident]:
        """What is loaded, least recently used first."""
        return sorted(self._residents.values(), key=lambda one: one.last_use)

    def bytes_on(self, device: torch.device) -> int:
        return sum(one.bytes for one in self._residents.values() if one.device == device)

    def room(self, patchers: Sequence[ModelPatcher]) -> int:
        """Bytes there would be for work beside these models if every other one left that is not at work."""
        device, networks = patchers[0].load_device, [patcher.model for patcher in patchers]
        idle = [one for network, one in self._residents.items() if not one.users and network not in networks]
        missing = sum(patcher.model_size() for patcher in patchers if patcher.model not in self._residents)
        return self._free_bytes(device) + sum(one.bytes for one in idle if one.device == device) - missing

    @contextmanager
    def use(self, patchers: Sequence[ModelPatcher], working_bytes: int = 0) -> Iterator[None]:
        """Have these models on their devices, patched, while the block runs, with `working_bytes` left for its work.

        Models in use never leave. Clones share a network, so two with different patches cannot be in use at once.

        Raises:
            ValueError: a clone is asked for while another one with different patches is in use.
        """
        with ExitStack() as stack:
            for patcher in patchers:
                resident = self._load(patcher, working_bytes)
                tell_loaded(resident, patcher)
                resident.users += 1
                stack.callback(self._done, resident)
                stack.enter_context(patcher.objects_in_place())
            yield

    def load(self, patcher: ModelPatcher) -> int:
        """Have a model on its device, patched, for as long as nobody else needs the room; the bytes that are there."""
        with self.use([patcher]):
            return self.bytes_of(patcher.model)

    def bytes_of(self, network: nn.Module) -> int:
        """Bytes of a network's weights that are on its device."""
        resident = self._residents.get(network)
        return 0 if resident is None else resident.bytes

    def free(self, network: nn.Module) -> None:
        """Drop the weights of a model, unless it is at work right now."""
        resident = self._residents.get(network)
        if resident is not None and not resident.users:
            self._forget(network, resident)

    def free_all(self) -> None:
        """Drop the weights of every model that is not at work right now."""
        self._evict_until(lambda: False)

    def stream(self, network: nn.Module) -> bool:
        """Take all that can be streamed of a model at work off its device, because memory ended. False if that is how
        it works already, or it has nothing to stream. Call it between two runs of the network."""
        resident = self._residents.get(network)
        if resident is None or resident.users != 1:
            return False
        before = resident.stream.names if resident.stream else ()
        patcher = resident.patcher()
        if patcher is None or len((planned := plan(patcher, 0)).streamed) <= len(before):
            return False
        self._forget(network, resident)
        self._place(patcher, planned, resident)
        return True

    def exchange(self, patcher: ModelPatcher) -> None:
        """Give a model that is at work the patches of another clone. Call it between two runs of the network."""
        resident = self._residents[patcher.model]
        if resident.patches_uuid != patcher.patches_uuid:
            self._patch_anew(resident, patcher)

    def _load(self, patcher: ModelPatcher, working_bytes: int) -> Resident:
        device = patcher.load_device
        resident = self._residents.get(patcher.model)
        if resident is None:
            self._make_room(device, patcher.model_size() + working_bytes)
            return self._place(patcher, plan(patcher, self._free_bytes(device) - working_bytes))
        if resident.dtype != patcher.dtype:
            return self._load_as(patcher, resident, working_bytes)
        resident.last_use = next(self._clock)
        resident.users += 1
        try:
            self._make_room(device, working_bytes)
        finally:
            resident.users -= 1
        better = plan(patcher, self._free_bytes(device) + resident.bytes - working_bytes)
        needed = working_bytes + resident.plan.passing - resident.passing
        short = self._free_bytes(device) < needed and better.bytes < resident.plan.bytes
        roomy = resident.stream is not None and not better.streamed
        if not resident.users and (short or roomy):
            self._forget(patcher.model, resident)
            return self._place(patcher, better)
        if resident.patches_uuid != patcher.patches_uuid:
            self._repatch(resident, patcher)
        resident.patcher = ref(patcher)
        return resident

    def _load_as(self, patcher: ModelPatcher, resident: Resident, working_bytes: int) -> Resident:
        """Load a model anew that is there in another type."""
        if resident.users:
            raise ValueError(f"{patcher.name} is already at work in numbers of another type")
        self._forget(patcher.model, resident)
        return self._load(patcher, working_bytes)

    def _place(self, patcher: ModelPatcher, planned: Plan, resident: Resident | None = None) -> Resident:
        """Load a model as planned, anew or, while it is at work, in the place of how it was."""
        stream = Stream(patcher, planned.streamed, planned.at_once) if planned.streamed else None
        place(patcher, patcher.source if stream is None else patcher.source.keys() - stream.keys())
        resident = resident or Resident(
            name=patcher.name,
            device=patcher.load_device,
            plan=planned,
            source=patcher.source,
            from_file=patcher.from_file,
            patcher=ref(patcher),
            patched=set(),
            dtype=patcher.dtype,
            patches_uuid=patcher.patches_uuid,
            last_use=next(self._clock),
        )
        resident.plan, resident.streamed = planned, None if stream is None else ref(stream)
        resident.patched = set(patcher.patches)
        resident.patches_uuid = patcher.patches_uuid
        resident.told = None
        self._residents[patcher.model] = resident
        whole = patcher.model_size()
        how = "" if stream is None else f" of {whole / 2**20:.0f} MiB, the rest streamed,"
        log.info("%s: %.0f MiB%s loaded on %s", resident.name, planned.bytes / 2**20, how, resident.device)
        return resident

    def _repatch(self, resident: Resident, patcher: ModelPatcher) -> None:
        if resident.users:
            raise ValueError(f"{patcher.name} is already at work with other patches")
        self._patch_anew(resident, patcher)
        if resident.heard is patcher:
            resident.told = None

    def _patch_anew(self, resident: Resident, patcher: ModelPatcher) -> None:
        changed = resident.patched | patcher.patches.keys()
        if resident.stream is not None:
            resident.stream.use(patcher)
            changed -= resident.stream.keys()
        try:
            place(patcher, changed)
        except BaseException:
            self._forget(patcher.model, resident)
            raise
        devices.empty_cache(resident.device)
        resident.patched = set(patcher.patches)
        resident.patches_uuid = patcher.patches_uuid
        resident.patcher = ref(patcher)

    def _done(self, resident: Resident) -> None:
        resident.users -= 1
        resident.last_use = next(self._clock)
        if devices.policy().novram:
            self.free_all()

    def _make_room(self, device: torch.device, wanted: int) -> None:
        sparing = devices.policy().lowvram or devices.policy().novram
        self._evict_until(lambda: not sparing and self._free_bytes(device) >= wanted, device)

    def _evict_until(self, enough: Callable[[], bool], device: torch.device | None = None) -> None:
        for network, resident in sorted(self._residents.items(), key=lambda item: item[1].last_use):
            if enough():
                return
            if not resident.users and device in (None, resident.device):
                self._forget(network, resident)
                log.info("%s: %.0f MiB freed on %s", resident.name, resident.bytes / 2**20, resident.device)

    def _forget(self, network: nn.Module, resident: Resident) -> None:
        if resident.stream is not None:
            resident.stream.close()
        drop(network, resident.source, resident.from_file)
        del self._residents[network]
        devices.empty_cache(resident.device)
        tell_detached(resident, True)


_residency = Residency()


def current() -> Residency:
    """The residency of this worker."""
    return _residency


def use(patchers: Sequence[ModelPatcher], working_bytes: int = 0) -> AbstractContextManager[None]:
    """`Residency.use` of this worker."""
    return _residency.use(patchers, working_bytes)


def free_all() -> None:
    """Drop the weights of every loaded model; they come back from their files when next needed."""
    _residency.free_all()
