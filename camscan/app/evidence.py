"""Evidence that other tools gathered, made into a report like that of a scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO

from camscan.config import Config
from camscan.fingerprints import Database
from camscan.ingest import nmap_engine, report_of_evidence
from camscan.ingest.nmap_xml import NmapResults
from camscan.model import Report
from camscan.net.scope import Scope
from camscan.net.target import Targets


def read_nmap(
    documents: Iterable[tuple[str, BinaryIO]], sources: Sequence[str], site: str, database: Database
) -> Report:
    """Make one report of all documents of nmap's XML (name, stream); each stream is closed.

    ``sources`` are its targets in the report: what nmap was asked, or the names of the files.
    """
    now = datetime.now(UTC)
    gathered = NmapResults()
    for name, stream in documents:
        with stream:
            gathered.add_file(name, stream, now)
    started = gathered.started_at or now
    return report_of_evidence(
        gathered.attempts,
        database,
        gathered.coverage(),
        sources=tuple(sources),
        started_at=started,
        finished_at=max(gathered.finished_at or started, started),
        site=site,
        complete=gathered.is_whole,
    )


def run_nmap(targets: Targets, config: Config) -> Iterator[tuple[str, BinaryIO]]:
    """Run an installed nmap on targets that may be scanned. Yields its documents, for :func:`read_nmap`."""
    authorised = config.authorised(datetime.now(UTC))
    scope = Scope(targets.networks, excluded=config.exclusions_of(), authorised=authorised)
    for document in nmap_engine.run_nmap(targets, scope):
        yield "nmap", BytesIO(document)
