"""Whole runs while calls fail by chance: each must end, tell the truth or say why not, and leave nothing."""

import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import chain
from pathlib import Path

import boto3
from botocore.loaders import JSONFileLoader

from benchmarks.hostile_lambda.place import Account, Traffic, account, project
from lambdabot.aws.calls.connection import connect
from lambdabot.aws.copies.clean import clean
from lambdabot.aws.copies.journal import journal_folder
from lambdabot.errors import ExitCode
from lambdabot.github.event import Context
from lambdabot.local.faults.canned import canned_ms
from lambdabot.local.faults.document import CannedSection, Way
from lambdabot.model import Configuration, RunResult, Side, Status, Verdict
from lambdabot.pipeline.run import Run
from lambdabot.pipeline.terms import terms
from lambdabot.pipeline.verdict import exit_code
from lambdabot.project.discovery import discover
from lambdabot.report.document import document
from lambdabot.report.progress import Progress
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load

BUDGET = 60  # invocations
SETTINGS = f"""version: 1
functions:
  thumbnail:
    source: src
    handler: app.handler
    memory_mb: [256, 1769]
    current: {{memory_mb: 256, architecture: x86_64}}
    budget: {{invocations: {BUDGET}}}
"""
SHARE = 0.05
SLOW_SECONDS = 0.1
NOISE = 0.02
SLOWER = 2.0  # the head of every other run against its base
LONGEST_SECONDS = 120.0  # a run that takes longer hangs; most take a few seconds
WORKERS = 2
AT_ONCE = 6  # in each worker: most of a run waits
DENIED = (
    "lambda:GetAccountSettings",
    "lambda:CreateFunction",
    "lambda:GetFunction",
    "lambda:UpdateFunctionConfiguration",
    "lambda:DeleteFunction",
    "lambda:Invoke",
    "logs:CreateLogGroup",
    "logs:FilterLogEvents",
    "logs:DeleteLogGroup",
)
UNFORESEEN = "lambdabot failed"  # a mistake of lambdabot's own, as it is told where it costs one function only
_ROUNDED = 0.011  # ms: a REPORT has two decimals
_NEAR = 1.10  # of the cheapest: what few samples of this noise can tell apart, and the tolerance of ties


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one run ended; `wrong` says what its report should not say."""

    seed: int
    seconds: float
    measured: bool
    variants: int  # that came to life
    calls: int  # of the control plane, retries and removal included
    invoked: int
    leaked: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def hung(self) -> bool:
        """True when it took longer than any wait of a run may."""
        return self.seconds > LONGEST_SECONDS

    @property
    def overspent(self) -> bool:
        """True when the endpoint performed more invocations than the budget allows."""
        return self.invoked > BUDGET


def chaos(seeds: Sequence[int], ways: Sequence[Way] = tuple(Way)) -> tuple[Outcome, ...]:
    """Do one run for each seed, whose calls fail in these ways."""
    chunks = [seeds[first::WORKERS] for first in range(WORKERS)]
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        found = chain.from_iterable(pool.map(partial(some, ways=ways), chunks))
        return tuple(sorted(found, key=lambda outcome: outcome.seed))


def some(seeds: Sequence[int], ways: Sequence[Way]) -> list[Outcome]:
    """Do the runs of these seeds in this process, some of them at once."""
    # botocore reads its service models anew for every run, which is a third of a run's CPU time.
    read = cache(JSONFileLoader().load_file)
    JSONFileLoader.load_file = lambda _, file_path: read(file_path)  # type: ignore[assignment,method-assign]
    session = boto3.Session(aws_access_key_id="owner", aws_secret_access_key="any")  # noqa: S106
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        os.environ["RUNNER_TEMP"] = str(folder / "temp")
        config = project(folder / "project", SETTINGS)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda seed: one(seed, ways, config, session), seeds))


def one(seed: int, ways: Sequence[Way], config: Path, session: boto3.Session) -> Outcome:
    """Do one run, and hold its report, its calls and what it left against what the endpoint knows."""
    generator = random.Random(seed)
    slower = SLOWER if seed % 2 else 1.0
    traffic = Traffic()
    with account(session, _chaos(seed, ways, generator, slower), traffic) as owner:
        settings = load(
            Inputs(config=config, base=str(config.parent / "base"), endpoint=owner.url, seed=seed), discover=discover
        )
        begin = time.monotonic()
        owner.faults.active = True
        agreed = terms(settings, Context(), config.parent)  # its base is a folder
        result = Run(agreed, Context(), progress=Progress(), save=lambda _: None).execute()
        owner.faults.active = False
        seconds = time.monotonic() - begin
        invoked = owner.faults.performed["lambda:Invoke"]
        leaked = _leaked(owner, result)
    code = exit_code(document(result), settings.gate)
    return Outcome(
        seed=seed,
        seconds=seconds,
        measured=code is not ExitCode.NOT_MEASURED,
        variants=result.spend.deployments_created,
        calls=result.spend.control_plane_calls,
        invoked=invoked,
        leaked=leaked,
        wrong=(*_wrong_figures(result, slower), *_wrong_answers(result, slower, code)),
    )


def _chaos(seed: int, ways: Sequence[Way], generator: random.Random, slower: float) -> dict[str, object]:
    """Return the endpoint's misbehaviour: the usual failures, and now and then an account that is worse."""
    document: dict[str, object] = {
        "seed": seed,
        "transition_seconds": generator.uniform(0, 0.2),
        "requests": {},
        "account": {"concurrency": generator.choice((4, 10, 1000)), "busy": generator.choice((0, 0, 2))},
        "consistency": {
            "get_function_seconds": generator.uniform(0, 0.3),
            "tags_seconds": generator.uniform(0, 0.5),
        },
        "failures": [{"share": SHARE, "seconds": SLOW_SECONDS, "ways": list(ways)}],
        "canned": [section.model_dump() for section in (_canned("*-base-*", 1.0), _canned("*", slower))],
    }
    match generator.randrange(10):
        case 0:
            document["credentials_expire_after"] = generator.randrange(100)
        case 1:
            document["denied"] = [generator.choice(DENIED)]
    return document


def _canned(pattern: str, slower: float) -> CannedSection:
    """Return durations that tell a cold or a failed call, or another configuration's, from every other."""
    return CannedSection(
        function=pattern,
        cpu_ms=40 * slower,
        wait_ms=5,
        arm64_factor=0.9,
        noise=NOISE,
        init_ms=120,
        cold_ms=1000,
        failing=0.01,
        takes_seconds=0.004,
    )


def _true_ms(side: Side, configuration: Configuration, slower: float) -> float:
    section = _canned("*", 1.0 if side is Side.BASE else slower)
    return canned_ms(section, configuration.memory_mb, configuration.architecture)


def _leaked(owner: Account, result: RunResult) -> tuple[str, ...]:
    """Return what a run left without a word, or what `clean` cannot remove either."""
    told = " ".join(result.left_behind)
    silent = [name for name in owner.left() if name not in told]
    connection = connect(endpoint=owner.url, region="us-east-1")
    folder = journal_folder(os.environ)
    clean(connection, None, folder, bucket=None, now=datetime.now(UTC), unexpired=True, dry_run=False)
    return tuple(dict.fromkeys([*silent, *owner.left()]))


def _wrong_figures(result: RunResult, slower: float) -> list[str]:
    """Return the figures that no good call of theirs can have given."""
    wrong = []
    for function in result.functions:
        for one in function.measurements:
            expected = _true_ms(one.variant.side, one.variant.configuration, slower)
            for name, figure in (("mean", one.mean_duration_ms), ("p95", one.p95_duration_ms)):
                if figure is not None and abs(figure - expected) > expected * NOISE + _ROUNDED:
                    wrong.append(f"{name} of {one.variant} is {figure}, its calls took {expected:.2f} ms")
            if one.mean_init_ms is not None and abs(one.mean_init_ms - 120) > _ROUNDED:
                wrong.append(f"init of {one.variant} is {one.mean_init_ms}")
    return wrong


def _wrong_answers(result: RunResult, slower: float, code: ExitCode) -> list[str]:
    """Return the answers that do not follow from the truth, and the refusals without a reason."""
    wrong = []
    for function in result.functions:
        measured = {
            one.variant.configuration: float(
                result.prices.cost(one.variant.configuration, _true_ms(Side.HEAD, one.variant.configuration, slower))
            )
            for one in function.measurements
            if one.status is Status.MEASURED and one.variant.side is Side.HEAD
        }
        picked = function.recommendation.configuration if function.recommendation else None
        if picked is not None and measured[picked] > min(measured.values()) * _NEAR:
            wrong.append(f"{picked} is recommended, at {measured[picked] / min(measured.values()):.2f} of the cheapest")
        if picked is None and not function.recommendation_reason:
            wrong.append("no recommendation, and no reason")
        false = {Verdict.NO_CHANGE, Verdict.IMPROVEMENT} if slower > 1 else {Verdict.REGRESSION, Verdict.IMPROVEMENT}
        if function.comparison.verdict in false or not function.comparison.reason:
            wrong.append(f"the verdict is {function.comparison.verdict} ({function.comparison.reason})")
        unmeasured = [one for one in function.measurements if one.status is Status.NOT_MEASURED and not one.reason]
        wrong += [f"{one.variant} is not measured, without a reason" for one in unmeasured]
        reasons = [function.error, function.comparison.reason, *(one.reason for one in function.measurements)]
        wrong += [reason for reason in reasons if reason and UNFORESEEN in reason]
        if code is ExitCode.NOT_MEASURED and not (function.error or function.measurements):
            wrong.append("nothing was measured, without a reason")
    return wrong
