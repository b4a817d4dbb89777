"""Finds ports with an installed nmap, for estates where only nmap may be used. Needs the extra ``[nmap]``.

nmap gets one fixed list of arguments: a plain connect to the ports of cameras, slowly. No scripts, no guesses about
versions or operating systems, nothing malformed, no name lookups. python-nmap is GPL-3.0-or-later, so it is imported
only if the operator asks for it (docs/adr/0011-python-nmap.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from camscan.errors import CamscanError, ScopeError, UsageError
from camscan.net.scope import PRIVATE, Scope
from camscan.net.span import Span, common_spans, spans, subtract_spans
from camscan.net.target import Targets
from camscan.words import how_to_add

PORTS = (80, 81, 443, 554, 8000, 8080, 8443, 37777)
"""Web, RTSP, Hikvision's SDK and DVRIP."""
ARGUMENTS = (
    *("-sT", "-Pn", "-n", "-T3"),
    *("--max-rate", "50"),  # connections per second over all hosts, as at the gentle pace
    *("--scan-delay", "200ms"),  # between two connections to one host; one at a time
    *("--max-retries", "1"),
    *("--host-timeout", "120s"),
)
"""All arguments of nmap except the addresses and ports."""
BLOCK = 256
"""The number of addresses of one run of nmap. This bounds memory, and how much an interruption can lose."""


def run_nmap(targets: Targets, scope: Scope, *, ports: Sequence[int] = PORTS) -> Iterator[bytes]:
    """Run nmap over the targets block by block, and yield its XML. nmap is never given an excluded address.

    Raises ScopeError before anything is sent, UsageError if python-nmap or nmap is missing, CamscanError if nmap fails.
    """
    scope.require(targets)
    blocks = list(_allowed_blocks(targets, scope))
    if not blocks:
        raise ScopeError("camscan.yaml excludes every target: nothing is left to ask")
    nmap, scanner = _load_scanner()
    for block in blocks:
        yield _scan_block(nmap, scanner, block, ports)


def _load_scanner() -> tuple[Any, Any]:
    try:
        import nmap  # noqa: PLC0415 - GPL-3: only where the operator asked for it
    except ImportError as error:
        raise UsageError(f"--run needs python-nmap: {how_to_add('nmap')}") from error
    try:
        return nmap, nmap.PortScanner()
    except nmap.PortScannerError as error:
        raise UsageError("--run needs nmap itself, which is not on this machine's PATH; install nmap first") from error


def _scan_block(nmap: Any, scanner: Any, block: Span, ports: Sequence[int]) -> bytes:
    hosts = " ".join(str(network) for network in block.networks())
    arguments = " ".join([*ARGUMENTS, *(["-6"] if block.version == 6 else [])])  # noqa: PLR2004 - IP version
    try:
        scanner.scan(hosts=hosts, ports=",".join(map(str, ports)), arguments=arguments)
    except nmap.PortScannerError as error:
        raise CamscanError(f"nmap failed on {block}: {' '.join(str(error).split())}") from error
    output: bytes | str = scanner.get_nmap_last_output()
    return output.encode() if isinstance(output, str) else output


def _allowed_blocks(targets: Targets, scope: Scope) -> Iterator[Span]:
    """The part of the targets that may be asked, in blocks."""
    allowed = common_spans(targets.spans, spans((*PRIVATE, *scope.authorised)))
    for span in subtract_spans(allowed, spans(scope.excluded)):
        for first in range(span.first, span.last + 1, BLOCK):
            yield Span(span.version, first, min(span.last, first + BLOCK - 1))
