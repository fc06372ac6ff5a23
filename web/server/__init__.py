"""The HTTP and WebSocket server. It speaks ComfyUI's protocol and knows the engine only through `execution.engine`."""
