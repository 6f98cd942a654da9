"""Makes the thumbnails of an uploaded picture, one per width that the shop shows."""

import base64
import io

from PIL import Image

WIDTHS = (960, 480, 240, 120)


def handler(event, context):
    picture = Image.open(io.BytesIO(base64.b64decode(event["picture"]))).convert("RGB")
    return {"thumbnails": [{"width": width, "jpeg": _jpeg(_scaled(picture, width))} for width in WIDTHS]}


def _scaled(picture, width):
    # From the full picture each time: the small ones come out sharper than when made from one another.
    return picture.resize((width, picture.height * width // picture.width), Image.Resampling.LANCZOS)


def _jpeg(thumbnail):
    buffer = io.BytesIO()
    thumbnail.save(buffer, "JPEG", quality=80)
    return base64.b64encode(buffer.getvalue()).decode()
