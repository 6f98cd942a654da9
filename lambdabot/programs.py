"""Programs that lambdabot brings along."""

import uv

UV = uv.find_uv_bin()
"""The resolver and installer. Found when this is imported: Python 3.11 reads its own configuration, which names the
folder, without a lock, and threads that ask at the same moment see half of it."""
