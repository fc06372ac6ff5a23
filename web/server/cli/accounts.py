"""`python main.py user …` and `python main.py token …`: who may use a server that is not on this machine alone."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

import msgspec

from nodes.schema import NodeSchema
from web.server.access.accounts import Accounts, Refused, Token, read_accounts, write_accounts
from web.server.access.rights import DEFAULT_USER
from web.server.access.templates import Template
from web.server.cli.arguments import folders_of


def accounts(options: argparse.Namespace) -> int:
    """Do what the command says, and say what was done. Returns the exit code."""
    try:
        path = folders_of(options).user / "accounts.json"
        kept = read_accounts(path)
        words = WORK[options.command, options.action](kept, options)
        if options.action != "list":
            write_accounts(path, kept)
    except (Refused, ValueError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(words)
    return 0


def _add_user(kept: Accounts, options: argparse.Namespace) -> str:
    is_new = options.name not in kept.users
    kept.add_user(options.name, _password(options), options.admin)
    return f"{options.name} {'can sign in now' if is_new else 'has a new password'}; start with --multi-user"


def _list_users(kept: Accounts, options: argparse.Namespace) -> str:
    return "\n".join(f"{name}{' (admin)' if user.admin else ''}" for name, user in kept.users.items()) or "no users"


def _remove_user(kept: Accounts, options: argparse.Namespace) -> str:
    _take(kept.users, options.name, "user")
    for name in [name for name, token in kept.tokens.items() if token.user == options.name]:
        del kept.tokens[name]
    return f"{options.name} and their tokens are no longer known; their files are still there"


def _add_token(kept: Accounts, options: argparse.Namespace) -> str:
    if options.name in kept.tokens:
        raise Refused(f"there is a token {options.name!r} already; remove it first, or choose another name")
    if options.user != DEFAULT_USER and options.user not in kept.users:
        raise Refused(f"there is no user {options.user!r}; add one: python main.py user add {options.user}")
    if options.allow and options.template is None:
        raise Refused("--allow goes with --template: it names the inputs of that workflow that may change")
    template = _template(options) if options.template is not None else None
    token = Token(hash="", user=options.user, submit_only=options.submit_only, template=template)
    return f"{kept.add_token(options.name, token)}\nKeep it now: it cannot be shown again."


def _list_tokens(kept: Accounts, options: argparse.Namespace) -> str:
    return "\n".join(f"{name}: {_said(token)}" for name, token in kept.tokens.items()) or "no tokens"


def _remove_token(kept: Accounts, options: argparse.Namespace) -> str:
    _take(kept.tokens, options.name, "token")
    return f"the token {options.name} no longer works"


WORK = {
    ("user", "add"): _add_user,
    ("user", "list"): _list_users,
    ("user", "remove"): _remove_user,
    ("token", "add"): _add_token,
    ("token", "list"): _list_tokens,
    ("token", "remove"): _remove_token,
}


def _said(token: Token) -> str:
    if token.template is not None:
        return f"{token.user}, one workflow, may set {', '.join(token.template.inputs) or 'nothing'}"
    return f"{token.user}, {'may only submit prompts' if token.submit_only else 'all that the user may'}"


def _take(kept: dict[str, Any], name: str, kind: str) -> None:
    if kept.pop(name, None) is None:
        raise Refused(f"there is no {kind} {name!r}; there are: {', '.join(kept) or 'none'}")


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    try:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise Refused("the two passwords differ")
    except EOFError:
        raise Refused("no password was given; type it twice, or pass it in with --password-stdin") from None
    return password


def _template(options: argparse.Namespace) -> Template:
    """The workflow of `--template` as a prompt. Raises Refused."""
    prompt = _prompt_of(options.template, options)
    for name in options.allow:
        node_id, _, field = name.partition(".")
        if field not in prompt.get(node_id, {}).get("inputs", {}):
            raise Refused(f"the workflow has no input {name!r}; name inputs as NODE.INPUT, such as 6.text")
    return Template(prompt=prompt, inputs=tuple(options.allow))


def _prompt_of(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    from execution.convert.files import read_workflow_file
    from execution.convert.to_prompt import to_prompt

    try:
        found = read_workflow_file(path)
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}") from None
    if found.prompt is not None:
        return found.prompt
    folders = folders_of(options)
    try:
        nodes = msgspec.json.decode((folders.user / "catalogue.json").read_bytes(), type=list[NodeSchema])
    except (OSError, msgspec.DecodeError):
        reason = "no nodes are known here yet: start the server once, or give the workflow as an API prompt"
        raise Refused(reason) from None
    return to_prompt(found.workflow or {}, {node.id: node for node in nodes}, folders.files)
