"""Signs the nodes of a run: asks each for the fingerprint of what it reads, and makes the signatures of all."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from execution.invocation import Invoker
from execution.plan import Plan
from execution.signature import signatures

log = logging.getLogger(__name__)


def sign(plan: Plan, invoker: Invoker, order: Sequence[str]) -> None:
    """Put fingerprints and signatures of these nodes (sources first) into the plan; a fingerprint that fails is NaN."""
    user = invoker.job.user
    for node_id in order:
        node = plan.graph.nodes[node_id]
        try:
            fingerprint = invoker.fingerprint(node)
        except BaseException:  # a fingerprint cannot end the process
            log.warning("%s: its fingerprint failed, so it runs again", node.title, exc_info=True)
            fingerprint = float("nan")
        if user and node.schema.is_output:  # what it wrote for another is not this user's
            fingerprint = [user, fingerprint]
        if fingerprint is not None:
            plan.fingerprints[node_id] = fingerprint
    plan.signed.update(signatures(plan.graph, order, plan.fingerprints, plan.signed))
