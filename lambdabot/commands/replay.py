"""`lambdabot replay`: takes a run's decisions again from its files."""

import argparse

from lambdabot.errors import ExitCode
from lambdabot.pipeline.replay import replay
from lambdabot.report.reading import load
from lambdabot.report.samples import load as load_samples


def run(arguments: argparse.Namespace) -> int:
    """Compare the decisions, and return the exit code."""
    differ = False
    samples = load_samples(arguments.report.with_name("samples.jsonl"))
    for one in replay(load(arguments.report), samples):
        differ |= bool(one.differences)
        print(f"{one.name}: {'; '.join(one.differences) or f'the same decisions in {one.rounds} rounds'}")
    return ExitCode.GATE_FAILED if differ else ExitCode.DONE
