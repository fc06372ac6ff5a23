"""Scans of the folders: what lies there becomes an asset, what is gone is left out."""

import asyncio
import os
import threading

import pytest

from tests.waiting import PATIENCE_SECONDS, until
from tests.web.assets.hands import code, hash_of, png
from web.server.assets import contents, seeder


async def test_a_scan_finds_what_lies_in_the_folders(ask, folders, seed) -> None:
    (folders.input / "sub").mkdir()
    (folders.input / "sub" / "cat.png").write_bytes(png())
    (folders.input / ".hidden").write_bytes(b"x")
    folders.output.mkdir()
    (folders.output / "out.png").write_bytes(png())
    loras = folders.base / "models" / "loras" / "xl"
    loras.mkdir(parents=True)
    (loras / "style.safetensors").write_bytes(b"weights")
    (loras / "notes.txt").write_bytes(b"x")
    (folders.base / "secret.txt").write_text("secret")
    (folders.input / "link.txt").symlink_to(folders.base / "secret.txt")
    (folders.input / "loop").symlink_to(folders.input)
    (folders.input / os.fsdecode(b"\xff.txt")).write_bytes(b"x")
    assert await seed(roots=["input", "output"]) == {"scanned": 2, "total": 2, "created": 2, "skipped": 0}
    assert await seed(roots=["input", "output"]) == {"scanned": 2, "total": 2, "created": 0, "skipped": 2}
    await seed()
    listed = (await ask("GET", "assets", params={"limit": 500}))[1]["assets"]
    found = {asset["name"]: asset for asset in listed}
    assert found["cat.png"]["preview_url"] == "/api/view?type=input&filename=cat.png&subfolder=sub"
    assert found["cat.png"]["loader_path"] == "sub/cat.png"
    assert found["cat.png"]["metadata"] == {"kind": "image", "width": 3, "height": 2}
    assert found["out.png"]["tags"] == ["output"]
    assert found["style.safetensors"]["tags"] == ["model_type:loras", "models"]
    assert found["style.safetensors"]["loader_path"] == "xl/style.safetensors"
    assert not {"notes.txt", ".hidden", "secret.txt", "link.txt"} & found.keys()


async def test_a_scan_reads_no_file_unless_it_is_asked_to(ask, folders, seed, monkeypatch) -> None:
    read = []
    monkeypatch.setattr(seeder, "hash_file", lambda path, stop: read.append(path) or contents.hash_file(path))
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    assert read == []
    assert "hash" not in (await ask("GET", "assets"))[1]["assets"][0]
    await seed(roots=["input"], hash=True)
    assert read == [folders.input / "a.txt"]
    assert (await ask("GET", "assets"))[1]["assets"][0]["hash"] == hash_of(b"bytes")
    await seed(roots=["input"], hash=True)
    assert len(read) == 1


async def test_asking_for_the_nodes_begins_a_scan(client, folders, ask) -> None:
    (folders.input / "a.txt").write_bytes(b"bytes")
    await client.get("/object_info")

    async def found():
        return (await ask("GET", "assets?name_contains=a.txt"))[1]["total"]

    await until(found)


async def test_what_is_gone_is_left_out_until_it_comes_back(ask, folders, seed, names) -> None:
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    (folders.input / "a.txt").unlink()
    assert await ask("POST", "assets/prune") == (200, {"status": "completed", "marked": 1})
    assert await names() == []
    assert await ask("POST", "assets/prune") == (200, {"status": "completed", "marked": 0})
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    assert await names() == ["a.txt"]


async def test_what_was_deleted_is_not_found_again(ask, folders, seed, names) -> None:
    (folders.input / "a.txt").write_bytes(b"bytes")
    await seed(roots=["input"])
    id = (await ask("GET", "assets"))[1]["assets"][0]["id"]
    await ask("DELETE", f"assets/{id}")
    await seed(roots=["input"])
    assert await names() == []


async def test_one_scan_at_a_time_and_it_can_be_stopped(ask, folders, monkeypatch, client) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(path, is_stopped):
        reading.set()
        go_on.wait(PATIENCE_SECONDS)
        if is_stopped():
            raise contents.Stopped
        return contents.hash_file(path)

    monkeypatch.setattr(seeder, "hash_file", slow)
    (folders.input / "a.txt").write_bytes(b"bytes")
    assert (await ask("GET", "assets/seed/status"))[1] == {"state": "IDLE", "progress": None, "errors": []}
    body = {"roots": ["input"], "hash": True}
    assert await ask("POST", "assets/seed", json=body) == (202, {"status": "started"})
    await asyncio.to_thread(reading.wait, PATIENCE_SECONDS)
    assert await ask("POST", "assets/seed", json=body) == (409, {"status": "already_running"})
    status = (await ask("GET", "assets/seed/status"))[1]
    assert (status["state"], status["progress"]["created"]) == ("RUNNING", 1)
    assert await ask("POST", "assets/seed/cancel") == (200, {"status": "cancelling"})
    assert (await ask("GET", "assets/seed/status"))[1]["state"] == "CANCELLING"
    go_on.set()

    async def is_idle():
        return (await ask("GET", "assets/seed/status"))[1]["state"] == "IDLE"

    await until(is_idle)
    assert await ask("POST", "assets/seed/cancel") == (200, {"status": "idle"})
    assert "hash" not in (await ask("GET", "assets"))[1]["assets"][0]


@pytest.mark.parametrize("body", [{"roots": ["temp"]}, {"roots": []}, {"roots": "input"}, {"roots": ["../.."]}, 3])
async def test_scans_of_what_is_no_root_are_refused(ask, body) -> None:
    assert code(await ask("POST", "assets/seed", json=body)) == (400, "INVALID_BODY")


async def test_ten_thousand_files_are_listed_off_the_event_loop(ask, folders, seed, monkeypatch) -> None:
    for number in range(10_000):
        (folders.input / f"{number:05}.txt").touch()
    scanning, look = set(), seeder.find_files

    def found(*args):
        scanning.add(threading.current_thread())
        return look(*args)

    monkeypatch.setattr(seeder, "find_files", found)
    beats = 0

    async def beat():
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    assert (await seed(roots=["input"]))["created"] == 10_000
    beating.cancel()
    assert beats > 5
    assert threading.main_thread() not in scanning
    body = (await ask("GET", "assets", params={"limit": 500, "sort": "name", "offset": 9_700}))[1]
    assert (len(body["assets"]), body["total"], body["has_more"]) == (300, 10_000, False)
