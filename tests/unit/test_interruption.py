"""In processes of their own: a signal's second delivery ends the process at once."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest

from lambdabot.errors import InterruptionError
from lambdabot.interruption import SIGNALS, interruptible


def run(body: str) -> subprocess.CompletedProcess[str]:
    program = "import os, signal, time\nfrom lambdabot import interruption\n" + textwrap.dedent(body)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_becomes_an_exception_and_the_handlers_are_put_back(number):
    before = [signal.getsignal(one) for one in SIGNALS]

    with pytest.raises(InterruptionError) as caught, interruptible():
        signal.raise_signal(number)

    assert caught.value.signal_number == number
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_a_signal_that_is_delivered_twice_is_one():
    process = run("""
        with interruption.interruptible():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except interruption.InterruptionError:
                os.kill(os.getpid(), signal.SIGINT)
                print("cleaned up")
    """)

    assert (process.returncode, process.stdout) == (0, "cleaned up\n")


def test_a_later_signal_ends_the_clean_up():
    process = run("""
        interruption.REPETITION_SECONDS = 0
        with interruption.interruptible():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except interruption.InterruptionError:
                time.sleep(0.01)
                os.kill(os.getpid(), signal.SIGTERM)
                print("cleaned up")
    """)

    assert (process.returncode, process.stdout) == (143, "")


def test_no_library_takes_a_signal_for_a_failure_of_the_network():
    process = run("""
        import socket, threading
        import boto3
        server = socket.create_server(("127.0.0.1", 0))  # takes connections, and never answers
        client = boto3.client(
            "lambda", endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}", region_name="us-east-1",
            aws_access_key_id="any", aws_secret_access_key="any",
        )
        threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGTERM]).start()
        try:
            with interruption.interruptible():
                client.list_functions()
        except interruption.InterruptionError:
            print("interrupted")
    """)

    assert (process.returncode, process.stdout) == (0, "interrupted\n"), process.stderr


def test_a_second_signal_says_what_is_left():
    process = run("""
        interruption.REPETITION_SECONDS = 0
        with interruption.interruptible(), interruption.leaving(lambda: ["function lambdabot-1", "log group x"]):
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except interruption.InterruptionError:
                time.sleep(0.01)
                os.kill(os.getpid(), signal.SIGTERM)
    """)

    assert process.returncode == 143
    assert process.stderr == (
        "\nlambdabot: stopped; still there (`lambdabot clean --all` removes it):\nfunction lambdabot-1\nlog group x\n"
    )


def test_a_signal_that_a_finalizer_swallows_comes_again():
    class Finalized:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    def work() -> None:
        Finalized()
        time.sleep(10)

    with pytest.raises(InterruptionError) as raised, interruptible():
        work()
    assert raised.value.signal_number == signal.SIGTERM


def test_what_else_a_finalizer_raises_is_shown_as_ever(monkeypatch):
    class Finalized:
        def __del__(self):
            raise ZeroDivisionError

    shown = []
    monkeypatch.setattr("sys.unraisablehook", shown.append)
    with interruptible():
        Finalized()
    assert [one.exc_type for one in shown] == [ZeroDivisionError]
    shown.clear()
