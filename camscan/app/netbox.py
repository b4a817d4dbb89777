"""NetBox's devices, read over its API like a list that somebody exported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from camscan.app.elsewhere import Evidence, evidence_of
from camscan.config import Config
from camscan.fingerprints import Database
from camscan.ingest import netbox_api, sources
from camscan.ingest.gather import Findings
from camscan.ingest.netbox_api import NetBoxServer
from camscan.ingest.sources.inventory import read_records
from camscan.words import count_text


def ask_netbox(
    names: Sequence[str],
    config: Config,
    *,
    site: str,
    database: Database,
    started_at: datetime,
    everything: bool = False,
) -> Evidence:
    """Read the inventories of these names or addresses. Raises ConfigError for one that camscan.yaml does not have."""
    asked = [config.inventory(name) for name in names]
    places = [
        (inventory, NetBoxServer(inventory.url, inventory.token.read(), inventory.ca_file)) for inventory in asked
    ]
    gathered = Findings(sources.load_source("inventory"))
    lines = []
    for each, place in places:
        before = gathered.entries
        now = datetime.now(UTC)
        gathered.take_items(read_records("netbox-api", netbox_api.fetch_devices(place), now), each.name, now)
        lines.append(f"{each.name}: {count_text(gathered.entries - before, 'device')} of NetBox at {each.url}")
    return evidence_of(
        gathered,
        tuple(inventory.name for inventory in asked),
        lines,
        site=site,
        database=database,
        started_at=started_at,
        everything=everything,
    )
