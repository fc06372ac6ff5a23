"""The command line of Easel: `python main.py` serves the editor, `python main.py run workflow.json` makes a picture."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import NoReturn


def main(words: list[str] | None = None) -> int:
    from web.server.cli.arguments import parse

    options = parse(sys.argv[1:] if words is None else words)
    _set_up_logging(options.command, options.verbose)
    _share_the_processor()
    _take_memory_in_large_pages()
    if options.command == "run":
        from web.server.cli.run import run

        return run(options)
    if options.command == "batch":
        from web.server.cli.batch import batch

        return batch(options)
    if options.command == "verify":
        from web.server.cli.verify import verify

        return verify(options)
    if options.command == "explain":
        from web.server.cli.explain import explain

        return explain(options)
    if options.command == "export":
        from web.server.cli.export import export

        return export(options)
    if options.command == "import":
        from web.server.cli.import_picture import import_picture

        return import_picture(options)
    if options.command in ("inspect", "prune", "convert"):
        from web.server.cli import model_tools

        return getattr(model_tools, options.command)(options)
    if options.command in ("user", "token"):
        from web.server.cli.accounts import accounts

        return accounts(options)
    from web.server.cli.serve import serve

    return serve(options)


def _set_up_logging(command: str, verbose: bool) -> None:
    """Say what Easel does; of the libraries beneath it, only what goes wrong."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    level = logging.DEBUG if verbose else logging.INFO if command == "serve" else logging.WARNING
    for room in ("easel", "web", "execution"):
        logging.getLogger(room).setLevel(level)


def _share_the_processor() -> None:
    """Let torch's threads sleep, not spin, while they wait for each other.

    Spinning gains little on an idle machine and loses everything on a busy one: beside another program on two cores, a
    sampling of 0.9 s took more than 40 s. Read by OpenMP when torch is imported, here or in the worker's process.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _take_memory_in_large_pages() -> None:
    """Let torch ask for memory in large pages, where the system has them: a gigabyte of new weights then takes a fifth
    of the time. Read by torch when it first takes memory, here or in the worker's process."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def _leave(code: int) -> NoReturn:
    """End the process; a thread that a pack has started and left running does not keep it."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    if any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _leave(main())
