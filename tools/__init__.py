"""What builds Easel's own material; nothing here is needed to run it."""
