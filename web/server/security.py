"""Who may talk to the server: no foreign web page, no rebound name, no body without end.

Easel runs without a password on the user's own machine. What keeps the rest of the web out is the name it is asked
for (`Host`), where the question comes from (`Origin`, `Sec-Fetch-Site`), and headers that fence in what it serves.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from web.server.answers import Refusal
from web.server.keys import SETTINGS
from web.server.settings import ServerSettings

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)
OTHER_PAGE_POLICY = PAGE_POLICY.replace(
    "script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:"
).replace("connect-src 'self'", "connect-src 'self' data: blob:")
FILE_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
CORS_HEADERS = {
    "Access-Control-Allow-Methods": "POST, GET, DELETE, PUT, OPTIONS, PATCH",
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
    "Access-Control-Allow-Credentials": "true",
}
ANY_ADDRESS = {"0.0.0.0", "::", ""}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what a web page on another site, or a rebound DNS name, sends."""
    check_host(request)
    if not _opens_the_page(request):
        check_origin(request)
    if request.method == "OPTIONS":
        return web.Response()
    return await handler(request)


def check_host(request: web.Request) -> None:
    """Refuse names this server does not go by: a foreign name that points here is DNS rebinding."""
    host = request.headers.get("Host")
    if host is None:
        return
    name = host_name(host)
    if not is_own_name(name, request.app[SETTINGS]):
        raise Refusal(
            f"this server does not go by the name {name!r}; open it by its address, or start it with "
            f"--listen {','.join(request.app[SETTINGS].listen)},{name}",
            type="unknown_host",
            status=403,
        )


def check_origin(request: web.Request) -> None:
    """Refuse requests that another site's page makes, WebSockets too, unless the owner has let that site in."""
    if request.app[SETTINGS].cors_origin in ("*", request.headers.get("Origin", "")):
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Refusal("requests from other sites are not allowed", type="foreign_origin", status=403)
    host, origin = request.headers.get("Host"), request.headers.get("Origin")
    if host is None or origin is None:
        return
    if not _same_place(host, urlsplit(origin).netloc):
        raise Refusal(f"requests from {origin[:100]!r} are not allowed", type="foreign_origin", status=403)


def is_own_name(name: str, settings: ServerSettings) -> bool:
    """Whether a browser that asks for this name means this server.

    Loopback names always; the names and addresses of `--listen`; and when listening on all addresses, any address
    (an address cannot be rebound) and this machine's own name.
    """
    if name in settings.listen or is_loopback(name):
        return True
    if not ANY_ADDRESS.isdisjoint(settings.listen):
        machine = socket.gethostname().lower()
        return is_address(name) or name in {machine, machine.split(".")[0], f"{machine}.local"}
    return False


def host_name(host: str) -> str:
    """`Example.org:8188` is `example.org`; `[::1]:8188` is `::1`."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host.rstrip(".")


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Headers on every answer: no guessing of types, no framing by others, scripts only from here."""
    settings = request.app[SETTINGS]
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    policy = PAGE_POLICY if settings.own_page else OTHER_PAGE_POLICY
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("Referrer-Policy", "same-origin")
    allowed = settings.cors_origin
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin" if allowed is None else "cross-origin")
    if allowed is not None:
        response.headers["Access-Control-Allow-Origin"] = allowed
        response.headers.update(CORS_HEADERS)
    response.headers.popall("Server", None)


def _opens_the_page(request: web.Request) -> bool:
    """A person followed a link to the editor from another site; that may be, and changes nothing."""
    return (
        request.method == "GET"
        and request.path == "/"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )


def _same_place(host: str, origin: str) -> bool:
    """Equal host and port; a port that one of them leaves out does not count."""
    one, other = host.strip().lower(), origin.strip().lower()
    if _port(one) is None or _port(other) is None:
        return host_name(one) == host_name(other) != ""
    return one == other


def _port(host: str) -> str | None:
    tail = host.rpartition("]")[2]
    return tail.rpartition(":")[2] if ":" in tail else None


def is_address(name: str) -> bool:
    return _address(name) is not None


def is_loopback(name: str) -> bool:
    """Whether only this machine can reach an address."""
    address = _address(name)
    return name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None
