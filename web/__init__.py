"""What a browser sees: the server (`web/server`, Python) and the editor (`web/editor`, built into `web/dist`)."""
