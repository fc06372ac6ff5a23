"""The module names that existing packs import, each a thin face of ours.

This folder is put on `sys.path` in the worker (`execution.packs.expose_compat`), so that packs find `folder_paths`,
`server`, `comfy.utils` … under their public names; nothing of ours imports `compat`.
"""
