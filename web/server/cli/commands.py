"""The commands of `python main.py`, each with its flags."""

from __future__ import annotations

import argparse
from pathlib import Path

from web.server.cli.account_commands import add_account_commands
from web.server.cli.flags import at_least_one, common, count, folders, port, positive, queue
from web.server.cli.model_commands import add_model_commands

COMMANDS = (
    "serve",
    "run",
    "batch",
    "explain",
    "verify",
    "export",
    "import",
    "inspect",
    "prune",
    "convert",
    "user",
    "token",
)
WORKFLOW = "a saved workflow, an API prompt, or a picture, film or sound that carries one"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="main.py", description="Easel: a node-graph engine for image models.")
    commands = top.add_subparsers(
        dest="command", metavar="{serve,run,batch,explain,verify,export,import,inspect,prune,convert}"
    )
    _serve(commands.add_parser("serve", help="start the server and the editor (the default)"))
    _run(commands.add_parser("run", help="run one workflow and exit"))
    _batch(commands.add_parser("batch", help="run one workflow for every row of a table"))
    _explain(commands.add_parser("explain", help="say what a workflow would do if it ran now"))
    _verify(commands.add_parser("verify", help="make a picture, film or sound again and say whether it is the same"))
    _export(commands.add_parser("export", help="write a workflow as a Python script, or as A1111's parameters"))
    _import(commands.add_parser("import", help="make a workflow of a picture from AUTOMATIC1111's web UI and its kin"))
    add_model_commands(commands)
    add_account_commands(commands, folders)
    return top


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen",
        nargs="?",
        const="0.0.0.0,::",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="addresses to listen on and host names to answer to, with commas; without a value: all addresses",
    )
    parser.add_argument("--port", type=port, default=8188, help="the port (default: 8188)")
    parser.add_argument(
        "--front-end",
        choices=("easel", "official"),
        default="easel",
        help="the page to serve: Easel's editor, or ComfyUI's own (pip install 'easel[official]')",
    )
    parser.add_argument("--front-end-root", type=Path, metavar="DIR", help="serve another front end: a built web page")
    parser.add_argument(
        "--enable-cors-header",
        nargs="?",
        const="*",
        metavar="ORIGIN",
        help="let web pages of ORIGIN use this server; without a value: those of all sites",
    )
    parser.add_argument("--multi-user", action="store_true", help="users sign in, and each has their own; see user -h")
    parser.add_argument("--token", help="the token to ask for (default: one of its own; also as EASEL_TOKEN)")
    parser.add_argument(
        "--no-token", action="store_true", help="ask nobody for a token, even where the network reaches this server"
    )
    parser.add_argument("--tls-keyfile", type=Path, metavar="FILE", help="serve HTTPS: the private key (PEM)")
    parser.add_argument("--tls-certfile", type=Path, metavar="FILE", help="serve HTTPS: the certificate (PEM)")
    parser.add_argument("--enable-assets", action="store_true", help="the assets API: files by content, with tags")
    parser.add_argument("--enable-compress-response-body", action="store_true", help="compress JSON and text answers")
    parser.add_argument("--max-upload-size", type=positive, default=100.0, metavar="MB", help="default: 100")
    queue(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        type=at_least_one,
        default=1,
        metavar="N",
        help="how many prompts run at the same time, each in a process and on a GPU of its own while there are enough",
    )
    where.add_argument("--in-process", action="store_true", help="run nodes inside the server process (debugging)")
    parser.add_argument(
        "--checkpoint-seconds",
        type=positive,
        default=10.0,
        metavar="T",
        help="how often a sampler's progress is written down, to go on from after a crash; 0: not by time",
    )
    parser.add_argument(
        "--checkpoint-steps", type=count, default=0, metavar="K", help="also after every K calls of a model"
    )
    browser = parser.add_mutually_exclusive_group()
    browser.add_argument(
        "--auto-launch", dest="auto_launch", action="store_true", default=None, help="open the browser"
    )
    browser.add_argument("--disable-auto-launch", dest="auto_launch", action="store_false", help="never open it")
    common(parser)


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflow", type=Path, help=WORKFLOW)
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="NODE.INPUT=VALUE",
        help='change an input, e.g. --set "6.text=a red apple"; may be repeated',
    )
    parser.add_argument("--seed", type=int, metavar="N", help="set every seed of the workflow")
    parser.add_argument(
        "--out", "-o", type=Path, metavar="FILE", help="where the picture goes (more: FILE_1, FILE_2 …)"
    )
    parser.add_argument("--server", metavar="URL", help="let a server that runs already do it")
    parser.add_argument("--token", help="the token that this server asks for")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)  # nothing goes on after a run that ended
    parser.add_argument("--subprocess", action="store_true", help="run nodes in a process of their own")
    common(parser)


def _batch(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "The table is CSV; its first row names inputs, such as 6.text or KSampler.seed. What came of each row is "
        "written into a manifest; rows that are done are not run again. Ctrl+C breaks off, the same command goes on."
    )
    parser.add_argument("workflow", type=Path, help=WORKFLOW)
    parser.add_argument("table", type=Path, help="a CSV file")
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="default: <table>.manifest.jsonl")
    parser.add_argument("--stop", action="store_true", help="stop at the first row that fails (default: go on)")
    parser.add_argument("--subprocess", action="store_true", help="run nodes in a process of their own")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    common(parser)


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflow", type=Path, help=WORKFLOW)
    parser.add_argument("--json", action="store_true", help="all that is known, as POST /explain tells it")
    parser.add_argument("--server", metavar="URL", help="ask a server that runs: it knows what it has in memory")
    parser.add_argument("--token", help="the token that this server asks for")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    common(parser)


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.description = "Exit code: 0 identical, 1 different, 2 it cannot be told."
    parser.add_argument("file", type=Path, help="a picture, a film or sound that Easel saved")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    common(parser)


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflow", type=Path, help=WORKFLOW)
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--python", action="store_true", help="as a Python script")
    form.add_argument(
        "--infotext", action="store_true", help="as the parameters of AUTOMATIC1111's web UI, as far as they can say it"
    )
    parser.add_argument(
        "--out",
        "-o",
        type=Path,
        metavar="FILE",
        help="where to write it (default: to the terminal); parameters also as .png: a copy of the picture with them",
    )
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    common(parser)


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("picture", type=Path, help="a picture that says how it was made, or a text file with its words")
    parser.add_argument("--out", "-o", type=Path, metavar="FILE", help="where to write it (default: to the terminal)")
    parser.add_argument("--api", action="store_true", help="as an API prompt, without a place for each node")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    common(parser)
