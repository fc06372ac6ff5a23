"""Whether a run shows previews: as the worker was started, unless the prompt says otherwise."""

import asyncio

import pytest

from comfy_core import preview_method
from comfy_core.memory import residency
from execution.events import Preview
from execution.worker import Job, WorkerSettings
from execution.workers.in_process import InProcessWorker
from tests.tiny_sd1 import write_checkpoint
from web.server.cli.arguments import parse, worker_of

PROMPT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a cat"}},
    "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "4": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0],
            "seed": 1,
            "steps": 2,
            "cfg": 1.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "positive": ["2", 0],
            "negative": ["2", 0],
            "latent_image": ["3", 0],
            "denoise": 1.0,
        },
    },
    "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
    "6": {"class_type": "PreviewImage", "inputs": {"images": ["5", 0]}},
}


@pytest.fixture
def base(tmp_path):
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    write_checkpoint(tmp_path / "models" / "checkpoints" / "tiny.safetensors")
    yield tmp_path
    residency.free_all()
    preview_method.configure("auto")


@pytest.mark.parametrize(
    ("usual", "of_prompt", "shown"),
    [("auto", None, True), ("none", None, False), ("auto", "none", False), ("none", "latent2rgb", True)],
)
def test_previews_are_shown_as_the_start_or_the_prompt_says(base, usual, of_prompt, shown):
    async def run() -> list:
        worker = InProcessWorker(WorkerSettings(base=str(base), cpu=True, preview_method=usual))
        await worker.start()
        try:
            extra = {} if of_prompt is None else {"preview_method": of_prompt}
            job = Job(prompt_id="p", prompt=PROMPT, outputs=["6"], extra_data=extra)
            return [event async for some in worker.run(job) for event in some]
        finally:
            await worker.close()

    events = asyncio.run(run())
    assert any(isinstance(event, Preview) for event in events) == shown


def test_the_command_line_sets_the_usual_method(base):
    options = parse(["serve", "--base-directory", str(base), "--preview-method", "taesd"])
    assert worker_of(options, in_process=True)._settings.preview_method == "taesd"
