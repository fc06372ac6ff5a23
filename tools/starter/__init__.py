"""The training of the starter checkpoint: `python -m tools.starter.train` from emoji font to `.safetensors`."""
