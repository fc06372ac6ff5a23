"""A server with assets, and hands that use its addresses."""

from dataclasses import replace

import pytest
from aiohttp import FormData


@pytest.fixture
def settings(settings):
    return replace(settings, assets=True)


@pytest.fixture
def upload(client):
    """Send a file; the status and the answer."""

    async def send(data=b"bytes", filename="a.txt", headers=None, to=client, **fields):
        form = FormData(quote_fields=False)  # as browsers send names
        form.add_field("file", data, filename=filename)
        for name, value in {"tags": "input", **fields}.items():
            form.add_field(name, value)
        answer = await to.post("/api/assets", data=form, headers=headers)
        return answer.status, await answer.json()

    return send


@pytest.fixture
def ask(client):
    """A request; the status and the answer."""

    async def ask(method, path, **more):
        answer = await client.request(method, f"/api/{path}", **more)
        return answer.status, await answer.json() if "json" in answer.content_type else await answer.read()

    return ask


@pytest.fixture
def names(ask):
    """The names of the assets that a query lists."""

    async def names(**query):
        status, body = await ask("GET", "assets", params=query)
        assert status == 200, body
        return [asset["name"] for asset in body["assets"]]

    return names


@pytest.fixture
def seed(ask):
    async def seed(**body):
        status, answer = await ask("POST", "assets/seed?wait=true", json=body)
        assert (status, answer["errors"]) == (200, [])
        return answer["progress"]

    return seed
