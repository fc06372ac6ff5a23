"""`main.py explain`: what a workflow would do, on the terminal."""

import json
from pathlib import Path

import msgspec
import pytest

import main
from execution.explain import Forecast, NodeForecast
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from web.server.cli import arguments
from web.server.cli import explain as command

PACKS = Path(__file__).parent / "packs"
PROMPT = {
    "1": {"class_type": "FakeText", "inputs": {"text": "a", "seed": 1, "style": "plain"}},
    "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "a", "copies": 1}},
}


@pytest.fixture
def explain(tmp_path, monkeypatch, capsys):
    """Explain a prompt; exit code and lines."""

    def worker_of(options, *, in_process):
        return InProcessWorker(WorkerSettings.at(arguments.folders_of(options), packages=()))

    monkeypatch.setattr(command, "worker_of", worker_of)
    (tmp_path / "custom_nodes").symlink_to(PACKS)

    def explain(prompt, *words):
        (tmp_path / "w.json").write_text(json.dumps(prompt))
        code = main.main(["explain", str(tmp_path / "w.json"), "--base-directory", str(tmp_path), *words])
        return code, capsys.readouterr().out.splitlines()

    return explain


def test_each_node_and_a_summary(explain, tmp_path) -> None:
    code, lines = explain(PROMPT)
    assert (code, lines) == (
        0,
        [
            "runs     node 1 (FakeText): it has not run before",
            "runs     node 2 (FakeSave): it has not run before",
            "2 of 2 nodes would run: 0.00 s, at most 0 MiB, without 2 never seen",
        ],
    )
    assert not (tmp_path / "output").exists()


def test_nodes_that_stand_for_others_are_told_of() -> None:
    node = NodeForecast(class_type="EndLoop", status="runs", because="its input a changed", may_expand=True)
    forecast = msgspec.to_builtins(Forecast(runs=["1"], expanded=["1.0.0.1", "1.0.0.2"], nodes={"1": node}))
    assert list(command._lines(forecast)) == [
        "runs     node 1 (EndLoop): its input a changed; it may stand for others, which shows when it runs",
        "1 of 1 nodes and 2 that they stand for would run: 0.00 s, at most 0 MiB, without 1 never seen",
    ]


def test_what_is_missing_makes_the_exit_code_one(explain) -> None:
    code, lines = explain({"1": {"class_type": "FakeLoad", "inputs": {"image": "gone.png"}}})
    assert code == 1
    assert lines == [
        "missing  node 1 (FakeLoad), input 'image': 'gone.png' in input/",
        "it cannot run: Prompt outputs failed validation",
    ]
    code, lines = explain(PROMPT | {"3": {"class_type": "Nobodys", "inputs": {}}})
    assert code == 1
    assert lines[0] == "missing  node 3: no pack that is loaded has the class 'Nobodys'"


def test_what_is_wrong_is_told_also_where_the_rest_can_run(explain) -> None:
    wrong = PROMPT | {"2": {"class_type": "FakeSave", "inputs": {**PROMPT["2"]["inputs"], "copies": "many"}}}
    code, lines = explain(wrong)
    assert code == 1
    assert lines[-2].startswith("wrong    node 2 (FakeSave): Failed to convert an input value")
    assert lines[-1] == "it cannot run: Prompt outputs failed validation"
    code, lines = explain(PROMPT | {"3": wrong["2"]})
    assert code == 1
    assert lines[-2].startswith("wrong    node 3 (FakeSave)")
    assert lines[-1].startswith("2 of 3 nodes would run")


def test_for_programs_as_json(explain) -> None:
    code, lines = explain(PROMPT, "--json")
    assert (code, json.loads(lines[0])["runs"]) == (0, ["1", "2"])


def test_a_server_that_is_not_there(explain, capsys) -> None:
    code, _ = explain(PROMPT, "--server", "http://127.0.0.1:9")
    assert code == 1
