"""A pack with routes of its own, messages of its own, and a hand in every prompt."""

import asyncio

from aiohttp import web
from comfy_api.latest import ComfyAPISync, io
from server import PromptServer

routes = PromptServer.instance.routes
options = ["one"]


@routes.get("/routed/hello/{name}")
async def hello(request):
    return web.json_response(
        {"hello": request.match_info["name"], "query": dict(request.query)}, headers={"X-Pack": "1"}
    )


@routes.post("/routed/echo")
async def echo(request):
    return web.Response(body=await request.read(), status=201, content_type=request.content_type)


@routes.post("/routed/upload")
async def upload(request):
    fields = await request.post()
    return web.json_response({name: getattr(one, "filename", one) for name, one in fields.items()})


@routes.get("/routed/stream")
async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for number in range(3):
        await response.write(b"piece %d;" % number)
        await asyncio.sleep(0.01)
    return response


@routes.get("/routed/talk")
async def talk(request):
    socket = web.WebSocketResponse(protocols=("own",))
    await socket.prepare(request)
    async for message in socket:
        if message.data == "bye":
            await socket.close(code=4001, message=b"as asked")
        elif isinstance(message.data, str):
            await socket.send_json({"said": message.data, "query": dict(request.query)})
        else:
            await socket.send_bytes(message.data[::-1])
    return socket


@routes.get("/routed/die")
async def die(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"the first half")
    request.transport.abort()
    return response


@routes.get("/routed/headers")
async def headers(request):
    return web.json_response(dict(request.headers))


@routes.get("/routed/fail")
async def fail(request):
    raise ValueError("the pack's own trouble")


@routes.get("/routed/say")
async def say(request):
    PromptServer.instance.send_sync("routed-note", {"n": 1}, request.query.get("sid"))
    return web.Response()


@routes.get("/routed/frame")
async def frame(request):
    PromptServer.instance.send_sync(70, b"picture")
    return web.Response()


@routes.get("/object_info")
async def shadow(request):
    return web.Response(text="never seen")


def number_prompts(body):
    if "routed" in body.get("extra_data", {}):
        for raw in body["prompt"].values():
            raw["inputs"].pop("removed", None)
            if raw["class_type"] == "FakeText":
                raw["inputs"]["text"] = "rewritten"
    return body


PromptServer.instance.add_on_prompt_handler(number_prompts)


class Changing:
    """Its combo is computed anew whenever somebody looks."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"choice": (list(options),)}}

    RETURN_TYPES = ()
    FUNCTION = "go"
    OUTPUT_NODE = True

    def go(self, choice):
        return ()


NODE_CLASS_MAPPINGS = {"RoutedChanging": Changing}


ComfyAPISync().node_replacement.register(
    io.NodeReplace(
        new_node_id="FakeText",
        old_node_id="OldText",
        old_widget_ids=["words"],
        input_mapping=[
            {"new_id": "text", "old_id": "words"},
            {"new_id": "style", "set_value": "fancy"},
            {"new_id": "seed", "set_value": 7},
        ],
        output_mapping=[{"new_idx": 0, "old_idx": 2}],
    )
)
