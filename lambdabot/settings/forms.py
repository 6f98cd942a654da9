"""What texts in lambdabot.yml look like: patterns, and what each asks for in words."""

NAME = r"^[A-Za-z0-9_-]{1,64}$"
HANDLER = r"^\S{1,128}$"
RUNTIME = r"^[a-z0-9.]+$"
ROLE = r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$"
VARIABLE = r"^[A-Za-z][A-Za-z0-9_]*$"
LOCAL_URL = r"^https?://[^\s/@?#]+(:\d+)?(/[^\s@?#]*)?$"
BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
LAYER_ARN = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+$"
LIKE = (
    r"^(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:)?[A-Za-z0-9_-]{1,64}"
    r"(:(\$LATEST|[A-Za-z0-9_-]{1,128}))?$"
)
PREPARER = (
    r"^(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]{1,128}))?"
    r"|[A-Za-z0-9_-]{1,64})$"
)
S3 = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S{1,1024}$"

FORMS = {
    NAME: "letters, digits, `-` and `_`, 64 at most",
    HANDLER: "a handler as in `app.handler`, without spaces, 128 characters at most",
    RUNTIME: "a runtime of Lambda's, as in `python3.13`",
    ROLE: "the ARN of a role, as in `arn:aws:iam::123456789012:role/copies`",
    VARIABLE: "letters, digits and `_`, the first a letter",
    BUCKET: "an S3 bucket's name: lower-case letters, digits, `.` and `-`, 3 to 63",
    LOCAL_URL: "an address as in `http://127.0.0.1:4566`, without a user, a query or a fragment",
    LAYER_ARN: "the ARN of a layer's version, as in `arn:aws:lambda:us-east-1:123456789012:layer:tools:3`",
    LIKE: "a function's name or ARN, as in `orders` or `orders:live`",
    PREPARER: "the name of a function in lambdabot.yml, or the ARN of an existing one",
    S3: "an object of S3's, as in `s3://bucket/events/order.json`",
}
"""What each pattern asks for, in words."""
