"""/openapi.json describes the routes there are; /docs shows them without a script or another host."""

import re


async def test_every_route_is_described(client) -> None:
    document = await (await client.get("/api/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    described = {(path, method) for path, operations in document["paths"].items() for method in operations}
    there = {
        (route.resource.canonical, route.method.lower())
        for route in client.app.router.routes()
        if route.method not in ("*", "HEAD")
    }
    assert {(path, method) for path, method in there if path not in ("/", "/{path}")} == {
        one for path, method in described for one in ((path, method), (f"/api{path}", method)) if one in there
    }
    ids = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))


async def test_parameters_and_bodies_are_described(client) -> None:
    document = await (await client.get("/openapi.json")).json()
    jobs = document["paths"]["/api/jobs"]["get"]
    assert {"name": "status", "in": "query", "schema": {"type": "string"}} in jobs["parameters"]
    assert jobs["summary"].startswith("Query: `status`")
    one = document["paths"]["/api/jobs/{id}"]["get"]["parameters"]
    assert one == [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    reference = document["paths"]["/prompt"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    assert schema["properties"]["client_id"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    form = document["paths"]["/upload/mask"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["image"]


async def test_the_page_needs_nothing_else(client) -> None:
    answer = await client.get("/docs")
    text = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "<b>POST</b> /upload/mask" in text
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == ["openapi.json"]
