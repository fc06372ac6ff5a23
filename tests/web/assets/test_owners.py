"""Assets where several people share a server."""

from dataclasses import replace

import pytest

from tests.waiting import until
from tests.web.assets.hands import code, hash_of, png
from web.server.access.accounts import Token, read_accounts, write_accounts
from web.server.app import make_app


@pytest.fixture
def tokens(folders):
    """Users with a token each."""
    path = folders.user / "accounts.json"
    accounts = read_accounts(path)
    made = {}
    for name in ("ada", "bob"):
        accounts.add_user(name, "correct horse", admin=False)
        made[name] = {"Authorization": f"Bearer {accounts.add_token(name, Token(hash='', user=name))}"}
    made["phone"] = {"Authorization": f"Bearer {accounts.add_token('phone', Token(hash='', submit_only=True))}"}
    write_accounts(path, accounts)
    return {**made, "owner": {"Authorization": "Bearer own"}}


@pytest.fixture
async def shared(engine, folders, settings, aiohttp_client, tokens):
    settings = replace(settings, wants_token=True, token="own", multi_user=True)
    return await aiohttp_client(make_app(engine, folders, settings))


async def test_everybody_sees_their_own_assets(shared, folders, upload, tokens) -> None:
    async def names(who):
        body = await (await shared.get("/api/assets?tags_any=input,output", headers=tokens[who])).json()
        return sorted(asset["name"] for asset in body["assets"])

    async def status(who, method, path, **more):
        return (await shared.request(method, f"/api/assets{path}", headers=tokens[who], **more)).status

    sent, hers = await upload(png(), "hers.png", headers=tokens["ada"], to=shared, tags="output")
    assert sent == 201
    stored = hash_of(png()).removeprefix("blake3:") + ".png"
    assert (folders.output / "ada" / stored).is_file()
    assert hers["loader_path"] == stored
    assert hers["preview_url"] == f"/api/view?type=output&filename={stored}"
    assert (await shared.get(hers["preview_url"], headers=tokens["ada"])).status == 200
    (folders.output / "bob").mkdir()
    (folders.output / "bob" / "his.png").write_bytes(png(5, 5))
    (folders.input / "ours.txt").write_bytes(b"ours")
    seeded = await shared.post("/api/assets/seed?wait=true", headers=tokens["ada"], json={"roots": ["input", "output"]})
    assert (await seeded.json())["progress"]["created"] == 2
    assert await names("ada") == ["hers.png", "ours.txt"]
    assert await names("bob") == ["his.png", "ours.txt"]
    assert await names("owner") == ["hers.png", "his.png", "ours.txt"]
    id = hers["id"]
    for method, path in (("GET", ""), ("GET", "/content"), ("PUT", ""), ("DELETE", ""), ("POST", "/tags")):
        assert await status("bob", method, f"/{id}{path}", json={"name": "x", "tags": ["x"]}) == 404
    assert await status("bob", "POST", "/from-hash", json={"hash": hers["hash"]}) == 404
    assert await status("bob", "HEAD", f"/hash/{hers['hash']}") == 404
    assert (await shared.get("/view", params={"filename": hers["hash"]}, headers=tokens["bob"])).status == 404
    assert (await shared.get("/view", params={"filename": hers["hash"]}, headers=tokens["ada"])).status == 200


async def test_results_belong_to_who_asked_for_them(shared, folders, graph, tokens) -> None:
    await shared.post("/prompt", json={"prompt": graph()}, headers=tokens["bob"])

    async def his():
        return (await (await shared.get("/api/assets", headers=tokens["bob"])).json())["assets"]

    (asset,) = await until(his)
    assert (folders.output / "bob" / asset["loader_path"]).is_file()
    assert (await (await shared.get("/api/assets", headers=tokens["ada"])).json())["total"] == 0


async def test_what_is_everybodys_only_the_owner_changes(shared, folders, tokens) -> None:
    (folders.input / "ours.txt").write_bytes(b"ours")
    await shared.post("/api/assets/seed?wait=true", headers=tokens["ada"], json={"roots": ["input"]})
    (asset,) = (await (await shared.get("/api/assets", headers=tokens["ada"])).json())["assets"]
    for who, expected in (("ada", 403), ("owner", 200)):
        answer = await shared.put(f"/api/assets/{asset['id']}", json={"name": "x"}, headers=tokens[who])
        assert answer.status == expected


async def test_only_who_manages_the_server_adds_models(shared, upload, tokens, folders) -> None:
    fields = {"filename": "x.ckpt", "tags": "models,model_type:checkpoints", "to": shared}
    assert code(await upload(**fields, headers=tokens["ada"])) == (403, "FORBIDDEN")
    assert not (folders.base / "models" / "checkpoints").exists()
    assert (await upload(**fields, headers=tokens["owner"]))[0] == 201


async def test_a_token_to_submit_brings_inputs_and_lists_nothing(shared, upload, tokens) -> None:
    assert (await upload(to=shared, headers=tokens["phone"]))[0] == 201
    for path in ("/api/assets", "/api/tags", "/api/assets/tags/refine"):
        assert (await shared.get(path, headers=tokens["phone"])).status == 403
