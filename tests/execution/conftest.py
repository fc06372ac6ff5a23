"""The fake nodes of packs/fake.py, loaded as a custom pack is, and a base directory that has them."""

import itertools
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from comfy_core.folders import Folders
from execution.cache.memory import RamCache
from execution.engine import Engine
from execution.executor import Executor
from execution.load_nodes import load_nodes
from execution.validate import validate
from execution.worker import Job, WorkerSettings
from execution.workers.in_process import InProcessWorker

PACKS = Path(__file__).parent / "packs"


@pytest.fixture
def nodes():
    return load_nodes((), PACKS)


@pytest.fixture
def schemas(nodes):
    return {name: node.schema for name, node in nodes.items()}


@pytest.fixture
def check(schemas, folders):
    return lambda prompt, targets=None: validate(prompt, schemas, folders, targets)


@pytest.fixture
def failures():
    return {}


@pytest.fixture
def load(tmp_path, failures):
    return lambda packages=(): load_nodes(packages, tmp_path, failures.__setitem__)


@pytest.fixture
def calls(nodes):
    """The classes of the nodes that ran in this process."""
    return sys.modules["custom_nodes.fake"].calls


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    (tmp_path / "input").mkdir()
    return Folders(base=tmp_path)


@pytest.fixture
def settings(folders):
    return WorkerSettings(base=str(folders.base), packages=())


@pytest.fixture
def running_engine(folders, settings):
    """`async with running_engine() as engine`: one start of the server; the base directory stays the same."""

    @asynccontextmanager
    async def running_engine(worker=None):
        engine = Engine(folders, worker=worker or InProcessWorker(settings))
        await engine.start()
        try:
            yield engine
        finally:
            await engine.close()

    return running_engine


@pytest.fixture
async def engine(running_engine):
    async with running_engine() as engine:
        yield engine


@pytest.fixture
def executor(nodes):
    return Executor(nodes, RamCache(1 << 20))


@pytest.fixture
def run(executor):
    """Run a prompt; the events, plus `.of(kind)` for those of one kind."""
    ids = itertools.count()

    def run(prompt, outputs=None, interrupted=lambda: False, **extra_data):
        events = []
        outputs = outputs or [one for one, raw in prompt.items() if executor.nodes[raw["class_type"]].schema.is_output]
        job = Job(prompt_id=f"run {next(ids)}", prompt=prompt, outputs=outputs, extra_data=extra_data)
        executor.run(job, events.append, interrupted)
        return SimpleNamespace(all=events, of=lambda kind: [event for event in events if isinstance(event, kind)])

    return run


def node_of(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}


@pytest.fixture(name="node")
def node_fixture():
    return node_of
