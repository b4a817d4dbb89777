"""``camscan probes``: what may be sent, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

if TYPE_CHECKING:
    from camscan.probes import Probe

EXAMPLE = UUID("01234567-89ab-cdef-0123-456789abcdef")
"""Stands for the identifier that is fresh in every scan."""


@click.command("probes")
@click.argument("name", required=False)
def probes(name: str | None) -> None:
    """Show what camscan sends, byte for byte, and what it never does.

    Without NAME, every probe is shown; those that send nothing come first.
    """
    from camscan.probes import load  # noqa: PLC0415 - keeps --help quick

    known = load()
    if name is not None and name not in known:
        raise click.UsageError(f"no probe is called {name}; there are: {', '.join(known)}")
    for probe in known.values():
        if name in {None, probe.name}:
            click.echo(_text(probe) + "\n")


def _text(probe: Probe) -> str:
    lines = [f"{probe.name}: {probe.title}", f"  never: {probe.never}"]
    for question in probe.datagrams:
        ways = [
            *question.groups,
            *(["broadcast"] if question.broadcast else []),
            *(["unicast"] if question.unicast else []),
        ]
        lines.append(f"  UDP {question.port}, {question.label}, to {', '.join(ways)}:")
        lines += _bytes(question.payload(EXAMPLE))
    if probe.ask is not None:
        lines.append(f"  TCP {', '.join(map(str, probe.ports))}" + ("" if probe.examples else ", handshake only"))
        for example in probe.examples:
            lines += [*_bytes(example), ""]
    if probe.ask is None and not probe.datagrams:
        lines.append("  sends nothing: reads captured and passively heard replies")
    return "\n".join(lines).rstrip()


def _bytes(payload: bytes) -> list[str]:
    """Text as it is, one line per line sent; anything else as hexadecimal, 16 bytes a line."""
    try:
        text = payload.decode("ascii")
    except UnicodeDecodeError:
        text = ""
    if text and all(character.isprintable() or character in "\r\n\t" for character in text):
        return ["    " + line.replace("\r", "\\r") + "\\n" for line in text.split("\n")[:-1]] + (
            ["    " + text.split("\n")[-1]] if not text.endswith("\n") else []
        )
    return ["    " + payload[at : at + 16].hex(" ") for at in range(0, len(payload), 16)]


COMMAND = probes
