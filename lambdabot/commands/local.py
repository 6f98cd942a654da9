"""`lambdabot local`: serves the embedded Lambda endpoint until interrupted."""

import argparse
from threading import Event

from lambdabot.errors import ExitCode, InterruptionError, Mistake, UsageError
from lambdabot.local.endpoint import Endpoint, serve_until
from lambdabot.local.faults.document import Chaos
from lambdabot.local.faults.faults import Faults
from lambdabot.settings.mistakes import validated
from lambdabot.settings.yaml_source import read
from lambdabot.workspace import Workspace


def run(arguments: argparse.Namespace) -> int:
    """Serve, and return the exit code."""

    def started(endpoint: Endpoint) -> None:
        print(f"Lambda endpoint at {endpoint.url}\n{endpoint.machine}\nCtrl-C stops it.", flush=True)

    faults = None
    if arguments.chaos is not None:
        faults = Faults(validated(Chaos, read(arguments.chaos, Workspace.around(arguments.chaos))))
    try:
        serve_until(Event(), port=arguments.port, started=started, faults=faults)
    except OSError as error:
        message = f"cannot listen on port {arguments.port}: {error.strerror}"
        raise UsageError([Mistake(message=message)], advice="Choose a free one with `--port`.") from error
    except InterruptionError:
        return ExitCode.DONE  # this is how it is meant to end
    return ExitCode.DONE
