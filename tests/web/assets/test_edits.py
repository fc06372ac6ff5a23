"""One asset: shown, changed, tagged, deleted, and its bytes given back."""

import pytest

from tests.web.assets.hands import code, png


async def test_an_asset_is_shown_changed_and_deleted(upload, ask, folders, names) -> None:
    asset = (await upload())[1]
    id, preview = asset["id"], (await upload(png(), "p.png"))[1]
    status, shown = await ask("GET", f"assets/{id}")
    assert (status, shown) == (200, {key: value for key, value in asset.items() if key != "created_new"})
    change = {"name": "new", "user_metadata": {"stars": 5}, "preview_id": preview["id"]}
    status, changed = await ask("PUT", f"assets/{id}", json=change)
    assert status == 200
    assert {key: changed[key] for key in change} == change
    assert changed["preview_url"] == preview["preview_url"]
    assert changed["updated_at"] > asset["updated_at"]
    assert changed["created_at"] == asset["created_at"]
    status, changed = await ask("PUT", f"assets/{id}", json={"preview_id": None})
    assert (changed["name"], "preview_id" in changed) == ("new", False)
    assert (await ask("DELETE", f"assets/{id}"))[0] == 204
    assert await names() == ["p.png"]
    assert len(list(folders.input.iterdir())) == 2  # the file stays
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/content"), ("POST", "/tags")):
        answer = await ask(method, f"assets/{id}{path}", json={"name": "x", "tags": ["y"]})
        assert code(answer) == (404, "ASSET_NOT_FOUND")


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": None}, {"name": "a\0b"}, {"user_metadata": 3}, {"preview_id": "none"}, [], 3]
)
async def test_changes_that_make_no_sense(upload, ask, body) -> None:
    id = (await upload())[1]["id"]
    assert code(await ask("PUT", f"assets/{id}", json=body)) == (400, "INVALID_BODY")


async def test_bytes_come_back_safely(upload, client) -> None:
    page = (await upload(b"<script>1</script>", "a.html"))[1]["id"]
    picture = (await upload(png(), "cät/../cat.png"))[1]["id"]
    kept = await client.get(f"/api/assets/{picture}/content")
    assert kept.headers["Content-Disposition"].startswith("attachment")
    shown = await client.get(f"/api/assets/{picture}/content?disposition=inline")
    assert (await shown.read(), shown.content_type) == (png(), "image/png")
    assert shown.headers["Content-Disposition"].startswith("filename")
    answer = await client.get(f"/api/assets/{page}/content?disposition=inline")
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.html"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (await client.get(f"/api/assets/{page}/content?disposition=x")).status == 400


async def test_a_file_that_is_gone_or_became_a_link_outwards_is_not_served(upload, ask, folders) -> None:
    id = (await upload())[1]["id"]
    (stored,) = folders.input.iterdir()
    stored.unlink()
    assert code(await ask("GET", f"assets/{id}/content")) == (404, "FILE_NOT_FOUND")
    (folders.base / "secret.txt").write_text("secret")
    stored.symlink_to(folders.base / "secret.txt")
    assert code(await ask("GET", f"assets/{id}/content")) == (404, "FILE_NOT_FOUND")


async def test_tags_are_added_and_removed(upload, ask) -> None:
    id = (await upload())[1]["id"]
    assert await ask("POST", f"assets/{id}/tags", json={"tags": ["Cats", "input", " cats "]}) == (
        200,
        {"added": ["cats"], "already_present": ["input"], "total_tags": ["cats", "input", "uploaded"]},
    )
    assert await ask("DELETE", f"assets/{id}/tags", json={"tags": ["cats", "dogs"]}) == (
        200,
        {"removed": ["cats"], "not_present": ["dogs"], "total_tags": ["input", "uploaded"]},
    )
    for tags in (["x\ny"], [""], ["x" * 300], ["a,b"], "cats", [1], None):
        assert code(await ask("POST", f"assets/{id}/tags", json={"tags": tags})) == (400, "INVALID_BODY")


async def test_tags_are_counted(upload, ask) -> None:
    await upload(b"1", tags="input,cats")
    await upload(b"2", tags="input,cats,old")
    gone = (await upload(b"3", tags="input,dogs"))[1]["id"]
    await ask("DELETE", f"assets/{gone}")

    async def counts(**query):
        body = (await ask("GET", "tags", params=query))[1]
        return [(tag["name"], tag["count"]) for tag in body["tags"]], body["total"], body["has_more"]

    everything = [("cats", 2), ("input", 2), ("uploaded", 2), ("old", 1), ("dogs", 0)]
    assert await counts() == (everything, 5, False)
    assert await counts(include_zero="false") == (everything[:4], 4, False)
    assert await counts(order="name_asc", limit=2, offset=1) == ([("dogs", 0), ("input", 2)], 5, True)
    assert await counts(prefix="Ca") == ([("cats", 2)], 1, False)
    assert await counts(prefix="%") == ([], 0, False)
    refined = (await ask("GET", "assets/tags/refine", params={"tags_all": "cats"}))[1]
    assert refined == {"tag_counts": {"cats": 2, "input": 2, "uploaded": 2, "old": 1}}
    assert code(await ask("GET", "tags?limit=x")) == (400, "INVALID_QUERY")
    assert code(await ask("GET", "tags?order=up")) == (400, "INVALID_QUERY")
