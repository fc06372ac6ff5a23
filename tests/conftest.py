"""One thread for torch: small tensors gain nothing from more, and waiting threads steal time from each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
