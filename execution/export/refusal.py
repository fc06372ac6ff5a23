"""What a script has no form for."""


class CannotExport(ValueError):
    """A sentence that names the node that a script has no form for."""
