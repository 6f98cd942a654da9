"""Which part of our environment the installer gets, and what of it a build must not see."""

import os
import re

HARMLESS = (
    *("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX_STRATEGY"),
    *("UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS"),
    *("UV_OFFLINE", "UV_EXCLUDE_NEWER"),
)
"""Variables that a build may see too, as long as no address in them holds a password."""

SECRET = ("HOME", "NETRC", "UV_CACHE_DIR")
"""Variables that lead to credentials, or to the cache that later runs trust."""

INDEX_CREDENTIAL = re.compile(r"UV_INDEX_\w+_(?:USERNAME|PASSWORD)")
"""Credentials of an index that UV_INDEX names (uv, "Authentication")."""

_USER_AND_PASSWORD = re.compile(r"(?<=://)[^/?#\s]+(?=@)")


def masked(text: str) -> str:
    """Return text without the user and password of any address in it."""
    return _USER_AND_PASSWORD.sub("***", text)


def full_environment() -> dict[str, str]:
    """Return what the installer needs to reach every index, and nothing else of ours."""
    secret = {name: os.environ[name] for name in SECRET if name in os.environ}
    return {
        **secret,
        **{k: v for k, v in os.environ.items() if INDEX_CREDENTIAL.fullmatch(k)},
        **harmless_environment(),
    }


def harmless_environment() -> dict[str, str]:
    """Return the variables that code of somebody else's may see."""
    return {name: os.environ[name] for name in HARMLESS if name in os.environ}


def with_password() -> str | None:
    """Return the name of a harmless variable that holds a password all the same."""
    return next((name for name, value in harmless_environment().items() if masked(value) != value), None)
