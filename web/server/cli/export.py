"""`python main.py export workflow.json --python` or `--infotext`: a workflow as a script, or as A1111's parameters."""

from __future__ import annotations

import argparse
import asyncio
import sys
from io import BytesIO
from pathlib import Path

from comfy_core import folders
from comfy_core.folders import Folders, shown
from comfy_core.infotext import write
from execution import headless
from execution.calling import all_nodes
from execution.export import validate_without_files, write_script
from nodes.parameters import infotext_of
from nodes.schema import Node
from web.server.cli.arguments import folders_of
from web.server.cli.run import exit_code


def export(options: argparse.Namespace) -> int:
    """Write what the options ask for. Returns the exit code."""
    return exit_code(asyncio.to_thread(_export, options), options.verbose)  # packs start event loops of their own


def _export(options: argparse.Namespace) -> None:
    found = headless.read_file(options.workflow)
    where = folders_of(options)
    folders.use(where)
    nodes = all_nodes()
    prompt = headless.prompt_of(found, {name: node.schema for name, node in nodes.items()}, where)
    text = write(infotext_of(prompt)) + "\n" if options.infotext else _script(options, prompt, nodes, where)
    if options.out is None:
        print(text, end="")
        return
    is_picture = options.infotext and options.out.suffix.lower() == ".png"
    content = _with_parameters(options.workflow, text.strip()) if is_picture else text.encode()
    try:
        options.out.write_bytes(content)
    except OSError as error:
        raise headless.Failed(f"cannot write {options.out}: {error.strerror}") from None
    print(options.out)


def _script(options: argparse.Namespace, prompt: dict, nodes: dict[str, Node], where: Folders) -> str:
    validation, missing = validate_without_files(prompt, nodes, where)
    headless.refuse_invalid(validation)
    script = write_script(
        validation.prompt,
        validation.outputs,
        nodes,
        title=options.workflow.name,
        where=where,
        model_paths=options.extra_model_paths_config,
        cpu=options.cpu,
    )
    for one in missing:
        asker = headless.node_name(one.node, prompt)
        print(f"{asker}: {one.value!r} is not in {shown(one.folder)}; the script needs it there", file=sys.stderr)
    return script


def _with_parameters(picture: Path, parameters: str) -> bytes:
    """The picture as PNG with its own text chunks and this one. Raises Failed for what is no picture."""
    from PIL import Image, UnidentifiedImageError
    from PIL.PngImagePlugin import PngInfo

    try:
        with Image.open(picture) as image:
            image.load()
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        raise headless.Failed(f"{picture} is no picture to put parameters into; write them into a .txt file") from None
    texts, out = PngInfo(), BytesIO()
    for name, text in {**getattr(image, "text", {}), "parameters": parameters}.items():
        texts.add_text(name, text)
    image.save(out, "png", pnginfo=texts)
    return out.getvalue()
