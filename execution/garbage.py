"""When garbage is looked for: to do it again and again, among all that is loaded, costs more than small prompts do."""

import gc

OBJECTS_PER_COLLECTION = (20_000, 20, 50)
"""Before the young, the middle-aged and the old ones are looked through; the first is a graph of a thousand nodes."""


def settle() -> None:
    """What is loaded by now stays."""
    gc.freeze()
    gc.set_threshold(*OBJECTS_PER_COLLECTION)
