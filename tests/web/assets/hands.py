"""What the statements about assets share."""

from io import BytesIO

from blake3 import blake3
from PIL import Image

MISSING = "blake3:" + "0" * 64


def hash_of(data: bytes) -> str:
    return f"blake3:{blake3(data).hexdigest()}"


def png(width=3, height=2) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height)).save(out, "png")
    return out.getvalue()


def code(answer) -> tuple[int, str]:
    status, body = answer
    assert body.keys() == {"error"}
    assert body["error"]["message"]
    assert isinstance(body["error"]["details"], dict)
    return status, body["error"]["code"]
