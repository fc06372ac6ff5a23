"""The real application over the real engine, with a worker in this process that has only the nodes of packs/fake.py."""

from pathlib import Path

import pytest

import main
from comfy_core.folders import Folders
from execution.engine import Engine
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from tests.waiting import until
from web.server.app import make_app
from web.server.settings import ServerSettings

PACKS = Path(__file__).parent / "packs"


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    (tmp_path / "input").mkdir()
    return Folders(base=tmp_path)


@pytest.fixture
def dist(tmp_path):
    """A small built editor."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Easel</title>")
    (folder / "assets" / "main-1a2b.js").write_text("export {}")
    return folder


@pytest.fixture
def settings(dist):
    return ServerSettings(max_upload_bytes=1024 * 1024, dist=dist)


@pytest.fixture
async def engine(folders):
    engine = Engine(folders, worker=InProcessWorker(WorkerSettings(base=str(folders.base), packages=())))
    await engine.start()
    yield engine
    await engine.close()


@pytest.fixture
async def client(engine, folders, settings, aiohttp_client):
    return await aiohttp_client(make_app(engine, folders, settings))


@pytest.fixture
def post_prompt(client):
    """POST a prompt; the status and the JSON that came back."""

    async def post(prompt, **more):
        answer = await client.post("/prompt", json={"prompt": prompt, **more})
        return answer.status, await answer.json()

    return post


@pytest.fixture
def finished(client):
    """The history entry of a prompt, once it has ended."""

    async def entry(prompt_id):
        return (await (await client.get(f"/history/{prompt_id}")).json()).get(prompt_id)

    return lambda prompt_id: until(lambda: entry(prompt_id))


def graph(copies=1, **text):
    """A prompt of two nodes that saves a picture."""
    return {
        "1": {"class_type": "FakeText", "inputs": {"text": "hello", "seed": 0, "style": "plain", **text}},
        "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "fake", "copies": copies}},
    }


@pytest.fixture(name="graph")
def graph_fixture():
    return graph


@pytest.fixture
def workflow():
    """The same two nodes as the editor saves them."""
    return {
        "last_node_id": 2,
        "last_link_id": 1,
        "nodes": [
            {"id": 1, "type": "FakeText", "mode": 0, "inputs": [], "widgets_values": ["hello", 0, "fixed", "plain"]},
            {
                "id": 2,
                "type": "FakeSave",
                "mode": 0,
                "inputs": [{"name": "value", "type": "NUMBER", "link": 1}],
                "widgets_values": ["fake", 1],
            },
        ],
        "links": [[1, 1, 0, 2, 0, "NUMBER"]],
        "version": 0.4,
    }


@pytest.fixture
def verify(made, capsys):
    """`main.py verify` of a file, in the base directory that a module has `made`: its exit code and what it says."""

    def verify(path, base=made):
        code = main.main(["verify", str(path), "--base-directory", str(base), "--cpu"])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out if code < 2 else err

    return verify
