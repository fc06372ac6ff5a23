"""Graphs: parse, validate, plan, cache, run; the durable queue; workers; events. Knows nothing of HTTP or tensors."""
