"""An unattended run: it scans, backs up, exports and alerts whatever is due.

A step that fails does not stop the others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from camscan.app import alerts, run_outputs
from camscan.app.alerts import AlertsResult
from camscan.app.due_sites import DueSites, find_due_sites
from camscan.app.metrics import Run
from camscan.app.request import Request
from camscan.app.resume import journal_folder
from camscan.app.round import LIMIT, Round, prepare_round, run_round
from camscan.app.scan import Interruption, Watcher
from camscan.app.unattended import lock_runs
from camscan.app.workspace import Workspace
from camscan.errors import BusyError, CamscanError, OutputError, ScopeError, UsageError
from camscan.model import Completion
from camscan.notify.message import Item
from camscan.output import visible
from camscan.scan.journal import interrupted_runs, path_of
from camscan.store import open_store
from camscan.store.alerts import FAILURES, Alerts
from camscan.words import list_text

PARTIAL = 3
"""Some sites that were due could not be asked, or are left for the next run (docs/exit-codes.md)."""
_SIGNAL = 128
_WORST = (1, 2, 4, PARTIAL, 0)
"""Exit codes, the worst first."""
_SUCCESS = (0, PARTIAL)
"""Exit codes of a run that needs no person."""
_BY = "by"
_RUN = "run"
"""The key in journals that killed runs leave behind: the next run removes them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that was not done, or not completed."""

    step: str
    """``scan``, ``backup``, ``export csv`` …"""
    code: int
    """The exit code of docs/exit-codes.md."""
    why: str
    """The reason, in one line."""


@dataclass(slots=True)
class RunResult:
    """The result of a run."""

    due: DueSites
    going: Round | None = None
    """The result of each site; None if nothing was scanned."""
    failures: list[Failure] = field(default_factory=list)
    notified: AlertsResult | None = None
    """The result of the alerts; None if there is no recipient."""
    ended_by: int = 0
    """The number of the signal that ended the run; 0 for none."""

    @property
    def exit_code(self) -> int:
        """The worst exit code of all steps; an alert that was not delivered does not count."""
        if self.ended_by:
            return _SIGNAL + self.ended_by
        codes = {failure.code for failure in self.failures}
        codes.add(_exit_code_of(self.going) if self.going else 0)
        codes.add(PARTIAL if self.due.too_large else 0)
        return next((code for code in _WORST if code in codes), 1)


def read_clock() -> datetime:
    """The time by the clock of this machine."""
    return datetime.now(UTC)


def list_due_sites(space: Workspace, now: datetime | None = None, *, create: bool = False) -> DueSites:
    """Find what a run would scan now; ``create`` makes a register on a server if there is none.

    Raises UsageError if camscan.yaml lists no site.
    """
    settings = space.settings
    if not any(site.cidrs for site in settings.sites):
        where = f"{settings.path}: it lists no site with networks" if settings.path else "there is no camscan.yaml"
        raise UsageError(f"{where}; list your sites in it: see `camscan config init` and `camscan sites import`")
    scans = []
    if space.has_register:
        with space.open(readonly=not create, editing=create) as book:
            scans = book.scans()
    return find_due_sites(settings, scans, journal_folder(str(space.where)), now or read_clock())


def run_unattended(
    space: Workspace,
    *,
    watcher: Watcher | None = None,
    interruption: Interruption | None = None,
    keep_journal: bool = False,
) -> RunResult:
    """Do every step under one lock. Raises BusyError if another run holds it, UsageError for a wrong camscan.yaml.

    A signal ends the scan in progress, and the next run does the rest. ``keep_journal`` keeps the devices' replies in
    files, so that parcels can be made of them.
    """
    with lock_runs(space):
        began, interruption = read_clock(), interruption or Interruption()
        writers = run_outputs.list_writers(space.settings)
        if space.settings.notify:
            alerts.require_recipients(space)
        steps = _Steps(space, began, watcher, interruption, keep_journal=keep_journal)
        steps.scan_due_sites()
        steps.attempt_step("backup", steps.write_backup)
        for name, write in writers.items():
            steps.attempt_step(f"export {name}", functools.partial(write, space))
        steps.send_alerts()
        steps.write_figures()
        return replace(steps.ran, ended_by=interruption.number)


class _Steps:
    """The steps of one run, and their results."""

    def __init__(
        self,
        space: Workspace,
        began: datetime,
        watcher: Watcher | None,
        interruption: Interruption,
        *,
        keep_journal: bool,
    ) -> None:
        self._keep_journal = keep_journal
        self._space, self._began, self._watcher, self._interruption = space, began, watcher, interruption
        self.ran = RunResult(DueSites())
        self._troubles: list[Item] = []
        self._marks: dict[str, str] = {}

    def attempt_step(self, step: str, action: Callable[[], object]) -> None:
        """Do a step; if it fails, note why, and continue. After a signal no other step is begun."""
        if self._interruption.is_wanted:
            return
        try:
            action()
        except CamscanError as error:
            self._note_failure(step, error)

    def _note_failure(self, step: str, error: CamscanError) -> None:
        why = visible(str(error), 500)
        self.ran.failures.append(Failure(step, error.exit_code, why))
        kind = "scan_failed" if step == "scan" else "step_failed"
        self._troubles.append(
            Item(kind, step, type(error).__name__, detail=f"{step}: {why}", brief=_brief_reason(step, error))
        )

    # ── scanning ─────────────────────────────────────────────────────────────────────────────────────────────

    def scan_due_sites(self) -> None:
        """Scan the sites that are due."""
        self.attempt_step("scan", self._scan_due_sites)
        self._troubles += _skipped_sites(self.ran)

    def _scan_due_sites(self) -> None:
        run_outputs.require_register_not_lost(self._space)
        self.ran.due = list_due_sites(self._space, self._began, create=True)
        if not self.ran.due.sites:
            return
        config, place = self._space.settings, journal_folder(str(self._space.where))
        _forget_heads(place)
        request = Request(targets=(), until=config.run_until(self._began), keep_journal=self._keep_journal)
        prepared = prepare_round(request, config, self.ran.due.sites, place=place, unattended=True)
        head = replace(prepared.head, options={**prepared.head.options, _BY: _RUN})
        with self._space.open() as book:
            self.ran.going = prepared.round
            run_round(
                replace(prepared, head=head),
                book,
                {},
                resume=True,
                watcher=self._watcher,
                interruption=self._interruption,
            )
        path_of(place, head.key).unlink(missing_ok=True)  # the rest is in the journals of the sites

    def write_backup(self) -> None:
        """Write the backup of the day."""
        day = self._space.settings.clock(self._began).date()
        if run_outputs.back_up(self._space, day):
            self._marks["run.backup"] = read_clock().isoformat()

    # ── reporting ────────────────────────────────────────────────────────────────────────────────────────────

    def send_alerts(self) -> None:
        """Send the alerts that are due; an alert that was not delivered is not a failure of the run."""
        if self._space.settings.notify:
            self.attempt_step("notify", self._send_alerts)

    def _send_alerts(self) -> None:
        found = alerts.send_due_alerts(self._space, troubles=self._troubles, now=self._began)
        self.ran.notified = found
        if found.code:
            self.ran.failures.append(Failure("notify", found.code, visible(found.trouble, 500)))

    def write_figures(self) -> None:
        """Store the result of the run, and write the figures if camscan.yaml wants them."""
        path = self._space.settings.run.metrics
        if path is None:
            return
        seconds, code = (read_clock() - self._began).total_seconds(), self.ran.exit_code
        if code in _SUCCESS:
            self._marks["run.success"] = read_clock().isoformat()
        kept: dict[str, str] = {}
        self.attempt_step("metrics", lambda: kept.update(self._run_figures()))
        told = Run(
            last_success=_parse_moment(kept.get("run.success")),
            exit_code=code,
            seconds=seconds,
            backup=_parse_moment(kept.get("run.backup")),
            alert_failures=int(kept.get(FAILURES, "0")),
        )
        self.attempt_step("metrics", lambda: run_outputs.write_metrics(self._space, path, told))

    def _run_figures(self) -> dict[str, str]:
        """Facts about this run and earlier ones."""
        with open_store(self._space.where) as store:
            kept = Alerts(store)
            kept.keep((), self._marks, (), forget=self._began - alerts.MEMORY)
            return kept.read_marks()


def _parse_moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _forget_heads(place: Path) -> None:
    """Remove the lists of sites that killed runs left behind: each site has its own journal."""
    for run in interrupted_runs(place):
        if run.head.options.get(_BY) == _RUN:
            run.path.unlink(missing_ok=True)


def _exit_code_of(going: Round) -> int:
    if going.refused:
        return ScopeError.exit_code
    if going.unwritten:
        return OutputError.exit_code
    return 0 if going.is_complete and not going.sites_left else PARTIAL


def _skipped_sites(ran: RunResult) -> Iterator[Item]:
    """Sites that were due and could not be scanned, for a reason that does not pass with the hour."""
    going = ran.going
    refused = going.refused if going else {}
    for name, why in refused.items():
        yield _not_scanned(name, why, "no authorisation allows it now")
    for name, why in (going.empty if going else {}).items():
        yield _not_scanned(name, why, "none of its addresses can be asked")
    for name, count in ran.due.too_large:
        why = f"it has {count:,} addresses, more than {LIMIT:,}; split it into several sites"
        yield _not_scanned(name, why, "it is too large for an unattended scan")


def _not_scanned(name: str, why: str, brief: str) -> Item:
    site = visible(name, 300)
    return Item("not_scanned", site, brief, site=site, detail=f"{site}: {visible(why, 500)}", brief=f"{site}: {brief}")


def _brief_reason(step: str, error: CamscanError) -> str:
    """Why a step failed, without anything that not everybody may see."""
    if isinstance(error, BusyError):
        return f"{step}: another program was writing to the register"
    return f"{step}; the output of the run says why"


def describe_trouble(ran: RunResult) -> Sequence[str]:
    """Lines about what went wrong; empty if nothing did."""
    found = [f"{failure.step}: {failure.why}" for failure in ran.failures]
    found += [item.detail for item in _skipped_sites(ran)]
    going = ran.going
    if going:
        partial = [name for name, kept in going.kept.items() if kept.report.completion is Completion.PARTIAL]
        if partial:
            found.append(f"some addresses could not be asked: {list_text([visible(name) for name in partial])}")
        found += [visible(why, 500) for why in going.unwritten]
    if ran.notified:
        found += [
            f"{visible(send.recipient)} got no message: {visible(send.detail)}" for send in ran.notified.failed_sends
        ]
        found += [ran.notified.trouble] if ran.notified.trouble and not ran.notified.code else []
    return found
