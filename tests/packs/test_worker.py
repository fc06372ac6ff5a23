"""What the server asks of the nodes' code in the worker's process."""

from pathlib import Path

import pytest

from comfy_core.folders import Folders
from execution.engine import Engine
from execution.submission import Rejected
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from execution.workers.subprocess import SubprocessWorker

PACKS = Path(__file__).parent / "custom_nodes"


@pytest.fixture
async def engine_with(tmp_path):
    """Make an engine around a kind of worker that has the packs."""
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    engines = []

    async def make(kind):
        settings = WorkerSettings(base=str(tmp_path), packages=())
        engine = Engine(Folders(base=tmp_path), worker=kind(settings))
        await engine.start()
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        await engine.close()


@pytest.mark.parametrize("kind", [InProcessWorker, SubprocessWorker])
async def test_a_prompt_is_judged_by_the_nodes_own_checks_too(engine_with, kind):
    engine = await engine_with(kind)
    good = {"1": {"class_type": "ClassicChecked", "inputs": {"value": 44, "other": 1}}}
    bad = {"1": {"class_type": "ClassicChecked", "inputs": {"value": 3, "other": 1}}}
    assert (await engine.submit({"prompt": good})).node_errors == {}
    with pytest.raises(Rejected) as refused:
        await engine.submit({"prompt": bad})
    (error,) = refused.value.node_errors["1"]["errors"]
    assert (error["type"], error["details"]) == ("custom_validation_failed", "value - it is odd")
