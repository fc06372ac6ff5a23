"""What `python main.py user` and `python main.py token` understand."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from web.server.access.rights import DEFAULT_USER

AddOptions = Callable[[argparse.ArgumentParser], None]


def add_account_commands(commands: Any, common: AddOptions) -> None:
    """Add `user` and `token` to the command line; `common` adds the options that say where files lie."""
    users = commands.add_parser("user", help="who may sign in to a server with --multi-user")
    actions = users.add_subparsers(dest="action", required=True, metavar="{add,list,remove}")
    adding = actions.add_parser("add", help="add a user, or change a password")
    adding.add_argument("name")
    adding.add_argument("--admin", action="store_true", help="may manage the server and see what others do")
    adding.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    _rest(actions, "user", adding, common)

    tokens = commands.add_parser("token", help="what programs use to talk to a server")
    actions = tokens.add_subparsers(dest="action", required=True, metavar="{add,list,remove}")
    adding = actions.add_parser("add", help="make a token")
    adding.add_argument("name", help="what the token is for, such as phone")
    adding.add_argument("--user", default=DEFAULT_USER, help="whom it acts for (default: the server's owner)")
    adding.add_argument("--submit-only", action="store_true", help="it may run prompts and follow them, no more")
    adding.add_argument("--template", type=Path, metavar="WORKFLOW", help="it may run this workflow only")
    adding.add_argument("--allow", action="append", default=[], metavar="NODE.INPUT", help="with another value here")
    _rest(actions, "token", adding, common)


def _rest(actions: Any, kind: str, adding: argparse.ArgumentParser, common: AddOptions) -> None:
    removing = actions.add_parser("remove", help=f"remove a {kind}")
    removing.add_argument("name")
    for parser in (adding, removing, actions.add_parser("list", help=f"list the {kind}s")):
        common(parser)
        parser.set_defaults(verbose=False)
