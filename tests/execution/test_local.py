"""`from execution import Engine`: workflows from plain Python."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from PIL import Image

from comfy_core.folders import CHECKOUT
from execution import Engine
from execution.headless import Failed
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from tests.test_main import PACKS, PROMPT, WORKFLOW


@pytest.fixture
def engine(tmp_path):
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    settings = WorkerSettings(base=str(tmp_path), output=str(tmp_path / "pictures"), packages=())
    with Engine(tmp_path, tmp_path / "pictures", worker=InProcessWorker(settings)) as engine:
        yield engine


def text_of(path):
    return json.loads(Image.open(path).info["prompt"])["1"]["inputs"]["text"]


def test_a_workflow_is_run_and_its_files_are_returned(engine, tmp_path):
    (tmp_path / "wf.json").write_text(json.dumps(WORKFLOW))
    (picture,) = engine.run(tmp_path / "wf.json")
    assert picture == tmp_path / "pictures" / "fake_00001_.png"
    assert text_of(picture) == "hello"


def test_inputs_get_other_values_and_a_picture_is_a_workflow_too(engine):
    (first,) = engine.run(WORKFLOW, **{"1.text": "a=b", "FakeText.seed": 7})
    assert text_of(first) == "a=b"
    (second,) = engine.run(str(first), **{"1.text": "5"})
    assert text_of(second) == "5"
    assert second != first


def test_models_are_also_where_the_base_directory_says(tmp_path):
    (tmp_path / "extra_model_paths.yaml").write_text("a:\n  loras: mine\n")
    assert tmp_path / "mine" in Engine(tmp_path).folders.models("loras")


def test_a_closed_engine_says_so(engine):
    engine.run(WORKFLOW)
    engine.close()
    engine.close()
    with pytest.raises(RuntimeError, match="this engine is closed"):
        engine.run(WORKFLOW)
    with pytest.raises(RuntimeError, match="this engine is closed"), engine:
        pass


def test_what_cannot_run_is_said_and_the_engine_goes_on(engine, tmp_path):
    with pytest.raises(ValueError, match=r"node 1 \(FakeText\) has no input 'tex'; it has: seed, style, text"):
        engine.run(WORKFLOW, **{"1.tex": "x"})
    with pytest.raises(ValueError, match=r"write NODE\.INPUT"):
        engine.run(WORKFLOW, text="x")
    with pytest.raises(Failed, match=r"there is no file nowhere\.json"):
        engine.run("nowhere.json")
    with pytest.raises(Failed, match=r"Node 1 \(FakeText\): Value not in list"):
        engine.run(WORKFLOW, **{"1.style": "wild"})
    with pytest.raises(Failed, match=r"Node 1 \(FakeFail\): the value is no good"):
        engine.run({"1": {"class_type": "FakeFail", "inputs": {}}})
    with pytest.raises(ValueError, match="this JSON is no workflow"):
        engine.run({"a": 1})
    assert len(engine.run(PROMPT)) == 2


def test_ctrl_c_stops_the_node_and_the_engine_goes_on(engine):
    engine.run(WORKFLOW)  # its packs are loaded
    at_work = sys.modules["custom_nodes.fake"].at_work
    long = {"1": {"class_type": "FakeSteps", "inputs": {"count": 100_000, "seconds": 0.01}}}
    long["2"] = {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "long", "copies": 1}}
    threading.Thread(target=lambda: at_work.wait() and os.kill(os.getpid(), signal.SIGINT), daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        engine.run(long)
    assert len(engine.run(WORKFLOW)) == 1


def test_it_works_where_an_event_loop_runs_already(tmp_path):
    """As in a notebook."""
    import asyncio

    (tmp_path / "custom_nodes").symlink_to(PACKS)

    async def cell():
        worker = InProcessWorker(WorkerSettings(base=str(tmp_path), packages=()))
        with Engine(tmp_path, worker=worker) as engine:
            return engine.run(WORKFLOW)

    assert len(asyncio.run(cell())) == 1


def test_an_engine_that_was_never_started_can_be_closed():
    Engine().close()


def test_importing_costs_neither_torch_nor_a_database():
    code = (
        "import sys, execution; before = set(sys.modules); from execution import Engine; "
        "print([one for one in ('execution.local', 'sqlalchemy') if one in before], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert done.stdout.strip() == "[] False"
