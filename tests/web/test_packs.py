"""What packs bring for the browser is found without running them, and served from their folders only."""

import json

import pytest
from yarl import URL

from comfy_core.folders import Folders
from web.server.pack_files import web_folders


@pytest.fixture
def folders(tmp_path):
    """A base whose packs would break the server's process if it ran them."""

    def write(name, text=""):
        path = tmp_path / "custom_nodes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text))

    write("My Pack/__init__.py", 'WEB_DIRECTORY = "./js"\nNODE_CLASS_MAPPINGS = {}\n')
    write("My Pack/js/main.js", "export {}")
    write("My Pack/js/deep/more.js", "export {}")
    write("My Pack/js/style.css", "b{}")
    write("My Pack/secret.py", "secret")
    write("My Pack/locales/en/main.json", {"hello": {"a": "A"}})
    write("My Pack/locales/en/nodeDefs.json", {"FakeText": {"display_name": "Text"}})
    write("My Pack/locales/de/main.json", "{broken")
    write("My Pack/example_workflows/first.json", {"nodes": []})
    write("My Pack/example_workflows/first.jpg", "jpeg")
    write("My Pack/subgraphs/blur.json", {"definitions": {}})
    write("other/__init__.py", "NODE_CLASS_MAPPINGS = {}\n")
    write("other/pyproject.toml", '[project]\nname = "other-pack"\n[tool.comfy]\nweb = "web"\n')
    write("other/web/index.js", "export {}")
    write("other/locales/en/main.json", {"hello": {"b": "B"}})
    write("off.disabled/__init__.py", 'WEB_DIRECTORY = "."\n')
    write("off.disabled/off.js")
    (tmp_path / "input").mkdir()
    return Folders(base=tmp_path)


@pytest.fixture(autouse=True)
def own_extension(dist, monkeypatch):
    from nodes import registry

    monkeypatch.setattr(registry, "WEB_DIRECTORIES", {})
    (dist / "extensions" / "core").mkdir(parents=True)
    (dist / "extensions" / "core" / "own.js").write_text("export {}")


async def test_scripts_of_packs_are_listed_and_served(client) -> None:
    listed = await (await client.get("/api/extensions")).json()
    assert listed == [
        "/extensions/core/own.js",
        "/extensions/My%20Pack/deep/more.js",
        "/extensions/My%20Pack/main.js",
        "/extensions/other-pack/index.js",
    ]
    for path in listed:
        answer = await client.get(URL(path, encoded=True))
        assert (answer.status, answer.content_type) == (200, "text/javascript")
    assert (await client.get("/extensions/My%20Pack/style.css")).content_type == "text/css"


def test_a_pack_may_show_files_of_a_package_that_lies_elsewhere(folders, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("site-packages")
    told = {"elsewhere": str(elsewhere), "gone": str(elsewhere / "none")}
    assert web_folders(folders, told).keys() == {"My Pack", "other-pack", "elsewhere"}
    assert web_folders(folders, told)["elsewhere"] == elsewhere


@pytest.mark.parametrize(
    "path",
    [
        "My%20Pack/..%2Fsecret.py", "My%20Pack/none.js", "off.disabled/off.js", "..%2F..%2Fmain/x.js", "none/x.js",
        "..%2F..%2F/dist%2Findex.html", "..%2Fassets/main-1a2b.js",
    ],
)  # fmt: skip
async def test_nothing_else_of_a_pack_is_served(client, path) -> None:
    assert (await client.get(URL(f"/extensions/{path}", encoded=True))).status == 404


async def test_translations_are_merged(client) -> None:
    assert await (await client.get("/i18n")).json() == {
        "en": {"hello": {"a": "A", "b": "B"}, "nodeDefs": {"FakeText": {"display_name": "Text"}}}
    }


async def test_example_workflows_are_listed_and_served(client) -> None:
    assert await (await client.get("/workflow_templates")).json() == {"My Pack": ["first"]}
    answer = await client.get("/api/workflow_templates/My%20Pack/first.json")
    assert await answer.json() == {"nodes": []}
    assert (await client.get("/api/workflow_templates/My%20Pack/first.jpg")).content_type == "image/jpeg"
    for path in ("My%20Pack/..%2Fsecret.py", "My%20Pack/none.json", "none/first.json"):
        assert (await client.get(URL(f"/api/workflow_templates/{path}", encoded=True))).status == 404


async def test_subgraphs_are_listed_and_read(client) -> None:
    listed = await (await client.get("/api/global_subgraphs")).json()
    ((id, entry),) = listed.items()
    assert entry == {"source": "custom_node", "name": "blur", "info": {"node_pack": "custom_nodes.My Pack"}}
    one = await (await client.get(f"/global_subgraphs/{id}")).json()
    assert one == {**entry, "data": '{"definitions": {}}'}
    answer = await client.get("/global_subgraphs/none")
    assert (answer.status, await answer.json()) == (200, None)


async def test_what_is_not_offered_says_so(client) -> None:
    for method, path in (("GET", "/api/assets"), ("POST", "/api/assets/from-hash"), ("GET", "/api/tags")):
        answer = await client.request(method, path)
        assert (answer.status, (await answer.json())["error"]["code"]) == (503, "SERVICE_DISABLED")
