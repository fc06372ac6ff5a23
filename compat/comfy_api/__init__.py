"""The programming interface of schema style nodes, by version."""
