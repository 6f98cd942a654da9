"""The build steps of a repository's functions, written into the workflow: in a job of its own, without credentials.

What a pull request builds is its own code, run by the runner's user. So the job that builds has nothing to lose and
hands files on; the job that measures takes of them what a build makes, and has the target branch's settings from git.
"""

import json
import os
import re
import shlex
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lambdabot.model import Declaration, Discovery, Stated
from lambdabot.project.base import committed
from lambdabot.unbuilt.build_step import BuildStep, build_step, step_that_makes, synth_command, synth_output
from lambdabot.unbuilt.check import handler_name
from lambdabot.workspace import Workspace

_PLAIN = re.compile(r"[\w ./@+=,-]+")
_COMMAND = re.compile(r"[\w ./@+=,&-]+")
"""Names that mean nothing to a shell or a workflow but themselves, and commands made of such."""

MOST_PARTS = 100
"""Two jobs each of the 256 that a matrix may have (GitHub Actions, "Usage limits")."""

_OUTPUT = {"sam": ".aws-sam/build", "serverless": ".serverless"}

CHECKOUT = "      - uses: actions/checkout@"
MEASURE = "  measure:\n    name: Measure\n"
CREDENTIALS = "      - name: Take the role on AWS\n"
ENDPOINT = "          endpoint: "
RUNNER = "    runs-on: "
"""Lines of the workflow that is written without builds."""

_ALWAYS, _EVEN_UNBUILT = (
    re.compile(r'if: "(.*)"'),
    r'if: "!cancelled() && (\1)"',
)  # what is not built is told, not passed over

_JOB = """\
  # The pull request's own code runs here, and nothing else: no secret is in this job, and no token that may write.
  build:
    name: Build ${{{{ matrix.side }}}} (${{{{ matrix.part.folder }}}})
{condition}    strategy:
      fail-fast: false
      matrix:
        side: [head, base]
        part:
{parts}    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read
    steps:
{checkout}      - name: Take the target branch
        if: matrix.side == 'base'
        env:
          QUEUED_ON: ${{{{ github.event.merge_group.base_sha }}}}
        run: git checkout --quiet --detach "${{QUEUED_ON:-HEAD^1}}"
      - name: Set up Node.js and its cache
        if: matrix.part.lock != ''
        uses: actions/setup-node@2028fbc5c25fe9cf00d9f06a71cc4710d4507903 # v6.0.0
        with:
          node-version: 22
          cache: npm
          cache-dependency-path: ${{{{ matrix.part.lock }}}}
      - name: Set up pnpm
        if: contains(matrix.part.run, 'pnpm ')
        run: corepack enable
      - name: Build
        continue-on-error: true # what is not built is told by the measurement, and not gated
        env:
          COMMAND: ${{{{ matrix.part.run }}}}
        run: bash -euo pipefail -c "$COMMAND"
        working-directory: ${{{{ matrix.part.folder }}}}
      - name: Pack what is executable as such
        env:
          OUTPUT: ${{{{ matrix.part.output }}}}
        run: |
          mapfile -t outputs <<<"$OUTPUT"
          tar --create --file "$RUNNER_TEMP/build.tar" --ignore-failed-read -- "${{outputs[@]}}"
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0
        with:
          name: build-${{{{ matrix.side }}}}-${{{{ strategy.job-index }}}}
          path: ${{{{ runner.temp }}}}/build.tar
          retention-days: 1

"""

_STEPS = """\
      - name: Fetch the builds
        uses: actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53 # v6.0.0
        continue-on-error: true
        with:
          pattern: build-*
          path: ${{{{ runner.temp }}}}/builds
      - name: Lay them beside their sources
        env:
          QUEUED_ON: ${{{{ github.event.merge_group.base_sha }}}}
        run: |
          git worktree add --detach .lambdabot-base "${{QUEUED_ON:-HEAD^1}}"
          outputs=({outputs})
          for build in "$RUNNER_TEMP"/builds/build-*/build.tar; do
            case "$build" in */build-base-*) side=.lambdabot-base ;; *) side=. ;; esac
            for output in "${{outputs[@]}}"; do
              tar --extract --touch --exclude=.git --exclude=.lambdabot-base \\
                --file "$build" --directory "$side" -- "$output" || true # each holds one of them
            done
          done 2>/dev/null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A folder that one command builds, and what of it is measured; both as the workflow names them."""

    folder: str
    command: str
    outputs: tuple[str, ...]
    lock: str


def parts(discovery: Discovery, root: Path) -> list[Part]:
    """Return what has to be built of a repository, each command in a folder once; what git holds is built already."""
    workspace = Workspace(root)
    held = set(committed("HEAD", root) or ())
    held |= {str(folder) for name in held for folder in PurePosixPath(name).parents}
    found: dict[tuple[str, str], Part] = {}
    for step, output in _steps(discovery, workspace, held):
        part = _part(step, output, root, workspace)
        if part is None or not held.isdisjoint(part.outputs):
            continue
        known = found.setdefault((part.folder, part.command), part)
        found[part.folder, part.command] = replace(known, outputs=tuple(dict.fromkeys(known.outputs + part.outputs)))
    return list(found.values())


def _steps(discovery: Discovery, workspace: Workspace, held: Container[str]) -> Iterator[tuple[BuildStep, Path]]:
    """Yield what builds the code of each function that is built, or that has to be, and what comes of it.

    `held` is what git has of the repository, by its names below the root; nothing where there is no commit yet.
    """
    for problem in discovery.problems:
        folder = problem.place.path.parent
        if problem.place.path.name == "cdk.json":
            yield BuildStep(command=synth_command(folder, workspace), folder=folder), synth_output(folder, workspace)
    for one in discovery.functions:
        code = one.code.value if isinstance(one.code, Stated) else None
        if not isinstance(code, Path):
            continue
        is_made = bool(held) and one.built_from is None and one.family != "cdk" and not _is_held(code, workspace, held)
        if is_made or not code.exists():
            if (step := step_that_makes(code, workspace)) is not None:
                yield step, code
        elif one.built_from is not None or one.family == "cdk" or _is_unbuilt(one, code, workspace):
            step = build_step(one.built_from or code, workspace, one)
            if step is not None:
                yield step, _output(step, one, code, workspace)


def _output(step: BuildStep, one: Declaration, code: Path, workspace: Workspace) -> Path:
    if one.family == "cdk":
        return synth_output(step.folder, workspace)
    return step.folder / _OUTPUT[one.family] if one.family in _OUTPUT else code


def _is_held(code: Path, workspace: Workspace, held: Container[str]) -> bool:
    return os.path.relpath(code, workspace.root.resolve()) in held


def _is_unbuilt(one: Declaration, code: Path, workspace: Workspace) -> bool:
    if not (isinstance(one.handler, Stated) and isinstance(one.runtime, Stated)):
        return False
    return not one.layers and not handler_name(code, one.handler.value, one.runtime.value, workspace)


def _part(step: BuildStep, output: Path, root: Path, workspace: Workspace) -> Part | None:
    """Return a step as the workflow has it; None of an output that would be the whole repository.

    So it is of names that a shell or a workflow would take for more than names.
    """
    top = root.resolve()
    if not (step.folder.is_relative_to(top) and output.is_relative_to(top)) or output == top:
        return None
    lock = step.folder / "package-lock.json"
    folder, made = os.path.relpath(step.folder, top), os.path.relpath(output, top)
    if not (_PLAIN.fullmatch(folder) and _PLAIN.fullmatch(made) and _COMMAND.fullmatch(step.command)):
        return None
    return Part(
        folder=folder,
        command=step.command,
        outputs=(made,),
        lock=os.path.relpath(lock, top) if workspace.is_file(lock) else "",
    )


def with_builds(workflow: str, parts: Sequence[Part]) -> str:
    """Return the workflow that measures, with a job before it that builds; as it is where there is nothing to build."""
    if not parts:
        return workflow
    built, left = parts[:MOST_PARTS], parts[MOST_PARTS:]
    head, measure, rest = workflow.partition(MEASURE)
    condition = rest[: rest.index(RUNNER)]
    checkout = rest[rest.index(CHECKOUT) : rest.index(CREDENTIALS)]
    job = _JOB.format(condition=condition, parts="".join(map(_row, built)) + _left(left), checkout=checkout)
    outputs = " ".join(shlex.quote(one) for one in dict.fromkeys(one for part in built for one in part.outputs))
    changes = {
        condition: f"    needs: build\n{_ALWAYS.sub(_EVEN_UNBUILT, condition)}",
        CREDENTIALS: f"{_STEPS.format(outputs=outputs)}{CREDENTIALS}",
        ENDPOINT: f"          base: .lambdabot-base\n{ENDPOINT}",
    }
    for written, wanted in changes.items():
        rest = rest.replace(written, wanted, 1)
    return f"{head}{job}{measure}{rest}"


def _left(parts: Sequence[Part]) -> str:
    """Return the comment that names what a matrix has no room for."""
    names = ", ".join(dict.fromkeys(part.folder for part in parts))
    return f"          # Not built here, as a matrix has 256 jobs at most: {names}\n" if parts else ""


def _row(part: Part) -> str:
    outputs = "\n".join(part.outputs)
    values = {"folder": part.folder, "run": part.command, "output": outputs, "lock": part.lock}
    first, *others = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    return f"          - {first}" + "".join(f"            {line}" for line in others)
