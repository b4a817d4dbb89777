"""``camscan probes``: what camscan may send, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import click

from camscan.errors import UsageError
from camscan.probes import Probe, Stage, load

EXAMPLE = UUID("01234567-89ab-cdef-0123-456789abcdef")
"""Replaces the identifier that is new in every scan."""
_ROW = 16


@click.command("probes")
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print it in the form of docs/what-is-sent.md.")
def probes(name: str | None, markdown: bool) -> None:
    """Show what camscan sends, byte for byte, and what it never does.

    Without NAME, every probe is shown in the order in which a scan uses it; then those that send nothing and only
    read what other tools captured. The identifier 01234567-89ab-cdef-0123-456789abcdef stands for one that is new in
    every scan, HOST for the device's address.
    """
    known = load()
    if name is not None:
        name = name.strip().lower()
    if name is not None and name not in known:
        raise UsageError(f"no probe is called {name}; the probes are: {', '.join(sorted(known))}")
    # Sorting is stable, so the order of a scan is kept.
    for probe in sorted(known.values(), key=lambda probe: probe.stage is Stage.NEVER):
        if name in {None, probe.name}:
            click.echo("\n".join(_probe_markdown(probe) if markdown else _probe_text(probe)) + "\n")


def _probe_text(probe: Probe) -> Iterator[str]:
    yield f"{probe.name}: {probe.title}"
    yield f"  never: {probe.never}"
    for where, payloads in _list_questions(probe):
        yield f"  {where}"
        for number, payload in enumerate(payloads):
            yield from [""] * (number > 0)
            yield from (f"    {line}".rstrip() for line in _bytes_lines(payload))


def _probe_markdown(probe: Probe) -> Iterator[str]:
    yield f"### {probe.name}: {probe.title}"
    yield ""
    yield f"*Never:* {probe.never}."
    for where, payloads in _list_questions(probe):
        yield ""
        yield where[:1].upper() + where[1:]
        for payload in payloads:
            yield from ("", "```", *_bytes_lines(payload), "```")


def _list_questions(probe: Probe) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """The target of each question and its bytes; one sentence for a probe that asks nothing."""
    for question in probe.datagrams:
        ways = [*question.groups, *["broadcast"] * question.broadcast, *["each address"] * question.unicast]
        yield f"UDP {question.port}, {question.label}, to {', '.join(ways)}:", (question.payload(EXAMPLE),)
    if probe.ask is not None:
        ports = f"TCP {', '.join(map(str, probe.ports))}" if probe.ports else "TCP, ports where the device has answered"
        yield (f"{ports}, one of:" if len(probe.examples) > 1 else f"{ports}:"), probe.examples or (b"(TLS handshake)",)
    elif not probe.datagrams:
        yield "sends nothing: reads captured and overheard replies", ()


def _bytes_lines(payload: bytes) -> list[str]:
    """Text as it is, one line for each line sent.

    Other bytes as hexadecimal, 16 on a line, with the readable characters.
    """
    text = payload.decode("latin-1")
    if all(character.isprintable() or character in "\r\n\t" for character in text) and text.isascii():
        lines = text.replace("\r", "\\r").split("\n")
        return [line + "\\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
    rows = [payload[at : at + _ROW] for at in range(0, len(payload), _ROW)]
    return [f"{row.hex(' '):{3 * _ROW}} {_readable_bytes(row)}" for row in rows]


def _readable_bytes(row: bytes) -> str:
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isprintable() else "." for byte in row)


GROUP = "experts"
COMMAND = probes
