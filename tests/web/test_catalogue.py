"""What the server says about nodes, models and itself."""

import pytest
from yarl import URL


async def test_object_info_has_the_contracts_shape(client, folders) -> None:
    (folders.input / "cat.png").touch()
    everything = await (await client.get("/api/object_info")).json()
    info = everything["FakeText"]
    assert info["input"]["required"]["text"] == ["STRING", {"multiline": True, "dynamicPrompts": True}]
    assert info["input"]["required"]["seed"][1]["max"] == 2**64 - 1
    assert info["input_order"]["required"][:2] == ["text", "seed"]
    assert info["output"] == ["NUMBER"]
    assert everything["FakeLoad"]["input"]["required"]["image"][0] == ["cat.png"]
    one = await (await client.get("/object_info/FakeText")).json()
    assert one == {"FakeText": info}
    assert await (await client.get("/object_info/Nope")).json() == {}


async def test_models_are_listed_by_folder(client, folders) -> None:
    for name in ("sub/b.safetensors", "a.pt", ".hidden.pt", "notes.txt"):
        path = folders.base / "models" / "embeddings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert await (await client.get("/models/embeddings")).json() == ["a.pt", "sub/b.safetensors"]
    assert await (await client.get("/embeddings")).json() == ["a", "sub/b"]
    assert "checkpoints" in await (await client.get("/models")).json()


@pytest.mark.parametrize("folder", ["unet", "%2e%2e%2f", "checkpoints%2F.."])
async def test_unknown_model_folders_are_404(client, folder) -> None:
    assert (await client.get(URL(f"/models/{folder}", encoded=True))).status == 404


async def test_clients_find_what_they_ask_for_at_start(client) -> None:
    assert await (await client.get("/extensions")).json() == []
    assert await (await client.get("/i18n")).json() == {}
    features = await (await client.get("/features")).json()
    assert features["supports_preview_metadata"] is True
    assert features["max_upload_size"] == 1024 * 1024
    stats = await (await client.get("/system_stats")).json()
    assert stats["system"]["ram_total"] > stats["system"]["ram_free"] > 0
    assert isinstance(stats["devices"], list)


async def test_json_is_written_as_json_dumps_writes_it(client, folders) -> None:
    (folders.input / "é.png").touch()
    answer = await client.get("/object_info/FakeLoad")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert '"image": [["\\u00e9.png"], ' in await answer.text()
