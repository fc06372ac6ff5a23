"""Where weights live and where work is done: devices, residency, attention."""
