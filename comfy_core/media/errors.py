"""What may go wrong with media. Free of torch."""


class ImageError(ValueError):
    """A picture that cannot be read or written. The message is one sentence."""
