import pytest

from lambdabot.local.worker import messages


def test_keeps_messages_apart(pair):
    ours, theirs = pair
    messages.send(ours, {"kind": "first"}, b"body")
    messages.send(ours, {"kind": "second"})
    assert messages.receive(theirs) == ({"kind": "first"}, b"body")
    assert messages.receive(theirs) == ({"kind": "second"}, b"")


def test_tells_when_the_other_side_is_gone(pair):
    ours, theirs = pair
    ours.send(b"\0\0")
    ours.close()
    with pytest.raises(EOFError):
        messages.receive(theirs)
