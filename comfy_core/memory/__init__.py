"""Where weights live: devices, residency, attention."""
