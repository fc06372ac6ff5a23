"""How often an address may give a wrong password."""

from __future__ import annotations

import time

from web.server.answers import Refusal

TRIES = 5
PAUSE_SECONDS = 30.0


class Patience:
    """Counts wrong tries by address: after some, an address has to wait before it may try again."""

    def __init__(self) -> None:
        self._tries: dict[str, list[float]] = {}

    def check(self, address: str) -> None:
        """Raises Refusal."""
        recent = [at for at in self._tries.get(address, []) if at > time.monotonic() - PAUSE_SECONDS]
        if len(recent) >= TRIES:
            raise Refusal(f"too many wrong tries; wait {PAUSE_SECONDS:.0f} seconds", type="too_many_tries", status=429)

    def note(self, address: str) -> None:
        now = time.monotonic()
        self._tries = {who: times for who, times in self._tries.items() if times[-1] > now - PAUSE_SECONDS}
        self._tries.setdefault(address, []).append(now)
