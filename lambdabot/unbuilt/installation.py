"""How the packages of a package.json are installed: by the lock beside it, or by its workspace's."""

from collections.abc import Iterator
from pathlib import Path

from lambdabot import globs
from lambdabot.unbuilt.node_packages import package_json
from lambdabot.workspace import Workspace

_INSTALL = {
    "pnpm-lock.yaml": "pnpm install --frozen-lockfile",
    "yarn.lock": "yarn install --frozen-lockfile",
    "bun.lock": "bun install --frozen-lockfile",
    "bun.lockb": "bun install --frozen-lockfile",
    "npm-shrinkwrap.json": "npm ci",
    "package-lock.json": "npm ci",
}

MOST_PATTERNS = 100
"""Patterns of a workspace's members that are read."""


def install_command(folder: Path, workspace: Workspace) -> str:
    """Return how the packages of a folder's package.json are installed."""
    for root in (folder, *_workspaces_of(folder, workspace)):
        if found := next((one for lock, one in _INSTALL.items() if workspace.is_file(root / lock)), None):
            return found
    return "npm install"


def _workspaces_of(folder: Path, workspace: Workspace) -> Iterator[Path]:
    """Yield the folders around whose packages have one lock with a folder's (npm, "workspaces"; pnpm, "Workspace")."""
    for root in folder.parents:
        if not workspace.holds(root):
            return
        said = package_json(root, workspace).get("workspaces")
        members = said.get("packages") if isinstance(said, dict) else said
        written = members[:MOST_PATTERNS] if isinstance(members, list) else []
        patterns = [one for one in written if isinstance(one, str)]
        if workspace.is_file(root / "pnpm-workspace.yaml") or _is_one_of(patterns, folder.relative_to(root)):
            yield root


def _is_one_of(patterns: list[str], member: Path) -> bool:
    steps = [one for pattern in patterns if not globs.fault(pattern) for one in globs.alternatives(pattern)]
    return any(len(one) in globs.taken(member.parts, one) for one in steps)
