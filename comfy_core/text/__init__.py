"""From a prompt to what a model is conditioned on: grammar, tokens, embeddings, text encoders."""
