"""Makes the thumbnails of an uploaded picture, one per width that the shop shows."""

import base64
import io

from PIL import Image

WIDTHS = (960, 480, 240, 120)


def handler(event, context):
    picture = Image.open(io.BytesIO(base64.b64decode(event["picture"])))
    picture.draft("RGB", (WIDTHS[0], 1))  # the decoder skips what the largest thumbnail does not need
    thumbnail, thumbnails = picture.convert("RGB"), []
    for width in WIDTHS:
        thumbnail = _scaled(thumbnail, width)  # from the one before, which is much smaller than the picture
        thumbnails.append({"width": width, "jpeg": _jpeg(thumbnail)})
    return {"thumbnails": thumbnails}


def _scaled(picture, width):
    return picture.resize((width, picture.height * width // picture.width), Image.Resampling.LANCZOS)


def _jpeg(thumbnail):
    buffer = io.BytesIO()
    thumbnail.save(buffer, "JPEG", quality=80)
    return base64.b64encode(buffer.getvalue()).decode()
