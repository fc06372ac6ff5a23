"""`main.py batch` as a user meets it: a picture for every row, and on from where it was broken off."""

import json

import pytest

import main
from execution import headless
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from tests.web.conftest import PACKS, graph
from web.server.cli import arguments
from web.server.cli import batch as batch_command


@pytest.fixture
def batch(tmp_path, monkeypatch, capsys):
    """Run a batch of a table's text; exit code, lines on stdout, stderr, and the manifest's entries."""

    def worker_of(options, *, in_process):
        folders = arguments.folders_of(options)
        return InProcessWorker(WorkerSettings(base=str(folders.base), output=str(folders.output), packages=()))

    monkeypatch.setattr(batch_command, "worker_of", worker_of)
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    (tmp_path / "wf.json").write_text(json.dumps(graph()))

    def batch(table, *words):
        (tmp_path / "t.csv").write_text(table)
        files = [str(tmp_path / "wf.json"), str(tmp_path / "t.csv")]
        code = main.main(["batch", *files, "--base-directory", str(tmp_path), *words])
        out, err = capsys.readouterr()
        manifest = tmp_path / "t.manifest.jsonl"
        entries = [json.loads(line) for line in manifest.read_text().splitlines()] if manifest.exists() else []
        return code, out.splitlines(), err, entries

    return batch


def test_every_row_makes_a_picture_and_an_entry(batch, tmp_path):
    code, out, _, entries = batch("1.text,FakeText.seed\na,1\nb,2\n")
    assert code == 0
    assert [entry["values"] for entry in entries] == [
        {"1.text": "a", "FakeText.seed": "1"}, {"1.text": "b", "FakeText.seed": "2"},
    ]  # fmt: skip
    assert len(list((tmp_path / "output").glob("fake_*.png"))) == 2
    assert out[-1] == f"rows done: 2, failed: 0; see {tmp_path / 't.manifest.jsonl'}"


def test_rows_that_are_done_are_not_run_again(batch, tmp_path):
    batch("1.text\na\nb\n")
    code, out, _, entries = batch("1.text\nb\nc\na\n")
    assert (code, out[0][:30]) == (0, "2 of 3 rows are done already, ")
    assert [entry["values"]["1.text"] for entry in entries] == ["a", "b", "c"]
    for file in entries[0]["files"]:
        (tmp_path / file).unlink()
    assert len(batch("1.text\na\nb\nc\n")[3]) == 4


def test_a_row_that_fails_is_noted_and_the_others_are_made(batch):
    code, out, err, entries = batch("1.text,2.copies\na,99\nb,1\n")
    assert code == 1
    assert "error" in entries[0]
    assert entries[1]["files"]
    assert err.startswith("row 1: ")
    assert out[-1].startswith("rows done: 1, failed: 1")
    assert len(batch("1.text,2.copies\na,99\nc,1\n", "--stop")[3]) == 3  # the second is not begun


def test_ctrl_c_ends_the_batch_and_is_no_row_that_failed(batch, monkeypatch):
    async def interrupted(engine, request):
        raise headless.Failed(headless.INTERRUPTED)

    monkeypatch.setattr(batch_command, "run_with_report", interrupted)
    code, _, err, entries = batch("1.text\na\nb\n")
    assert (code, entries) == (1, [])
    assert err == "row 1: the run was interrupted; the same command goes on from there\n"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("1.volume\n1\n", "row 1: node 1 (FakeText) has no input 'volume'"),
        ("1.seed\n1\nx\n", "row 2: 1.seed: "),
        ("9.text\na\n", "row 1: "),
        ("", "t.csv is empty"),
    ],
)
def test_wrong_tables_are_told_before_anything_is_made(batch, tmp_path, table, said):
    code, _, err, entries = batch(table)
    assert (code, entries, list((tmp_path / "output").glob("*"))) == (1, [], [])
    assert said in err


def test_files_that_are_not_there_are_told(batch, tmp_path, capsys):
    words = ["batch", str(tmp_path / "wf.json"), str(tmp_path / "gone.csv"), "--base-directory", str(tmp_path)]
    assert main.main(words) == 1
    assert "gone.csv: No such file" in capsys.readouterr().err
