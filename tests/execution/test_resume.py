"""A worker that is killed in the middle of a sampling: the next attempt goes on from there."""

from pathlib import Path
from typing import Annotated

import pytest

from comfy_core.folders import Folders
from comfy_core.journal import Keeper, next_journal
from execution.cache.none import NoCache
from execution.events import Executed
from execution.executor import Executor
from execution.worker import Job, WorkerCrashed, WorkerSettings
from execution.workers.core import keeper_of
from execution.workers.subprocess import SubprocessWorker
from nodes.schema import Int
from nodes.schema import node as make_node

STEPS = 6
PACK = '''
"""Counts how often the model is asked, and kills the process when it is told to."""
import os, signal
from pathlib import Path

ASKED, KILL_AT = (Path(__file__).parent / name for name in ("asked", "kill_at"))

class Count:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"model": ("MODEL",)}})
    RETURN_TYPES = ("MODEL",)
    FUNCTION = "count"

    def count(self, model):
        model = model.clone()
        model.set_model_unet_function_wrapper(ask)
        return (model,)

def ask(apply_model, args):
    with ASKED.open("a") as file:
        file.write(".")
    if KILL_AT.exists() and ASKED.stat().st_size == int(KILL_AT.read_text()):
        os.kill(os.getpid(), signal.SIGKILL)
    return apply_model(args["input"], args["timestep"], **args["c"])

NODE_CLASS_MAPPINGS = {"Count": Count}
'''
PROMPT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "easel-starter.safetensors"}},
    "2": {"class_type": "Count", "inputs": {"model": ["1", 0]}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a red apple"}},
    "4": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": ""}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["2", 0],
            "positive": ["3", 0],
            "negative": ["4", 0],
            "latent_image": ["5", 0],
            "seed": 3,
            "steps": STEPS,
            "cfg": 5.0,
            "sampler_name": "dpmpp_2m_sde",
            "scheduler": "karras",
            "denoise": 1.0,
        },
    },
    "7": {"class_type": "VAEDecode", "inputs": {"samples": ["6", 0], "vae": ["1", 2]}},
    "8": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "apple"}},
}


async def pictures_of(worker, folders, folder=""):
    job = Job(prompt_id="p", prompt=PROMPT, outputs=["8"], folder=folder)
    shown = [event.output async for some in worker.run(job) for event in some if isinstance(event, Executed)]
    return [(folders.output / one["filename"]).read_bytes() for output in shown for one in output["images"]]


async def test_a_killed_worker_goes_on_in_the_middle_of_the_sampling(tmp_path):
    pack = tmp_path / "custom_nodes" / "count"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text(PACK)
    (pack / "kill_at").write_text("5")
    asked = pack / "asked"
    folders = Folders(tmp_path)
    worker = SubprocessWorker(WorkerSettings(base=str(tmp_path), cpu=True, checkpoint_steps=1))
    kept = str(tmp_path / "job")
    try:
        with pytest.raises(WorkerCrashed):
            await pictures_of(worker, folders, kept)
        pictures = await pictures_of(worker, folders, kept)
        assert asked.stat().st_size == STEPS + 1, "the question it was killed at is asked again, and none before it"

        asked.unlink()
        (pack / "kill_at").unlink()
        await worker.free(True, True)
        assert pictures == await pictures_of(worker, folders)
        assert asked.stat().st_size == STEPS
    finally:
        await worker.close()


def test_progress_is_kept_where_there_is_a_folder_and_an_interval():
    job = Job(prompt_id="p", prompt={}, outputs=[])
    there = Job(prompt_id="p", prompt={}, outputs=[], folder="/nowhere/p")
    never = WorkerSettings(checkpoint_seconds=0)
    assert keeper_of(job, WorkerSettings()) is None
    assert keeper_of(there, never) is None
    keeper = keeper_of(there, WorkerSettings())
    assert keeper is not None
    assert (keeper.folder, keeper.seconds) == (Path("/nowhere/p/progress"), 10)


# --- what finds its journal again ------------------------------------------------------------------------------------


@pytest.fixture
def noting(nodes, tmp_path):
    """Run a node that notes its value once for each call; the values it found noted by earlier attempts."""
    found = []

    @make_node("Note", category="test", is_output=True)
    def note(value: Annotated[int, Int()]) -> None:
        journal = next_journal()
        earlier = None if journal is None else journal.recall()
        found.append(earlier and int(earlier))
        if journal is not None and earlier is None:
            journal.append(lambda: str(value).encode())

    @make_node("Numbers", category="test", list_outputs=True)
    def numbers() -> Annotated[int, Int()]:
        return [7, 7, 8]

    own = {"Note": note, "Numbers": numbers}
    executor = Executor(nodes | own, NoCache(), keeper=lambda job: Keeper(tmp_path / "kept", records=1))

    def run(prompt):
        found.clear()
        outputs = [id for id, one in prompt.items() if one["class_type"] == "Note"]
        executor.run(Job(prompt_id="p", prompt=prompt, outputs=outputs), lambda event: None)
        return list(found)

    return run


def test_only_equal_work_finds_its_journal(noting, node):
    assert noting({"1": node("Note", value=5)}) == [None]
    assert noting({"1": node("Note", value=5)}) == [5]
    assert noting({"other id": node("Note", value=5)}) == [5]
    assert noting({"1": node("Note", value=6)}) == [None]


def test_each_call_over_a_list_has_a_journal_of_its_own(noting, node):
    prompt = {"1": node("Numbers"), "2": node("Note", value=["1", 0])}
    assert noting(prompt) == [None, None, None]
    assert noting(prompt) == [7, 7, 8]


def test_what_is_never_equal_to_anything_is_not_kept(noting, node, tmp_path):
    prompt = {"1": node("FakeClock"), "2": node("Note", value=["1", 0])}
    assert noting(prompt) == [None]
    assert noting(prompt) == [None]
    assert not (tmp_path / "kept").exists()
