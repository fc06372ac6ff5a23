"""The command line as a user meets it: `run` gives a picture or a reason, `serve` comes up, and goes away when told."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

import main
from comfy_core.folders import CHECKOUT
from execution.convert import read_workflow_file
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from tests.live_server import READY_SECONDS
from tests.waiting import PATIENCE_SECONDS
from web.server.cli import arguments, serve
from web.server.cli import run as run_command

PACKS = Path(__file__).parent / "web" / "packs"
PROMPT = {
    "1": {"class_type": "FakeText", "inputs": {"text": "hello", "seed": 1, "style": "plain"}, "_meta": {"title": "T"}},
    "2": {"class_type": "FakeSteps", "inputs": {"count": 3, "seconds": 0.0}},
    "3": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "fake", "copies": 1}},
    "4": {"class_type": "FakeSave", "inputs": {"value": ["2", 0], "filename_prefix": "steps", "copies": 1}},
}
WORKFLOW = {
    "last_node_id": 2,
    "nodes": [
        {"id": 1, "type": "FakeText", "widgets_values": ["hello", 1, "fixed", "plain"]},
        {
            "id": 3,
            "type": "FakeSave",
            "inputs": [{"name": "value", "type": "NUMBER", "link": 1}],
            "widgets_values": ["fake", 1],
        },
    ],
    "links": [[1, 1, 0, 3, 0, "NUMBER"]],
    "version": 0.4,
}


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A base directory whose worker has only the fake nodes, and so comes up at once."""

    def worker_of(options, *, in_process):
        folders = arguments.folders_of(options)
        settings = WorkerSettings(base=str(folders.base), output=str(folders.output), packages=())
        return InProcessWorker(settings)

    monkeypatch.setattr(run_command, "worker_of", worker_of)
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    return tmp_path


@pytest.fixture
def run(base, capsys):
    """Run a workflow given as JSON (or a path); exit code, lines on stdout and stderr."""

    def run(workflow, *words):
        path = workflow
        if not isinstance(workflow, Path):
            path = base / "workflow.json"
            path.write_text(json.dumps(workflow))
        code = main.main(["run", str(path), "--base-directory", str(base), *words])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return run


def text_of(picture):
    return json.loads(Image.open(picture).info["prompt"])["1"]["inputs"]["text"]


def test_run_says_where_the_pictures_are_and_how_long_each_node_took(run, base) -> None:
    code, out, err = run(PROMPT)
    assert code == 0
    assert sorted(Path(line).name for line in out) == ["fake_00001_.png", "steps_00002_.png"]
    assert all(Path(line).is_file() for line in out)
    assert "Node 1 (FakeText)" in err
    assert "s\n" in err
    assert not (base / "user" / "easel.db").exists()  # the server's queue is not touched


def test_out_names_the_picture_which_keeps_its_workflow(run, base) -> None:
    code, out, _ = run(WORKFLOW, "--set", "1.text=a red apple", "--out", str(base / "new" / "apple.png"))
    assert (code, out) == (0, [str(base / "new" / "apple.png")])
    found = read_workflow_file(base / "new" / "apple.png")
    assert found.prompt["1"]["inputs"]["text"] == "a red apple"
    assert found.workflow["nodes"][0]["widgets_values"] == ["a red apple", 1, "fixed", "plain"]
    assert list((base / "output").iterdir()) == []


def test_the_picture_that_was_made_runs_again(run, base) -> None:
    run(WORKFLOW, "--out", str(base / "apple.png"))
    code, out, _ = run(base / "apple.png", "--seed", str(2**64 - 1))
    assert code == 0
    assert json.loads(Image.open(out[0]).info["prompt"])["1"]["inputs"]["seed"] == 2**64 - 1


def test_several_pictures_are_numbered(run, base) -> None:
    code, out, _ = run(PROMPT, "--set", "3.copies=2", "--out", str(base / "apple.png"))
    assert code == 0
    assert sorted(Path(line).name for line in out) == ["apple.png", "apple_1.png", "apple_2.png"]


@pytest.mark.parametrize("ending", [".webp", ".jpg"])
def test_other_kinds_of_pictures_keep_the_workflow_too(run, base, ending) -> None:
    code, _, _ = run(WORKFLOW, "--out", str(base / f"apple{ending}"))
    assert code == 0
    found = read_workflow_file(base / f"apple{ending}")
    assert found.prompt["1"]["inputs"]["text"] == "hello"
    assert found.workflow == WORKFLOW


def test_a_folder_takes_pictures_under_their_own_names(run, base) -> None:
    (base / "there").mkdir()
    _, out, _ = run(WORKFLOW, "--out", str(base / "there"))
    assert out == [str(base / "there" / "fake_00001_.png")]


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("1.text=5", "5"),
        ("1.text=a=b", "a=b"),
        ('1.text="in quotes"', "in quotes"),
        ("1.text=", ""),
        ("T.text=by title", "by title"),
        ("FakeText.text=by class", "by class"),
    ],
)
def test_texts_are_set_as_they_are_written(run, change, value) -> None:
    code, out, err = run(PROMPT, "--set", change)
    assert code == 0, err
    assert text_of(out[0]) == value


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("text=x", "write NODE.INPUT=VALUE"),
        ("1.text", "write NODE.INPUT=VALUE"),
        ("99.text=x", "there is no node '99'; there are: 1 (T), 2 (FakeSteps), 3 (FakeSave), 4 (FakeSave)"),
        ("1.tex=x", "node 1 (FakeText) has no input 'tex'; it has: seed, style, text"),
        ("FakeSave.copies=2", "'FakeSave' are several nodes: 3 (FakeSave), 4 (FakeSave)"),
        ("2.count=many", "--set 2.count: 'many' is no whole number"),
        ("2.count=1.5", "--set 2.count: '1.5' is no whole number"),
        ("2.seconds=NaN", "--set 2.seconds: 'NaN' is no number"),
        ("3.value=5", '--set 3.value: value takes a link to a NUMBER output, such as ["4", 0]'),
        ("1.style=wild", "Node 1 (FakeText): Value not in list"),
        ("2.count=0", "Node 2 (FakeSteps): Value 0 smaller than min of 1"),
    ],
)
def test_changes_that_cannot_be_made_say_what_there_is(run, change, sentence) -> None:
    code, out, err = run(PROMPT, "--set", change)
    assert (code, out) == (1, [])
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("workflow", "sentence"),
    [
        ([], "workflow.json: a workflow is a JSON object, this is a list"),
        ({"a": 1}, "this JSON is no workflow"),
        ({"1": {"class_type": "Nope", "inputs": {}}}, "Nope"),
        ({"1": PROMPT["1"]}, "Prompt has no outputs"),
        ({"1": {"class_type": "FakeFail", "inputs": {}}}, "Node 1 (FakeFail): the value is no good; use another"),
        (WORKFLOW | {"links": []}, "Node 3 (FakeSave): input 'value' names link 1"),
        (PROMPT | {"3": {**PROMPT["3"], "inputs": {"value": ["77", 0]}}}, "77"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_cannot_run_is_said_in_a_sentence(run, workflow, sentence) -> None:
    code, _, err = run(workflow)
    assert code == 1
    assert sentence in err
    assert "Traceback" not in err


def test_files_that_carry_no_workflow_are_named(run, base) -> None:
    Image.new("RGB", (4, 4)).save(base / "plain.png")
    for path, sentence in ((base / "plain.png", "carries no workflow"), (base / "none.json", "there is no file")):
        code, _, err = run(path)
        assert code == 1
        assert sentence in err
        assert "Traceback" not in err


@pytest.mark.parametrize("out", ["file/x.png", "noending"])
def test_places_for_pictures_that_cannot_be_used_are_refused_before_the_run(run, base, out) -> None:
    (base / "file").touch()
    code, _, err = run(WORKFLOW, "--out", str(base / out))
    assert code == 1
    assert err.startswith("--out ")
    assert not (base / "output").exists()


# --- serve -----------------------------------------------------------------------------------------------------------


def start(*words):
    return subprocess.Popen(
        [sys.executable, "main.py", *words, "--disable-auto-launch"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_address_answers_and_ends_when_told(tmp_path, how) -> None:
    server = start("--port", "0", "--base-directory", str(tmp_path))
    try:
        line = server.stdout.readline()
        assert line.startswith("Easel is ready: http://127.0.0.1:")
        with urllib.request.urlopen(line.removeprefix("Easel is ready: ").strip(), timeout=PATIENCE_SECONDS) as page:
            assert page.status == 200
        server.send_signal(how)
        assert server.wait(timeout=READY_SECONDS) == 0
        assert "Traceback" not in server.stderr.read()
    finally:
        server.kill()


def test_a_taken_port_is_one_sentence(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start("--port", str(port), "--base-directory", str(tmp_path))
        out, err = server.communicate(timeout=READY_SECONDS)
    assert (server.returncode, out) == (1, "")
    assert err.strip() == (
        f"port {port} is taken by another program; stop it or choose another: python main.py --port {port + 1}"
    )


@pytest.mark.parametrize("flag", ["--base-directory", "--output-directory"])
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, flag, capsys) -> None:
    (tmp_path / "file").touch()
    folders = {"--base-directory": str(tmp_path), flag: str(tmp_path / "file" / "x")}
    words = [word for pair in folders.items() for word in pair]
    assert main.main(["serve", "--port", "0", *words]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"cannot write into {tmp_path}/file/x")
    assert f"choose another with {flag}" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [["--port", "abc"], ["--port", "70000"], ["--lowvram", "--highvram"], ["--bogus"]])
def test_flags_that_make_no_sense_end_with_two(words, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(words)
    assert ended.value.code == 2
    assert "usage: main.py" in capsys.readouterr().err


def test_torchs_threads_do_not_spin_unless_told_to(run, monkeypatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    run(PROMPT)
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    run(PROMPT)
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def test_memory_flags_reach_the_worker() -> None:
    options = arguments.parse(["--lowvram", "--reserve-vram", "1.5"])
    assert options.command == "serve"
    assert arguments.memory_options(options) == {"lowvram": True, "reserve_vram": 1.5}


def test_temp_is_emptied_at_start(tmp_path) -> None:
    folders = arguments.folders_of(arguments.parse(["--base-directory", str(tmp_path)]))
    (folders.temp / "sub").mkdir(parents=True)
    (folders.temp / "sub" / "a.png").touch()
    (tmp_path / "keep.txt").touch()
    (folders.temp / "link").symlink_to(tmp_path)
    serve.clear_temp(folders, before=time.time() - 3600)
    assert len(list(folders.temp.iterdir())) == 2
    serve.clear_temp(folders, before=time.time() + 1)
    assert list(folders.temp.iterdir()) == []
    assert (tmp_path / "keep.txt").exists()


@pytest.mark.parametrize(
    ("listen", "bound"),
    [
        (("127.0.0.1",), ["127.0.0.1"]),
        (("0.0.0.0", "studio.lan"), ["0.0.0.0"]),
        (("studio.lan",), ["studio.lan"]),
        (("::1", "localhost"), ["::1", "localhost"]),
    ],
)
def test_names_beside_addresses_are_only_answered_to(listen, bound) -> None:
    assert serve.bind_addresses(listen) == bound


@pytest.mark.parametrize("variable", ["CI", "SSH_CONNECTION"])
def test_no_browser_opens_where_nobody_looks(monkeypatch, variable) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert serve.has_desktop() is False
