"""Pure: what to invoke next, statistics, recommendation and verdict. No I/O and no clock."""

import os

# Before numpy is loaded: on matrices as small as ours its threads only wait for one another, the longer the busier the
# machine is.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
