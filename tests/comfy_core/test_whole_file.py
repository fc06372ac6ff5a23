"""Files that several processes write: whole at any time, and nothing that one of them wrote is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comfy_core import whole_file
from comfy_core.folders import Folders
from comfy_core.lock import FileLock
from comfy_core.whole_file import changing, replace_file
from tests.processes import at_once


def test_whoever_reads_finds_a_whole_file(tmp_path: Path):
    program = """
    import os
    from pathlib import Path
    from comfy_core.whole_file import replace_file

    os.getpid = lambda: 1  # as in containers that share a folder
    path = Path(sys.argv[1], "file")
    begin()
    found = set()
    for _ in range(400):
        replace_file(path, b"LETTER" * 50_000)
        content = path.read_bytes()
        found.add((len(content), len(set(content))))
    tell(sorted(found))
    """
    told = at_once(program.replace("LETTER", "a"), program.replace("LETTER", "b"), arguments=[tmp_path])
    assert told == [[[50_000, 1]]] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_all_have_changed_is_there_in_the_end(tmp_path: Path):
    program = """
    from pathlib import Path
    from comfy_core.whole_file import changing, replace_file

    path = Path(sys.argv[1], "count")
    begin()
    for _ in range(200):
        with changing(path):
            count = int(path.read_bytes()) if path.exists() else 0
            replace_file(path, str(count + 1).encode())
    tell(None)
    """
    at_once(program, program, arguments=[tmp_path])
    assert (tmp_path / "count").read_bytes() == b"400"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_the_hashes_that_two_find_are_all_remembered(tmp_path: Path):
    program = """
    from pathlib import Path
    from comfy_core import file_hash, folders
    from comfy_core.model_hashes import MEMORY, ModelHashes

    where = folders.Folders(base=Path(sys.argv[1]))
    folders.use(where)
    hashes = ModelHashes(where.user / MEMORY)
    begin()
    for path in sorted(where.base.glob("NAME_*")):
        file_hash.file_hash(path)
        hashes.sha256(path)
    tell(None)
    """
    for number in range(60):
        for name in "ab":
            (tmp_path / f"{name}_{number}").write_text(f"{name} {number}")
    at_once(program.replace("NAME", "a"), program.replace("NAME", "b"), arguments=[tmp_path])
    for memory in ("hashes.json", "model_hashes.json"):
        assert len(json.loads((Folders(base=tmp_path).user / memory).read_bytes())) == 120


def test_a_file_that_another_never_stops_changing_is_an_error_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(whole_file, "PATIENCE", 0.0)
    path = tmp_path / "file"
    with changing(path):
        (held,) = tmp_path.iterdir()
    theirs = FileLock(held)
    with pytest.raises(TimeoutError, match=r"file is being changed by another process"), changing(path):
        pass
    theirs.release()
    with changing(path):
        replace_file(path, b"x")
    assert path.read_bytes() == b"x"
