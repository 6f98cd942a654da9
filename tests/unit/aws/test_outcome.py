import json

import pytest

from lambdabot.aws.invoking.outcome import read_failure

TRACEBACK = 'Traceback (most recent call last):\n  File "/var/task/app.py", line 3, in handler\n    raise Stop\n'


def test_two_failures_of_one_kind_read_alike():
    message = "RequestId: 790441b2-302f-4e50-8f11-015e7cac5f42 Error: Runtime exited with error: exit status 3"

    failed = read_failure(f'{{"errorType": "Runtime.ExitError", "errorMessage": "{message}"}}'.encode())

    assert str(failed) == "Runtime.ExitError: Runtime exited with error: exit status 3"


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        (['  File "/var/task/app.py", line 3, in handler\n    work()\n'], " (app.py, line 3)"),
        (
            [
                '  File "/var/task/shop/db.py", line 9, in <module>\n',
                '  File "<frozen os>", line 685, in __getitem__\n',
            ],
            " (shop/db.py, line 9)",
        ),
        (['  File "/var/lang/lib/python3.13/json/decoder.py", line 1, in decode\n'], ""),
        (["Handler.handle(Handler.java:3)", 7], ""),
        ("app.py", ""),
    ],
)
def test_a_failure_says_where_in_the_function_it_was_raised(frames, place):
    payload = {"errorType": "KeyError", "errorMessage": "'Records'", "stackTrace": frames}

    assert str(read_failure(json.dumps(payload).encode())) == f"KeyError: 'Records'{place}"


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (f"START\n{TRACEBACK}app.Stop: enough\nRequestId: 1 Error: Runtime exited\nEND\n", " (app.Stop: enough)"),
        (f"{TRACEBACK}KeyError: 1\n\nDuring the handling\n\n{TRACEBACK}SystemError: 2\nEND\n", " (SystemError: 2)"),
        ("START\nbye\nEND\n", ""),
        ("Traceback (most recent call last):", ""),
    ],
)
def test_a_runtime_that_ended_says_which_exception_ended_it(log, cause):
    failed = read_failure(b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}', log)

    assert str(failed) == f"Runtime.ExitError: exit status 1{cause}"
