"""Size of the action's image above its base."""

from benchmarks.figures import Figures
from tests.action.image import Image, missing


def run(seed: int) -> Figures:  # noqa: ARG001  # nothing here is random
    """Build the image and return what it adds to its base, unpacked, in MB (10^6 bytes)."""
    absent = missing()
    if absent:
        msg = f"{absent} is needed to build the image"
        raise RuntimeError(msg)
    image = Image.build()
    table = f"| image | MB |\n| --- | ---: |\n| above its base, unpacked | {image.megabytes:.0f} |"
    return Figures({"image.megabytes": image.megabytes}, table)
