"""Signs the nodes of a run: asks each for the fingerprint of what it reads, and makes the signatures of all."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from execution.invocation import Invoker
from execution.plan import Plan
from execution.signature import signatures

log = logging.getLogger(__name__)


async def sign(plan: Plan, invoker: Invoker, order: Sequence[str]) -> None:
    """Put fingerprints and signatures of these nodes (sources first) into the plan; a fingerprint that fails is NaN."""
    for node_id in order:
        node = plan.graph.nodes[node_id]
        try:
            plan.fingerprints[node_id] = await invoker.fingerprint(node)
        except BaseException:  # a fingerprint cannot end the process
            log.warning("%s: its fingerprint failed, so it runs again", node.title, exc_info=True)
            plan.fingerprints[node_id] = float("nan")
        if node.schema.is_output and invoker.job.user:  # what it wrote for another is not this user's
            plan.fingerprints[node_id] = [invoker.job.user, plan.fingerprints[node_id]]
    plan.signed.update(signatures(plan.graph, order, plan.fingerprints, plan.signed))
