"""The pages in docs/nodes/: every node with its picture, its inputs and its outputs, made from the code.

python -m tools.node_pages
"""
