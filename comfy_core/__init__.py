"""Tensors: model families, networks, weights, text, sampling, patches, memory, media."""
