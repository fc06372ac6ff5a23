"""What workers learn at the same time is all there after a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from execution.figures import Figure, Figures, Work
from execution.kept import Kept
from tests.processes import at_once

COUNT = 100


def test_figures_of_all_workers_are_kept(tmp_path: Path):
    program = f"""
    from pathlib import Path
    from execution.figures import Figure, Figures, Work

    figures = Figures(Path(sys.argv[1], "figures.json"))
    begin()
    for n in range({COUNT}):
        figures.note(Work(f"NAME {{n}}", 1, 1), Figure(n, n, n))
        figures.note(Work("both", 1, 1), Figure(n, n, n))
        figures.save(now=True)
    tell(None)
    """
    at_once(program.replace("NAME", "a"), program.replace("NAME", "b"), arguments=[tmp_path])
    known = Figures(tmp_path / "figures.json")
    for n in range(COUNT):
        assert known.expect(Work(f"a {n}", 1, 1)) == known.expect(Work(f"b {n}", 1, 1)) == Figure(n, n, n)
    assert known.expect(Work("c", 1, 1)) is None
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_the_past_of_all_workers_is_kept(tmp_path: Path):
    program = f"""
    from pathlib import Path
    from execution.graph import parse
    from execution.why import Past
    from nodes.schema import NodeSchema

    past = Past(Path(sys.argv[1], "past.json"))
    graph = parse({{f"NAME {{n}}": {{"class_type": "A", "inputs": {{}}}} for n in range({COUNT})}},
                  lambda name: NodeSchema(id=name, title="", category=""))
    begin()
    for node in graph.nodes.values():
        past.note([node], {{node.id: f"signature {{node.id}}"}}, {{}})
        past.save(now=True)
    tell(None)
    """
    at_once(program.replace("NAME", "a"), program.replace("NAME", "b"), arguments=[tmp_path])
    kept = json.loads((tmp_path / "past.json").read_bytes())
    assert kept.keys() == {f"{name} {n}" for name in "ab" for n in range(COUNT)}


def test_what_two_measured_counts_once_each(tmp_path: Path):
    work = Work("A", 1, 1)
    first, second = Figures(tmp_path / "figures.json"), Figures(tmp_path / "figures.json")
    for seconds in (1.0, 2.0):
        first.note(work, Figure(seconds, 0, 0))
    first.save(now=True)
    second.note(work, Figure(9.0, 0, 0))
    for one in (second, first, second):
        one.save(now=True)
    ((*_, found),) = json.loads((tmp_path / "figures.json").read_bytes())
    assert [seconds for seconds, _, _ in found] == [1.0, 2.0, 9.0]
    assert first.expect(work) == second.expect(work) == Figure(2.0, 0, 0)


def test_one_process_reads_its_file_once_however_often_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    figures = Figures(tmp_path / "figures.json")
    reads: list[object] = []
    load = Kept.load
    monkeypatch.setattr(Kept, "load", lambda self: reads.append(self) or load(self))
    for n in range(3):
        figures.note(Work("A", n, 1), Figure(1.0, 0, 0))
        figures.save(now=True)
    assert reads == []
    Figures(tmp_path / "figures.json").save(now=True)
    figures.save(now=True)
    assert len(reads) == 2  # its own beginning, and what it wrote
