"""The vocabulary: built-in nodes as typed functions of a few lines that call `comfy_core`.

`nodes.schema` says what a node is and is free of torch, so the server may read schemas; every other module here
imports `comfy_core` and belongs to the worker.
"""
