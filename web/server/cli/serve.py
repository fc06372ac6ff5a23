"""`python main.py`: bind the port first, serve the page at once, and bring the engine up behind it."""

from __future__ import annotations

import argparse
import asyncio
import errno
import importlib.util
import logging
import os
import shutil
import signal
import ssl
import sys
import time
import webbrowser
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from comfy_core.folders import Folders
from comfy_core.lock import FileLock
from execution.garbage import settle
from web.server.access.accounts import Refused, read_accounts, write_accounts
from web.server.app import make_app
from web.server.cli.arguments import engine_settings, folders_of, workers_of
from web.server.security import ANY_ADDRESS, is_address, is_loopback
from web.server.settings import DIST, MIB, ServerSettings

if TYPE_CHECKING:
    from execution.engine import Engine

NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
CLOSE_SECONDS = 5.0
OFFICIAL = "comfyui_frontend_package"


class CannotStart(Exception):
    """A reason not to start, as one sentence for the person at the terminal."""


def serve(options: argparse.Namespace) -> int:
    """Serve until interrupted. Returns the exit code."""
    try:
        folders = _folders(options)
        settings = settings_of(options)
        secure = _tls(options)
        check_folders(folders)
        check_alone(folders)
        settings = with_token(settings, folders)
        asyncio.run(_serve(options, folders, settings, secure))
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.in_process:
        sys.stdout.flush()
        os._exit(0)  # a node may still be at work in its thread; all that must be kept is on disk
    return 0


def settings_of(options: argparse.Namespace) -> ServerSettings:
    """What the options say to the server. Raises CannotStart."""
    names = tuple(name.strip().lower() for name in options.listen.split(",") if name.strip())
    root = _front_end(options)
    listen = names or ("127.0.0.1",)
    return ServerSettings(
        listen=listen,
        port=options.port,
        max_upload_bytes=int(options.max_upload_size * MIB),
        dist=DIST if root is None else root.resolve(),
        own_page=root is None,
        cors_origin=options.enable_cors_header,
        compress=options.enable_compress_response_body,
        wants_token=options.multi_user or (is_reachable(listen) and not options.no_token),
        token=options.token or os.environ.get("EASEL_TOKEN") or None,
        multi_user=options.multi_user,
        assets=options.enable_assets,
    )


def _front_end(options: argparse.Namespace) -> Path | None:
    """The folder of the page to serve, None for our own. Raises CannotStart."""
    root: Path | None = options.front_end_root
    if root is None and options.front_end == "official":
        package = importlib.util.find_spec(OFFICIAL)  # found, never imported: only its files are served
        if package is None or not package.submodule_search_locations:
            raise CannotStart(f"ComfyUI's front end is not installed; run: pip install {OFFICIAL.replace('_', '-')}")
        root = Path(package.submodule_search_locations[0]) / "static"
    if root is not None and not (root / "index.html").is_file():
        raise CannotStart(f"the front end in {root} has no index.html; name the folder of a built one")
    return root


def with_token(settings: ServerSettings, folders: Folders) -> ServerSettings:
    """The settings with the token that the owner gets in by, the same at every start. Raises CannotStart."""
    if not settings.wants_token or settings.token is not None:
        return settings
    path = folders.user / "accounts.json"
    try:
        accounts = read_accounts(path)
        if not path.exists():
            write_accounts(path, accounts)
    except Refused as reason:
        raise CannotStart(str(reason)) from None
    except OSError as error:
        raise CannotStart(f"cannot write {path}: {error.strerror}") from None
    return replace(settings, token=accounts.server_token())


def _folders(options: argparse.Namespace) -> Folders:
    try:
        return folders_of(options)
    except ValueError as error:
        raise CannotStart(str(error)) from None


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    """The certificate to serve HTTPS with, if one is given. Raises CannotStart."""
    key, certificate = options.tls_keyfile, options.tls_certfile
    if key is None and certificate is None:
        return None
    if key is None or certificate is None:
        raise CannotStart("HTTPS needs both --tls-keyfile and --tls-certfile")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotStart(f"cannot use --tls-certfile {certificate} with --tls-keyfile {key}: {reason}") from None
    return context


async def _serve(
    options: argparse.Namespace, folders: Folders, settings: ServerSettings, secure: ssl.SSLContext | None
) -> None:
    stop = _stop_on_signals()
    engine = asyncio.get_running_loop().create_future()
    app = make_app(engine, folders, settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_SECONDS, handle_signals=False)
    await runner.setup()
    try:
        port = await _listen(runner, settings, secure)
        _announce(settings, port, options.auto_launch, "https" if secure else "http")
        await _live(options, folders, engine, stop)
    finally:
        await runner.cleanup()


async def _live(
    options: argparse.Namespace, folders: Folders, ready: asyncio.Future[Engine], stop: asyncio.Event
) -> None:
    """Bring the engine up, wait for the end, and take it down."""
    engine = None
    try:
        try:
            started = time.time()
            engine = await _start_engine(options, folders)
            await asyncio.to_thread(clear_temp, folders, started)  # not before: another server may be using it
        except Exception as error:
            ready.cancel()
            if options.verbose:
                logging.getLogger("easel.server").exception("the engine did not start")
            raise CannotStart(f"the engine cannot start: {_first_line(error)}") from error
        ready.set_result(engine)
        await stop.wait()
    finally:
        if engine is not None:
            await engine.close()


async def _start_engine(options: argparse.Namespace, folders: Folders) -> Engine:
    """Import the engine beside the event loop, so that the page is served meanwhile, and start it."""

    def build() -> Engine:
        from execution.engine import Engine

        first, *others = workers_of(options)
        return Engine(folders, worker=first, more_workers=others, settings=engine_settings(options))

    engine = await asyncio.to_thread(build)
    await engine.start()
    settle()
    return engine


# --- folders ---------------------------------------------------------------------------------------------------------


def check_folders(folders: Folders) -> None:
    """Make sure results can be written, before anything starts. Raises CannotStart naming the folder."""
    places = {"--base-directory": folders.base, "--user-directory": folders.user}
    for flag, folder in {**places, "--output-directory": folders.output}.items():
        _check_writable(folder, flag)


def _check_writable(folder: Path, flag: str) -> None:
    probe = folder / f".easel-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise CannotStart(
            f"cannot write into {folder}: {error.strerror}; give it write permission or choose another with {flag}"
        ) from None


def check_alone(folders: Folders) -> None:
    """Two servers would run each other's prompts. The engine will take this lock for good. Raises CannotStart."""
    try:
        FileLock(folders.user / "easel.db.lock").release()
    except BlockingIOError:
        raise CannotStart(
            f"Another Easel is using {folders.user}. Stop it first, or start this one with another --base-directory."
        ) from None


def clear_temp(folders: Folders, before: float) -> None:
    """Remove previews of earlier sessions: what was last changed before a time (seconds since 1970)."""
    if folders.temp.is_symlink() or not folders.temp.is_dir():
        return
    for entry in folders.temp.iterdir():
        with suppress(OSError):
            if entry.lstat().st_mtime >= before:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


# --- port and browser ------------------------------------------------------------------------------------------------


async def _listen(runner: web.AppRunner, settings: ServerSettings, secure: ssl.SSLContext | None) -> int:
    """Bind the addresses; host names beside addresses are only names to answer to. Returns the port."""
    port = settings.port
    for address in bind_addresses(settings.listen):
        try:
            await web.TCPSite(runner, address, port, ssl_context=secure).start()
        except OSError as error:
            if address == "::" and runner.addresses and error.errno in NO_IPV6:
                continue  # asked for all addresses, on a machine without IPv6
            raise CannotStart(_why_not(error, address, port)) from None
        port = runner.addresses[0][1]
    return port


def bind_addresses(listen: tuple[str, ...]) -> list[str]:
    addresses = [name for name in listen if is_address(name) or name == "localhost"]
    return addresses or list(listen)


def is_reachable(listen: tuple[str, ...]) -> bool:
    """Whether other machines can reach a server that listens there."""
    return not all(is_loopback(address) for address in bind_addresses(listen))


def _why_not(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; stop it or choose another: python main.py --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for the system; choose one above 1023: python main.py --port 8188"
    return f"cannot listen on {address}: {error.strerror or error}; see --listen"


def _announce(settings: ServerSettings, port: int, auto_launch: bool | None, scheme: str) -> None:
    first = bind_addresses(settings.listen)[0]
    shown = "127.0.0.1" if first in ANY_ADDRESS else f"[{first}]" if ":" in first else first
    url = f"{scheme}://{shown}:{port}"
    if settings.wants_token:
        url += f"/?token={settings.token}"
    print(f"Easel is ready: {url}", flush=True)
    if not settings.wants_token and is_reachable(settings.listen):
        print("anyone on this network can use it: --no-token asks nobody for a token", file=sys.stderr)
    if settings.cors_origin == "*":
        print("any web page you visit can use it: --enable-cors-header names no site", file=sys.stderr)
    if auto_launch or (auto_launch is None and has_desktop()):
        asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)


def has_desktop() -> bool:
    """Whether somebody sits before a screen: never in CI, over SSH or without a display."""
    if os.environ.get("CI") or os.environ.get("SSH_CONNECTION") or not sys.stdout.isatty():
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl+C arrives as KeyboardInterrupt
            loop.add_signal_handler(signum, stop.set)
    return stop


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
