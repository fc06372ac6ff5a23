"""What becomes an asset by itself, and where all of them are kept."""

import sqlite3

from tests.web.assets.hands import code
from web.server.app import make_app
from web.server.assets import results


async def test_results_are_assets_as_soon_as_they_are_saved(ask, client, graph, finished, folders) -> None:
    taken = (await (await client.post("/prompt", json={"prompt": graph(copies=2)})).json())["prompt_id"]
    saved = (await finished(taken))["outputs"]["2"]["images"]
    listed = (await ask("GET", "assets?tags_all=output"))[1]["assets"]
    assert {(asset["loader_path"], asset["id"]) for asset in listed} == {(one["filename"], one["id"]) for one in saved}
    assert {(asset["job_id"], asset["prompt_id"]) for asset in listed} == {(taken, taken)}


def test_which_files_of_an_output_are_results() -> None:
    odd = [1, None, {}, {"type": "output"}, {"type": "output", "filename": 3}, {"type": "temp", "filename": "t.png"}]
    good = {"type": "output", "filename": "a.png", "subfolder": "b"}
    output = {"images": [*odd, good], "text": "x", "animated": [True]}
    assert list(results.saved_files(output)) == [(good, ("b", "a.png"))]
    assert list(results.saved_files(None)) == []


async def test_assets_outlive_the_server(engine, folders, settings, aiohttp_client, upload) -> None:
    await upload(name="kept")
    again = await aiohttp_client(make_app(engine, folders, settings))
    listed = (await (await again.get("/api/assets")).json())["assets"]
    assert [asset["name"] for asset in listed] == ["kept"]


async def test_a_damaged_database_says_so_and_is_left_alone(ask, folders, client) -> None:
    path = folders.user / "assets.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database" * 1000)
    assert code(await ask("GET", "assets")) == (503, "SERVICE_UNAVAILABLE")
    report = (await ask("POST", "assets/seed?wait=true"))[1]
    assert "assets.db" in report["errors"][0]
    assert path.read_bytes() == b"no database" * 1000
    assert (await client.get("/queue")).status == 200


async def test_the_database_of_a_newer_easel_is_left_alone(ask, folders) -> None:
    path = folders.user / "assets.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    assert code(await ask("GET", "assets")) == (503, "SERVICE_UNAVAILABLE")
    assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    assert connection.execute("SELECT * FROM sqlite_master").fetchall() == []
