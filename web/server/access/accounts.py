"""Users and tokens: `user/accounts.json`, which only the command line writes and no route can reach.

Passwords are kept as scrypt hashes (RFC 7914), tokens as SHA-256: a token is random, so a fast hash is enough.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from pathlib import Path

import msgspec

from web.server.access.rights import DEFAULT_USER, Caller, Right
from web.server.access.templates import Template

log = logging.getLogger("easel.server")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
SHORTEST_PASSWORD = 8
SESSION_SECONDS = 30 * 24 * 3600
SCRYPT = {"n": 2**14, "r": 8, "p": 1}


class Refused(Exception):
    """An account that cannot be made as asked; the text says why."""


class User(msgspec.Struct):
    password: str
    admin: bool = False


class Token(msgspec.Struct):
    """`hash` of a token that acts for `user`; with `submit_only` or a template it may do no more than run prompts."""

    hash: str
    user: str = DEFAULT_USER
    submit_only: bool = False
    template: Template | None = None


class Accounts(msgspec.Struct):
    """`secret` signs sessions and gives the server its own token."""

    secret: str = msgspec.field(default_factory=lambda: secrets.token_hex(32))
    users: dict[str, User] = {}
    tokens: dict[str, Token] = {}

    # --- users ---

    def add_user(self, name: str, password: str, admin: bool) -> None:
        """Raises Refused."""
        if not NAME.fullmatch(name) or name == DEFAULT_USER:
            raise Refused(f"{name[:80]!r} is no user name; use up to 64 letters, digits, - and _, and not 'default'")
        if len(password) < SHORTEST_PASSWORD:
            raise Refused(f"the password is too short; use at least {SHORTEST_PASSWORD} characters")
        self.users[name] = User(password=_hashed(password, os.urandom(16)), admin=admin)

    def check_password(self, name: str, password: str) -> Caller | None:
        """The user of that name if the password is theirs. Takes as long for a name that is not known."""
        user = self.users.get(name)
        kept = user.password if user is not None else _hashed("", bytes(16))
        matches = hmac.compare_digest(_hashed(password, bytes.fromhex(kept.partition("$")[0])), kept)
        return self.caller(name) if user is not None and matches else None

    def caller(self, name: str) -> Caller | None:
        user = self.users.get(name)
        return None if user is None else Caller(name, Right.MANAGE if user.admin else Right.USE)

    # --- tokens ---

    def server_token(self) -> str:
        """The token that is printed at start: the same at every start, until the file is deleted."""
        return _text(self._sign(b"server token"))

    def add_token(self, name: str, token: Token) -> str:
        """Make a token; its text is known only now. `token.hash` is filled in."""
        text = f"easel_{secrets.token_urlsafe(32)}"
        token.hash = _digest(text)
        self.tokens[name] = token
        return text

    def find_token(self, text: str) -> Caller | None:
        """Whom a token stands for; None for an unknown one, or one whose user is gone."""
        digest = _digest(text)
        for token in self.tokens.values():
            if hmac.compare_digest(token.hash, digest):
                return self._bearer(token)
        return None

    def _bearer(self, token: Token) -> Caller | None:
        owner = self.caller(token.user) or (Caller(DEFAULT_USER, Right.MANAGE) if token.user == DEFAULT_USER else None)
        if owner is None or not (token.submit_only or token.template):
            return owner
        return Caller(owner.user, Right.SUBMIT, token.template)

    # --- sessions ---

    def session(self, user: str) -> str:
        """What a browser is given to be known again."""
        expiry = int(time.time()) + SESSION_SECONDS
        return f"{user}.{expiry}.{_text(self._session_mark(user, expiry))}"

    def find_session(self, text: str) -> str | None:
        """The user of a session; None if it is forged, too old, or the password has changed since."""
        user, _, rest = text.partition(".")
        expiry, _, mark = rest.partition(".")
        if not (expiry.isascii() and expiry.isdigit() and len(expiry) < 12) or int(expiry) < time.time():
            return None
        return user if hmac.compare_digest(_text(self._session_mark(user, int(expiry))), mark) else None

    def _session_mark(self, user: str, expiry: int) -> bytes:
        password = self.users[user].password if user in self.users else ""
        return self._sign(f"session\n{user}\n{expiry}\n{password}".encode())

    def _sign(self, words: bytes) -> bytes:
        return hmac.digest(bytes.fromhex(self.secret), words, "sha256")


class AccountsFile:
    """The accounts of a server that runs; what the command line changes meanwhile counts at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: int | None = None
        self._accounts = Accounts()

    def current(self) -> Accounts:
        try:
            changed = self._path.stat().st_mtime_ns
        except OSError:
            changed = None
        if changed != self._read_at:
            try:
                self._accounts = read_accounts(self._path)
            except Refused as reason:
                log.error("%s; the accounts read before count", reason)
            self._read_at = changed
        return self._accounts


def read_accounts(path: Path) -> Accounts:
    """The accounts of a file, none where there is none. Raises Refused when it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Accounts)
    except FileNotFoundError:
        return Accounts()
    except (OSError, msgspec.MsgspecError) as error:
        raise Refused(f"{path} cannot be read: {error}; mend it, or delete it to begin without users") from None


def write_accounts(path: Path, accounts: Accounts) -> None:
    """Write the file whole, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(accounts)))
    part.replace(path)


def _hashed(password: str, salt: bytes) -> str:
    return f"{salt.hex()}${hashlib.scrypt(password.encode(), salt=salt, **SCRYPT).hex()}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _text(mark: bytes) -> str:
    return base64.urlsafe_b64encode(mark).decode().rstrip("=")
