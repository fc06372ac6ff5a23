"""The API as its own description says it is: schemathesis makes up requests from /openapi.json and sends them."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis makes requests up from the description")
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    status_code_conformance,
)

EXAMPLES = 8
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
BOUNDED = bounds(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def settings(settings):
    return replace(settings, assets=True)  # for more routes


@pytest.mark.timeout(600)
async def test_no_request_that_the_description_allows_breaks_the_server(client) -> None:
    url = str(client.make_url("")).rstrip("/")

    def tried() -> dict[str, int]:
        api = schemathesis.openapi.from_url(f"{url}/openapi.json")
        return {f"{one.ok().method} {one.ok().path}": _try(one.ok(), url) for one in api.get_all_operations()}

    counts = await asyncio.to_thread(tried)
    described = (await (await client.get("/openapi.json")).json())["paths"]
    operations = {f"{method} {path}" for path, methods in described.items() for method in methods}
    assert counts.keys() == operations - {"get /openapi.json"}
    assert [name for name, count in counts.items() if count == 0] == []
    assert (await client.get("/queue")).status == 200  # it lives


def _try(operation, url) -> int:
    """Send made-up requests; how many there were."""
    sent = 0

    @given(case=operation.as_strategy())
    @BOUNDED
    def send(case) -> None:
        nonlocal sent
        sent += 1
        case.call_and_validate(base_url=url, checks=CHECKS, timeout=60)

    send()
    return sent
