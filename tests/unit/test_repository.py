"""What the repository's own files promise about one another."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9, -]+\])?==", text, re.MULTILINE))


def test_the_notice_names_every_package_that_the_image_carries():
    noticed = set(re.findall(r"^([a-z0-9-]+) {2,}\S", (ROOT / "NOTICE").read_text(), re.MULTILINE))

    assert noticed == locked("runtime")


def test_the_locks_keep_the_extras_without_which_pip_looks_past_a_pin():
    assert "coverage[toml]==" in (ROOT / "requirements/dev.lock").read_text()
    assert "pyjwt[crypto]==" in (ROOT / "requirements/runtime.lock").read_text()


def test_the_locks_are_hashed_and_free_of_addresses():
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "//" not in text
        assert text.count("--hash=sha256:") >= len(locked(lock.stem))
        assert "--index" not in text
