"""Lists of assets: filtered, in order, page by page."""

import pytest

from tests.web.assets.hands import code


async def test_lists_are_filtered(upload, names) -> None:
    await upload(b"1", name="Tabby", tags="input,cats", user_metadata='{"stars": 5, "ok": true, "by": "ada"}')
    await upload(b"2", name="100%", tags="input,cats,old", user_metadata='{"stars": 4.5, "a\\"b": "x"}')
    await upload(b"3", name="Rex", tags="input,dogs")
    for query, found in {
        "include_tags=cats": "100% Tabby",
        "tags_all=cats,old": "100%",
        "tags_all=cats&tags_all=old": "100%",
        "exclude_tags=cats": "Rex",
        "tags_any=old,DOGS": "100% Rex",
        "tags_all=cats&tags_none=old": "Tabby",
        "tags_all=none": "",
        "name_contains=tab": "Tabby",
        "name_contains=%25": "100%",
        'metadata_filter={"stars": 5}': "Tabby",
        'metadata_filter={"stars": [4.5, 5]}': "100% Tabby",
        'metadata_filter={"stars": null}': "Rex",
        'metadata_filter={"ok": true}': "Tabby",
        'metadata_filter={"ok": 1}': "",
        'metadata_filter={"a\\"b": "x"}': "100%",
        'metadata_filter={"by": "ada", "stars": 4}': "",
        'metadata_filter={"by": []}': "",
    }.items():
        asked = [part.split("=", 1) for part in query.replace("%25", "%").split("&")]
        listed = await names(sort="name", order="asc", **{k: ",".join(v for n, v in asked if n == k) for k, _ in asked})
        assert listed == found.split(), query


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("limit=0", "INVALID_QUERY"),
        ("limit=501", "INVALID_QUERY"),
        ("limit=1e3", "INVALID_QUERY"),
        ("offset=-1", "INVALID_QUERY"),
        ("offset=99999999999999999999", "INVALID_QUERY"),
        ("limit=--1", "INVALID_QUERY"),
        ("sort=path", "INVALID_QUERY"),
        ("order=up", "INVALID_QUERY"),
        ("metadata_filter=[1]", "INVALID_QUERY"),
        ('metadata_filter={"a":{"b":1}}', "INVALID_QUERY"),
        (f'metadata_filter={{"a":{10**40}}}', "INVALID_QUERY"),
        ("metadata_filter=" + "[" * 2000, "INVALID_QUERY"),
        ("include_tags=a&tags_none=b", "INVALID_TAG_FILTER"),
        ("tags_all=a,b&tags_none=b", "INVALID_TAG_FILTER"),
        ("tags_any=" + ",".join(map(str, range(101))), "INVALID_TAG_FILTER"),
        ("after=x", "INVALID_CURSOR"),
        ("after=bnVsbA", "INVALID_CURSOR"),
        ("after=WyJuYW1lIiwiZGVzYyIsMSwieCJd", "INVALID_CURSOR"),  # ["name","desc",1,"x"]
        ("after=WyJjcmVhdGVkX2F0IiwiZGVzYyIsIngiLCJ4Il0", "INVALID_CURSOR"),  # ["created_at","desc","x","x"]
        ("after=ä", "INVALID_CURSOR"),
    ],
    ids=lambda value: value[:40],
)
async def test_queries_that_make_no_sense(ask, query, refusal) -> None:
    assert code(await ask("GET", f"assets?{query}")) == (400, refusal)


@pytest.mark.parametrize("path", ["", "/%ED%A0%80", "/%00", "/%FF/content", "/tags/refine"])
async def test_words_that_are_no_text_find_nothing(ask, path) -> None:
    for text in ("%ED%A0%80", "%00", "%FF", "\\"):
        status, _ = await ask("GET", f"assets{path}?name_contains={text}&tags_any={text}")
        assert status in (200, 404)


@pytest.mark.parametrize("sort", ["name", "created_at", "updated_at", "size", "last_access_time"])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_cursors_go_through_all_pages_once(ask, folders, seed, sort, order) -> None:
    for number in range(7):
        (folders.input / f"{number}.txt").write_bytes(b"x" * (number // 2))
    await seed(roots=["input"])
    query, pages = {"limit": 3, "sort": sort, "order": order}, []
    while True:
        body = (await ask("GET", "assets", params=query))[1]
        assert body["total"] == 7
        pages.append([asset["name"] for asset in body["assets"]])
        if not body["has_more"]:
            break
        query["after"] = body["next_cursor"]
    assert [len(page) for page in pages] == [3, 3, 1]
    listed = [name for page in pages for name in page]
    assert len(set(listed)) == 7
    by_offset = (await ask("GET", "assets", params={"limit": 9, "sort": sort, "order": order}))[1]["assets"]
    assert [asset["name"] for asset in by_offset] == listed
    values = [asset[sort] for asset in by_offset]
    assert values == sorted(values, reverse=order == "desc")
