"""Results that survive a restart, and what happens when the disk does not play along."""

import errno
import logging
import os
import shutil

import pytest
import torch

from comfy_core import folders
from comfy_core.weights import safe
from execution.cache import Result, disk
from execution.cache.codec import encode
from execution.cache.disk import DiskCache
from execution.cache.memory import RamCache
from execution.cache.none import NoCache
from tests.processes import at_once

LATENT = Result(([{"samples": torch.arange(32.0).reshape(1, 2, 4, 4), "batch_index": [0]}],))


@pytest.fixture
def cache(tmp_path):
    """A cache as a new session finds it; `memory` is empty then."""
    return lambda budget=1 << 30, world="": DiskCache(tmp_path / "cache", budget, NoCache(), world)


def files(tmp_path):
    return sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "values",
    [
        ([torch.rand(2, 3, 4, 3)],),
        ([torch.rand(2, 3, 4) > 0.5], [7, "text"]),
        ([{"samples": torch.rand(1, 4, 2, 2), "noise_mask": torch.ones(1, 2, 2)}],),
        ([[[torch.rand(1, 77, 8), {"pooled_output": torch.rand(1, 8), "strength": 0.5, "area": (1, 2, 3, 4)}]]],),
        ([torch.rand(4, 4).bfloat16(), torch.tensor(3), torch.rand(4, 4).T, torch.rand(8)[2:4]],),
        ([1, 2.5, "a", None, True],),
    ],
)
def test_a_result_is_found_after_a_restart(cache, values):
    cache().put("a", Result(values))
    (text, found), (expected_text, expected) = encode(cache().get("a").values), encode(values)
    assert text == expected_text
    for one, other in zip(found, expected, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert torch.equal(one, other)


def test_it_is_safetensors_or_json_and_nothing_else(cache, tmp_path):
    kept = cache()
    kept.put("tensor", LATENT)
    kept.put("plain", Result(([1],)))
    assert {path.suffix for path in files(tmp_path)} == {".safetensors", ".json"}


def test_models_are_not_stored(cache, tmp_path):
    cache().put("model", Result(([torch.nn.Linear(1, 1)],)))
    assert files(tmp_path) == []
    assert "model" not in cache()


def test_views_of_one_tensor_are_stored_apart(cache):
    batch = torch.arange(4.0)
    cache().put("a", Result(([batch[:2], batch[1:]],)))
    assert [one.tolist() for one in cache().get("a").values[0]] == [[0, 1], [1, 2, 3]]


def test_results_of_another_world_are_not_found(cache):
    cache(world="torch 2.13 cpu").put("a", LATENT)
    assert "a" in cache(world="torch 2.13 cpu")
    assert "a" not in cache(world="torch 2.14 cpu")


def damage_a_byte(path):
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("result", [LATENT, Result((["some text"],))])
@pytest.mark.parametrize(
    "harm",
    [
        damage_a_byte,
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\0" * 200),
        lambda path: path.unlink(),
    ],
)
def test_a_damaged_file_is_as_good_as_none(cache, tmp_path, caplog, result, harm):
    cache().put("a", result)
    (path,) = files(tmp_path)
    kept = cache()
    harm(path)
    gone = not path.exists()
    assert kept.get("a") is None
    assert "a" not in kept
    assert gone or "cannot be read" in caplog.text
    kept.put("a", result)
    assert kept.get("a") is not None


def test_the_least_recently_used_leave_when_the_folder_is_full(cache, tmp_path):
    kept = cache(budget=3000)
    for name in "abc":
        kept.put(name, Result((["x" * 900],)))
    kept.get("a")
    kept.put("d", Result((["x" * 900],)))
    assert [name for name in "abcd" if name in kept] == ["a", "c", "d"]
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 3000
    kept.put("huge", Result((["x" * 5000],)))
    assert "huge" not in kept
    assert "a" in kept


def test_a_full_disk_is_told_once_and_the_run_goes_on(cache, tmp_path, caplog, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = cache()
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        kept.put("a", LATENT)
        kept.put("b", Result(([1],)))
    assert caplog.text.count("No space left") == 1
    assert files(tmp_path) == []
    kept.put("c", LATENT)
    assert kept.get("c") is not None


def test_a_folder_that_vanishes_costs_results_only(cache, tmp_path, caplog):
    kept = cache()
    kept.put("a", LATENT)
    shutil.rmtree(tmp_path / "cache")
    kept.put("b", LATENT)
    assert kept.get("a") is None
    assert "the run goes on without" in caplog.text


def test_halves_that_a_crash_left_are_swept_up(cache, tmp_path):
    cache()
    (tmp_path / "cache" / "ab").mkdir()
    old, new = tmp_path / "cache" / "ab" / "x.1.part", tmp_path / "cache" / "ab" / "y.2.part"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    cache()
    assert files(tmp_path) == [new]


def test_what_shows_a_file_is_found_only_while_the_file_is_there(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_current", folders.Folders(base=tmp_path))
    picture = tmp_path / "output" / "a.png"
    picture.parent.mkdir()
    picture.touch()
    kept = cache()
    kept.put("a", Result((), {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}))
    kept.put("preview", Result((), {"images": [{"filename": "b.png", "subfolder": "", "type": "temp"}]}))
    assert kept.get("a") is not None
    assert "a" in kept
    assert "preview" not in kept
    picture.unlink()
    assert "a" not in kept
    assert kept.get("a") is None


def test_no_file_is_read_for_what_is_only_asked_for_unless_it_shows_files(cache, tmp_path, monkeypatch):
    kept, read = cache(), []
    kept.put("tensor", LATENT)
    kept.put("plain", Result(([1],), {"text": ["1"]}))
    kept.put("shows", Result((), {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}))
    again = cache()
    monkeypatch.setattr(disk, "_read", lambda path: read.append(path.name) or ("", []))
    assert [name in again for name in ("tensor", "plain", "shows")] == [True, True, False]
    assert [name.partition(".")[2] for name in read] == ["ui.json"]


def test_memory_holds_what_was_read_and_clearing_it_leaves_the_disk(tmp_path):
    kept = DiskCache(tmp_path / "cache", 1 << 30, RamCache(1 << 20))
    kept.put("a", LATENT)
    assert kept.get("a") is LATENT
    kept.clear()
    assert (len(kept), kept.bytes) == (0, 0)
    again = kept.get("a")
    assert again is not LATENT
    assert kept.get("a") is again
    kept.drop("a")
    assert "a" not in kept


def test_a_folder_that_cannot_be_used_leaves_a_cache_in_memory(tmp_path, caplog):
    from execution.cache import CacheSettings, make_cache

    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        kept = make_cache(CacheSettings(disk=str(tmp_path / "file")))
    assert "--cache-disk" in caplog.text
    kept.put("a", LATENT)
    assert kept.get("a") is LATENT


# --- workers that share a folder ---


SHARED = """
import logging, random
from pathlib import Path
from execution.cache import Result
from execution.cache.disk import DiskCache
from execution.cache.none import NoCache

folder = Path(sys.argv[1], "cache")
warnings = []
logging.getLogger("execution.cache.disk").addFilter(lambda record: warnings.append(record.getMessage()))
"""


def test_what_one_worker_has_stored_the_others_find(cache):
    mine, theirs = cache(), cache()
    theirs.put("a", LATENT)
    assert "a" in mine
    assert mine.get("a") is not None
    mine.drop("a")
    assert "a" not in theirs
    assert theirs.get("a") is None


def test_what_another_worker_used_last_leaves_last(cache):
    mine, theirs = cache(budget=3000), cache(budget=3000)
    for name in "abc":
        mine.put(name, Result((["x" * 900],)))
    theirs.get("a")
    mine.put("d", Result((["x" * 900],)))
    assert [name for name in "abcd" if name in mine] == ["a", "c", "d"]


def test_workers_find_whole_results_or_none_whatever_the_others_store_and_evict(tmp_path):
    program = f"""{SHARED}
cache = DiskCache(folder, 20_000, NoCache())
begin()
wrong = 0
for step in range(300):
    n = random.randrange(1, 30)
    found = cache.get(str(n))
    if found is None:
        cache.put(str(n), Result(([str(n) * 900],)))
    else:
        wrong += found.values[0] != [str(n) * 900]
tell([wrong, warnings])
"""
    assert at_once(program, program, arguments=[tmp_path]) == [[0, []]] * 2
    assert {path.suffix for path in files(tmp_path)} <= {".json", ".safetensors"}


def test_workers_keep_to_the_budget_together(cache, tmp_path):
    workers, most = [cache(budget=100_000), cache(budget=100_000)], 0
    for n in range(120):
        workers[n % 2].put(str(n), Result((["x" * 1800],)))
        most = max(most, sum(path.stat().st_size for path in files(tmp_path)))
    assert 90_000 < most <= 100_000 + 100_000 // 32


def test_a_file_that_another_worker_removes_before_it_is_read_is_no_trouble(cache, monkeypatch, caplog):
    kept, read = cache(), disk._read
    kept.put("a", LATENT)
    monkeypatch.setattr(disk, "_read", lambda path: path.unlink() or read(path))
    assert kept.get("a") is None
    assert caplog.text == ""


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaces", "removes"])
def test_tensors_that_another_worker_meanwhile(cache, tmp_path, monkeypatch, is_replaced):
    """What was begun to be read is read to its end."""
    cache().put("a", LATENT)
    (path,) = files(tmp_path)
    check = safe._check_layout

    def then_harm(*header):
        check(*header)
        (tmp_path / "other").write_bytes(b"?" * 999)
        os.replace(tmp_path / "other", path)
        if not is_replaced:
            path.unlink()

    monkeypatch.setattr(safe, "_check_layout", then_harm)
    assert torch.equal(cache().get("a").values[0][0]["samples"], LATENT.values[0][0]["samples"])
