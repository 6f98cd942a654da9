"""The removal of orphans: what a killed run left behind, and nothing else."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.threads import start
from lambdabot.aws.copies.journal import Record, records
from lambdabot.aws.copies.ledger import Ledger
from lambdabot.aws.copies.orphans import Orphan, Search
from lambdabot.aws.copies.removal import Removal

_SECONDS = 120.0  # hundreds of functions at the control plane's rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What became of everything that carries the repository's name, as lines for the user."""

    removed: tuple[str, ...]  # with `dry_run`: what would be
    kept: tuple[str, ...]  # with the reason
    left: tuple[str, ...]  # could not be removed
    failures: tuple[CallError, ...]  # what could not be listed
    notes: tuple[str, ...]


def clean(
    connection: Connection,
    repository: str | None,
    folder: Path,
    *,
    bucket: str | None,
    now: datetime,
    unexpired: bool,
    dry_run: bool,
) -> Cleaned:
    """Remove a repository's throw-away resources that have expired, or all but those of runs that are alive here.

    `folder` holds the journals of this machine's runs, `bucket` their large packages. What cannot be listed costs
    nothing of what can.
    """
    everywhere = tuple(records(folder))
    here = [one for one in everywhere if _place(one) == (connection.endpoint, connection.region, repository)]
    search = Search(connection, repository, here, bucket=bucket, now=now, unexpired=unexpired)
    orphans = search.orphans()
    going = [one for one in orphans if not one.keep]
    notes = [
        f"A killed run left something at {one.endpoint or 'AWS'} in {one.region}: clean there too"
        for one in everywhere
        if one not in here and one.open and not one.alive
    ]
    left: tuple[str, ...] = ()
    if not dry_run:
        left = _remove(connection, going, notes)
        stays = {one.name for one in orphans if one.keep or str(one) in left}
        for record in here:
            if not record.alive and stays.isdisjoint(name for _, name in record.open):
                record.end()
    return Cleaned(
        removed=tuple(str(one) for one in going if str(one) not in left),
        kept=tuple(f"{one}: {one.keep}" for one in orphans if one.keep),
        left=left,
        failures=tuple(search.failures),
        notes=tuple(dict.fromkeys(notes)),
    )


def _place(record: Record) -> tuple[str | None, str, str | None]:
    return record.endpoint, record.region, record.identity.repository


def _remove(connection: Connection, orphans: Iterable[Orphan], notes: list[str]) -> tuple[str, ...]:
    """Remove them all at once; return what is left."""
    ledger = Ledger()
    for orphan in orphans:
        entry = ledger.plan(orphan.kind, orphan.name)
        entry.settled.set()
        if orphan.listed:
            ledger.confirm(entry)
    failures: list[CallError] = []
    deadline = time.monotonic() + _SECONDS
    removal = Removal(connection=connection, ledger=ledger, notes=notes, failures=failures, deadline=deadline)
    entries = ledger.close()
    start(lambda: removal.run(entries)).result()
    notes += [f"{one.what}. {one.advice}".rstrip() for one in failures]
    return tuple(str(entry) for entry in ledger.left)
