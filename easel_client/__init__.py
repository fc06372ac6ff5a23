"""Talk to a running Easel (or ComfyUI) from Python: submit workflows, follow them, fetch what they made.

    from easel_client import Client

    with Client("http://127.0.0.1:8188") as easel:
        result = easel.run("workflow.json", {"6.text": "a red apple"})
        result.files[0].save("apple.png")

`AsyncClient` has the same methods as coroutines. Needs aiohttp and nothing else of Easel.
"""

from easel_client.asynchronous import AsyncClient
from easel_client.blocking import Client
from easel_client.results import File, Result
from easel_client.talk import Event, Preview, Refused, RunFailed, Unreachable

__all__ = ["AsyncClient", "Client", "Event", "File", "Preview", "Refused", "Result", "RunFailed", "Unreachable"]
