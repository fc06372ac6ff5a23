"""/internal: the log, also while it is written, and where files lie."""

import asyncio
import logging
import os

import pytest

from execution.workers import words
from tests.waiting import PATIENCE_SECONDS

log = logging.getLogger("easel.server")


async def test_the_log_can_be_read(client) -> None:
    log.warning("the quick %s", "brown fox")
    (entry,) = [one for one in (await raw(client))["entries"] if "fox" in one["m"]]
    assert entry["m"] == "easel.server the quick brown fox\n"
    assert (await raw(client))["size"].keys() == {"cols", "rows"}
    text = await (await client.get("/internal/logs")).json()
    assert f"{entry['t']} - easel.server the quick brown fox\n" in text


async def raw(client):
    return await (await client.get("/internal/logs/raw")).json()


async def test_what_a_worker_writes_is_in_the_log(client) -> None:
    channel = asyncio.StreamReader()
    channel.feed_data("KSampler says hällo\nand more\n".encode())
    channel.feed_eof()
    await words.pass_on(channel)
    assert [one["m"] for one in (await raw(client))["entries"]][-2:] == ["KSampler says hällo\n", "and more\n"]


async def test_of_a_long_log_the_end_is_kept(client) -> None:
    for number in range(400):
        log.warning("line %s", number)
    entries = (await raw(client))["entries"]
    assert (len(entries), entries[-1]["m"]) == (300, "easel.server line 399\n")


async def test_a_client_hears_the_log_until_it_has_enough(client) -> None:
    async def subscribe(enabled):
        body = {"clientId": "me", "enabled": enabled}
        return (await client.patch("/internal/logs/subscribe", json=body)).status

    async with client.ws_connect("/ws?clientId=me") as socket, client.ws_connect("/ws?clientId=other") as other:
        await socket.receive_json(), await other.receive_json()
        assert await subscribe(True) == 200
        await asyncio.to_thread(log.warning, "from a thread")
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await socket.receive_json()
        assert (message["type"], message["data"]["size"]) == ("logs", None)
        assert message["data"]["entries"][-1]["m"] == "easel.server from a thread\n"
        assert await subscribe(False) == 200
        log.warning("unheard")
        for silent in (socket, other):
            with pytest.raises(TimeoutError):
                await silent.receive(timeout=0.2)


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"clientId": 5, "enabled": true}'])
async def test_a_subscription_needs_a_client(client, body) -> None:
    assert (await client.patch("/internal/logs/subscribe", data=body)).status == 400


async def test_folders_and_files_are_listed(client, folders) -> None:
    paths = await (await client.get("/internal/folder_paths")).json()
    assert paths["checkpoints"][0] == str(folders.base / "models" / "checkpoints")
    assert paths["custom_nodes"] == [str(folders.custom_nodes)]
    for age, name in enumerate(("new.png", "old.txt", ".hidden")):
        (folders.input / name).touch()
        os.utime(folders.input / name, (1000 - age, 1000 - age))
    (folders.input / "sub").mkdir()
    assert await (await client.get("/internal/files/input")).json() == ["new.png [input]", "old.txt [input]"]
    assert await (await client.get("/internal/files/temp")).json() == []
    answer = await client.get("/internal/files/models")
    assert (answer.status, await answer.json()) == (400, {"error": "Invalid directory type"})


async def test_it_has_no_api_twin(client) -> None:
    assert (await client.get("/api/internal/logs")).status == 404
