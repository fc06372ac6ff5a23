"""The body of POST /prompt, read and judged (contract http_ws.md §1)."""

from __future__ import annotations

import itertools
import math
import uuid
from typing import Any

import msgspec

from execution import problems
from execution.events import now_ms

# They are only of use to the company whose nodes we do not have, and must never reach a list or a file.
SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")


class Rejected(Exception):
    """A prompt that is not taken. `error` is `{type, message, details, extra_info}`, `node_errors` by node id."""

    def __init__(self, error: dict[str, Any], node_errors: dict[str, Any] | None = None) -> None:
        super().__init__(error["message"])
        self.error = error
        self.node_errors = node_errors or {}


class Submitted(msgspec.Struct):
    """The answer to a prompt that was taken and is committed. `node_errors` names outputs that were left out."""

    prompt_id: str
    number: float
    node_errors: dict[str, Any]


class Submission(msgspec.Struct):
    """A well-formed request; the prompt itself is not checked yet."""

    prompt: Any
    targets: Any
    prompt_id: str
    number: float
    extra_data: dict[str, Any]


class Counter:
    """Hands out queue numbers: growing ones, or with `front` falling ones."""

    def __init__(self, first: int) -> None:
        self._numbers = itertools.count(first)

    def next(self, front: bool) -> int:
        number = next(self._numbers)
        return -number if front else number


def read_request(request: Any, counter: Counter) -> Submission:
    """Raises Rejected. Every request without a number of its own uses one up, rejected or not."""
    if not isinstance(request, dict):
        raise Rejected(problems.invalid_prompt(f"expected an object with a prompt, got {type(request).__name__}"))
    number = _number(request, counter)
    if "prompt" not in request:
        raise Rejected(problems.problem("no_prompt", "No prompt provided", "No prompt provided"))
    prompt_id = request.get("prompt_id")
    return Submission(
        prompt=request["prompt"],
        targets=request.get("partial_execution_targets"),
        prompt_id=str(uuid.uuid4()) if prompt_id is None else _checked_id(prompt_id),
        number=number,
        extra_data=_extra_data(request),
    )


def _number(request: dict[str, Any], counter: Counter) -> float:
    number = request.get("number")
    if number is None:
        return counter.next(bool(request.get("front")))
    try:
        value = float(number)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        details = f"number is {problems.presentable(number)!r}; give a finite number or leave it out"
        raise Rejected(problems.problem("invalid_number", "The queue priority is not a number", details))
    return value


def _checked_id(prompt_id: Any) -> str:
    try:
        if isinstance(prompt_id, str) and str(uuid.UUID(prompt_id)) == prompt_id:
            return prompt_id
    except ValueError:
        pass
    details = (
        "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one"
    )
    raise Rejected(problems.problem("invalid_prompt_id", "prompt_id must be a valid UUID", details))


def _extra_data(request: dict[str, Any]) -> dict[str, Any]:
    extra_data = request.get("extra_data")
    if extra_data is not None and not isinstance(extra_data, dict):
        raise Rejected(problems.invalid_prompt(f"extra_data must be an object, got {type(extra_data).__name__}"))
    for name in ("job_timeout", "node_timeout"):
        _check_seconds(name, (extra_data or {}).get(name, 0))
    kept = {key: value for key, value in (extra_data or {}).items() if key not in SECRETS}
    if "client_id" in request:
        kept["client_id"] = request["client_id"]
    return kept | {"create_time": now_ms()}


def _check_seconds(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        details = f"extra_data.{name} is {problems.presentable(value)!r}; give it in seconds, 0 for no limit"
        raise Rejected(problems.invalid_prompt(details))
