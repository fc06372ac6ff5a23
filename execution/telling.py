"""What is told of the nodes of a run, in the ids that the person knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from execution.cache import Result
from execution.dynamic_prompt import DynamicPrompt
from execution.events import (
    AnyEvent,
    Executed,
    Executing,
    ExecutionBlocked,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    NodeTiming,
    now_ms,
)
from execution.failure import describe
from execution.graph import GraphNode
from execution.peak_memory import Peak
from execution.why import Why
from execution.worker import Job
from nodes.expansion import ExecutionBlocker


class Teller:
    """Emits the events of one run, and makes those that end it. `executed` lists the nodes that ran."""

    def __init__(self, job: Job, prompt: DynamicPrompt, emit: Callable[[AnyEvent], None]) -> None:
        self.executed: list[str] = []
        self._job = job
        self._prompt = prompt
        self._emit = emit

    def cached(self, nodes: list[str]) -> None:
        self._emit(ExecutionCached(prompt_id=self._job.prompt_id, nodes=nodes, timestamp=now_ms()))

    def starts(self, node_id: str) -> None:
        display = self._prompt.get_display_node_id(node_id)
        self._emit(Executing(prompt_id=self._job.prompt_id, node=node_id, display_node=display))

    def shows(self, node_id: str, result: Result) -> None:
        display, parent, real = self._prompt.identity(node_id)
        self._emit(
            Executed(
                prompt_id=self._job.prompt_id,
                node=node_id,
                display_node=display,
                parent_node=parent,
                real_node_id=real,
                output=result.ui,
            )
        )

    def took(self, node_id: str, seconds: float, why: Why | None, peak: Peak) -> None:
        self._emit(
            NodeTiming(
                prompt_id=self._job.prompt_id,
                node=node_id,
                seconds=seconds,
                why=str(why) if why is not None else "",
                peak_bytes=peak.memory,
                device_peak_bytes=peak.device,
            )
        )

    def blocked(self, node: GraphNode, blocker: ExecutionBlocker) -> None:
        """Only the first node that a blocker stops says so: what goes on from there is silent."""
        if blocker.message is not None:
            self._emit(
                ExecutionBlocked(
                    prompt_id=self._job.prompt_id,
                    node_id=self._prompt.get_real_node_id(node.id),
                    node_type=node.schema.id,
                    exception_message=f"Execution Blocked: {blocker.message}",
                    executed=list(self.executed),
                    timestamp=now_ms(),
                )
            )

    # --- how a run ends ---

    def failure(
        self, node: GraphNode, error: BaseException, arguments: Mapping[str, Sequence[Any]], held: list[str]
    ) -> ExecutionError:
        """A node raised `error`; `held` are the nodes whose results there are."""
        return describe(
            error,
            prompt_id=self._job.prompt_id,
            node=node,
            real_id=self._prompt.get_real_node_id(node.id),
            arguments=arguments,
            executed=self.executed,
            current_outputs=held,
        )

    def interruption(self, node: GraphNode) -> ExecutionInterrupted:
        return ExecutionInterrupted(
            prompt_id=self._job.prompt_id,
            node_id=self._prompt.get_real_node_id(node.id),
            node_type=node.schema.id,
            executed=list(self.executed),
            timestamp=now_ms(),
        )

    def cycle(self, unfinished: Sequence[str]) -> ExecutionError:
        """Nodes wait for one another; the first one that was added by expansion is blamed."""
        blamed = next((one for one in unfinished if self._prompt.is_ephemeral(one)), unfinished[0])
        return failure(
            self._job,
            self._prompt.get_real_node_id(blamed),
            self._prompt.get_node(blamed)["class_type"],
            "Dependency cycle detected",
            "graph.DependencyCycleError",
        )


def failure(job: Job, node_id: str, node_type: str, message: str, exception_type: str) -> ExecutionError:
    """The end of a run for a reason of the engine's own."""
    return ExecutionError(
        prompt_id=job.prompt_id,
        node_id=node_id,
        node_type=node_type,
        exception_message=message,
        exception_type=exception_type,
        timestamp=now_ms(),
    )


def own_failure(job: Job, node_id: str, error: BaseException) -> ExecutionError:
    """The engine itself failed."""
    class_type = job.prompt.get(node_id, {}).get("class_type", "")
    return failure(job, node_id, class_type, f"The engine failed: {error}", type(error).__name__)
