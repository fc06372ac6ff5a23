"""A pack whose scripts go wrong in every way at once."""

WEB_DIRECTORY = "web"
NODE_CLASS_MAPPINGS: dict[str, type] = {}
