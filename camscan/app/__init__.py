"""The core that the command line and other front ends share: what a program does with camscan, without a terminal.

Nothing here prints, asks, or ends the program: what is to be said comes back as a value, is raised as a CamscanError of
one line, or goes to a callback that the caller gave.

``from camscan import app`` is cheap: ``app.scan`` and the others are loaded when they are first used, so that
``camscan --help`` need not wait for them.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camscan.app import (
        alerts,
        arrivals,
        assess,
        centre,
        choice,
        collect,
        collectors,
        database,
        device_list,
        device_members,
        device_words,
        devices,
        diff,
        due_errands,
        edit,
        elsewhere,
        enrich,
        evidence,
        export,
        foi,
        front,
        front_apart,
        headline,
        inventory,
        listing,
        log,
        metrics,
        netbox,
        overview,
        parcel,
        parcel_export,
        people,
        plan,
        policy_counts,
        queueing,
        record,
        report,
        report_form,
        request,
        resume,
        review,
        round,  # noqa: A004 - of the sites: nobody rounds numbers here
        run,
        scan,
        scan_news,
        schedule,
        screen_rows,
        settings,
        sites,
        snmp,
        spreadsheet,
        streaming,
        supported,
        task_scheduler,
        timeline,
        unattended,
        uploads,
        worker,
        workspace,
    )

__all__ = [
    "alerts",
    "arrivals",
    "assess",
    "centre",
    "choice",
    "collect",
    "collectors",
    "database",
    "device_list",
    "device_members",
    "device_words",
    "devices",
    "diff",
    "due_errands",
    "edit",
    "elsewhere",
    "enrich",
    "evidence",
    "export",
    "foi",
    "front",
    "front_apart",
    "headline",
    "inventory",
    "listing",
    "log",
    "metrics",
    "netbox",
    "overview",
    "parcel",
    "parcel_export",
    "people",
    "plan",
    "policy_counts",
    "queueing",
    "record",
    "report",
    "report_form",
    "request",
    "resume",
    "review",
    "round",
    "run",
    "scan",
    "scan_news",
    "schedule",
    "screen_rows",
    "settings",
    "sites",
    "snmp",
    "spreadsheet",
    "streaming",
    "supported",
    "task_scheduler",
    "timeline",
    "unattended",
    "uploads",
    "worker",
    "workspace",
]


def __getattr__(name: str) -> ModuleType:
    """The module of that name, loaded when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")
