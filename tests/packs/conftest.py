"""The packs beside this file, loaded as a worker loads custom packs, and a way to run prompts with them."""

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from comfy_core.folders import Folders
from execution.cache.memory import RamCache
from execution.events import Executed, ExecutionError, ExecutionSuccess
from execution.executor import Executor
from execution.load_nodes import load_nodes, prepare_packs
from execution.validate import validate
from execution.worker import Job
from execution.workers import messages

PACKS = Path(__file__).parent / "custom_nodes"


@pytest.fixture(scope="session")
def nodes():
    """Loaded from here, even if a worker in this process has already loaded them through a link elsewhere."""
    for name in [one for one in sys.modules if one.startswith("custom_nodes.")]:
        del sys.modules[name]
    failures = {}
    prepare_packs(PACKS, failures.__setitem__)
    found = load_nodes((), PACKS, failures.__setitem__)
    assert failures == {}
    return found


@pytest.fixture
def classic(nodes):
    """The classic pack's module of plain nodes."""
    module = sys.modules["custom_nodes.classic.plain"]
    module.calls.clear()
    return module


@pytest.fixture
def calls(classic):
    """What ran."""
    return classic.calls


@pytest.fixture
def executor(nodes):
    return Executor(nodes, RamCache(1 << 20))


@pytest.fixture
def run(executor):
    """Run a prompt and hear of it as the server does; `.texts` is what output nodes show, `.error` how it failed."""
    ids = itertools.count()

    def run(prompt, outputs=None, interrupted=lambda: False, **extra_data):
        events = []
        outputs = outputs or [one for one, raw in prompt.items() if executor.nodes[raw["class_type"]].schema.is_output]
        job = Job(prompt_id=f"run {next(ids)}", prompt=prompt, outputs=outputs, extra_data=extra_data)
        executor.run(job, events.append, interrupted)
        travelled = msgspec.msgpack.decode(messages.frame(messages.Happened(events))[4:], type=messages.FromWorker)
        assert len(travelled.events) == len(events)

        def of(kind):
            return [event for event in travelled.events if isinstance(event, kind)]

        shown = [event.output for event in of(Executed) if event.output]
        return SimpleNamespace(
            all=travelled.events,
            of=of,
            texts=[text for output in shown for text in output.get("text", [])],
            shown=shown,
            error=next(iter(of(ExecutionError)), None),
            succeeded=bool(of(ExecutionSuccess)),
        )

    return run


@pytest.fixture
def check(nodes, tmp_path):
    """Validate a prompt as a worker does, with the nodes' own checks."""

    def check(prompt, targets=None):
        schemas = {name: node.current_schema() for name, node in nodes.items()}
        return validate(prompt, schemas, Folders(base=tmp_path), targets, nodes)

    return check


@pytest.fixture(name="node")
def node_fixture():
    return lambda class_type, /, **inputs: {"class_type": class_type, "inputs": inputs}
