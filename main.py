"""The command line of Easel: `python main.py` serves the editor, `python main.py run workflow.json` makes a picture."""

from __future__ import annotations

import logging
import sys


def main(words: list[str] | None = None) -> int:
    from web.server.cli.arguments import parse

    options = parse(sys.argv[1:] if words is None else words)
    level = logging.DEBUG if options.verbose else logging.INFO
    logging.basicConfig(level=level if options.command == "serve" else logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    if options.command == "run":
        from web.server.cli.run import run

        return run(options)
    from web.server.cli.serve import serve

    return serve(options)


if __name__ == "__main__":
    sys.exit(main())
