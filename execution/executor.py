"""Runs a validated prompt: what is missing, each node after its sources, telling what happens.

One node works at a time; async nodes that wait do so beside the others. What a node demands while the run goes on
(lazy inputs, the nodes it expands to) joins the same schedule.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from typing import Any

from comfy_core.journal import Keeper
from execution import loop
from execution.cache import Cache
from execution.events import Executing, ExecutionStart, now_ms
from execution.expansions import Expansions
from execution.figures import Figures
from execution.graph import GraphNode
from execution.invocation import InstanceKey
from execution.peak_memory import NO_DEVICE, DeviceMemory, PeakMemory
from execution.run import Emit, Run
from execution.telling import own_failure
from execution.why import Past
from execution.worker import Job
from nodes.schema import Node

log = logging.getLogger(__name__)


class Executor:
    """Runs prompts with a set of nodes and a cache that outlives them.

    `free` is called when memory ran out, after everything of the failed run was let go. `around` is entered around
    every run and every node call (it is where gradients are switched off), and `after` is called with each node that
    has run. `broken` is called when the engine itself fails in a job, be it since a node overwrote what it needs.
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        cache: Cache,
        *,
        free: Callable[[], None] = lambda: None,
        around: Callable[[], AbstractContextManager[Any]] = nullcontext,
        after: Callable[[GraphNode], None] = lambda node: None,
        broken: Callable[[Job], None] = lambda job: None,
        keeper: Callable[[Job], Keeper | None] = lambda job: None,
        device: DeviceMemory = NO_DEVICE,
        watch: bool = False,
        figures: Figures | None = None,
        past: Past | None = None,
    ) -> None:
        self.nodes = nodes
        self.cache = cache
        self.keeper = keeper
        self.free = free
        self.around = around
        self.after = after
        self.broken = broken
        self.instances: dict[InstanceKey, Any] = {}
        self.past = past or Past()
        self.expansions = Expansions()
        self.figures = figures or Figures()
        self.memory = PeakMemory(device)
        self.watch = watch

    def run(self, job: Job, emit: Emit, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Execute a job. Never raises: one terminal event is emitted, then `Executing(node=None)`."""
        emit(ExecutionStart(prompt_id=job.prompt_id, timestamp=now_ms()))
        run = Run(self, job, emit, interrupted)
        try:
            with self.around(), loop.lent():
                end, out_of_memory = copy_context().run(run.to_the_end)
        except BaseException as error:
            log.exception("the engine itself failed in prompt %s", job.prompt_id)
            self.broken(job)
            end, out_of_memory = own_failure(job, run.current, error), False
        run.note_figures()
        del run
        for key in [key for key in self.instances if key.real_id not in job.prompt]:
            del self.instances[key]
        if out_of_memory:
            self.instances.clear()
            self.cache.clear()
            self.free()
        emit(end)
        emit(Executing(prompt_id=job.prompt_id, node=None))
        self.past.save()

    def keep(self) -> None:
        """Write down what is to be known after a restart."""
        self.figures.save(now=True)
        self.past.save(now=True)
