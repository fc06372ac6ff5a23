"""SVG drawings with texts inside."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from comfy_core.media.errors import ImageError


def with_texts(svg: bytes, texts: Mapping[str, str]) -> bytes:
    """An SVG with texts, which are JSON, in its `metadata`. Raises ImageError when it is not one."""
    start = re.search(rb"<svg\b[^>]*?(/?)>", svg)
    if start is None:
        raise ImageError("the drawing is not SVG: it has no <svg> element.")
    if not texts or start[1]:
        return svg
    content = json.dumps({name: json.loads(text) for name, text in texts.items()}).replace("]]>", "]]\\u003e")
    return svg[: start.end()] + f"<metadata><![CDATA[{content}]]></metadata>".encode() + svg[start.end() :]
