"""How a lack of memory shows, for rooms with and without torch: nothing is imported here."""

from __future__ import annotations

CPU_ALLOCATOR = "DefaultCPUAllocator"


def is_out_of_memory(error: BaseException) -> bool:
    """MemoryError, or torch's and its relatives' OutOfMemoryError, known by name.

    For the memory of the processor, torch raises a plain RuntimeError that names its allocator.
    """
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and CPU_ALLOCATOR in str(error)
