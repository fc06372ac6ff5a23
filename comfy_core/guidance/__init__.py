"""Guidance beside the classifier-free one: each file is one method, a function that makes another one for
`ModelPatcher.set_model_sampler_*_function` or puts several on a model.

They work on guesses of the clean latent, x0, as samplers see them. Where a paper speaks of noise or velocity, the
difference to x, `x - x0`, is in proportion to it at a step and takes its place. Every method is about each picture of a
batch by itself.
"""
