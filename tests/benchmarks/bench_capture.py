"""How fast captures are read, and in how much memory, beside tshark on the same file; no network."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from measure import Case, Row, median, used
from packets import conversation, ethernet, ipv4, pcap, segment, udp

MIB = 1 << 20
REPEATS = 2
PICTURES, OTHERS = 1024, 128
"""MiB of the file of pictures, and of the others."""
SMALLER = 128
"""MiB of a file of pictures whose memory is held against that of the large one."""
FLAT = 8
"""MiB that the large one may take more."""
READ = (sys.executable, "-m", "camscan.link", "read")
TSHARK = (
    "-Y",
    "arp or dhcp or mdns or ssdp or http or rtsp or tls.handshake.type == 11",
    "-T",
    "fields",
    "-e",
    "ip.src",
)
CAPTURES = Path(__file__).resolve().parents[1] / "captures"
PAGE = b"HTTP/1.1 200 OK\r\nServer: DNVRS-Webs\r\nContent-Type: text/html\r\nContent-Length: 4000\r\n\r\n"


def pictures() -> list[bytes]:
    """What a recorder's mirror port carries: video over UDP, and over RTSP's TCP with its acknowledgements."""
    frames = []
    for number in range(240):
        camera, recorder = f"10.1.{number // 60}.{number % 60 + 1}", "10.1.9.9"
        frames.append(
            ethernet(
                0x0800, ipv4(udp(b"\x80\x60" + bytes(range(256)) * 5, 40000, 50000), source=camera, target=recorder)
            )
        )
        video = b"$\0" + bytes(range(256)) * 5
        frames.append(segment(video, 1, 1, 0x10, sport=554, dport=50001, source=camera, target=recorder))
        frames.append(segment(b"", 1, 1, 0x10, sport=50001, dport=554, source=recorder, target=camera))
    return frames


def pages() -> list[bytes]:
    """A short conversation over HTTP after the other, each page another one."""
    frames = []
    for number in range(2000):
        body = PAGE + b"<title>%05d</title>" % number + b"x" * 3981
        frames += conversation(
            b"GET / HTTP/1.1\r\n\r\n", body, client=1024 + number, unit=f"10.1.{number % 8}.7", size=1400
        )
    return frames


def forged() -> list[bytes]:
    """Nothing but beginnings of conversations that nobody goes on with."""
    return [
        segment(
            b"", 1, 1, 0x12, sport=80, dport=1024 + number % 60_000, source=f"10.{number % 199}.0.7", target="10.1.0.5"
        )
        for number in range(60_000)
    ]


def write(path: Path, frames: Sequence[bytes], megabytes: int) -> None:
    """A capture of that size: that of the laboratory first, then these packets again and again."""
    piece = pcap(frames)[24:]
    with path.open("wb") as file:
        written = file.write((CAPTURES / "attached.pcap").read_bytes())
        while written < megabytes * MIB:
            written += file.write(piece)


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        for what, frames, megabytes in (
            (f"a capture of {PICTURES:,} MiB, almost all of it pictures", pictures(), PICTURES),
            (f"{OTHERS} MiB of short conversations over HTTP", pages(), OTHERS),
            (f"{OTHERS} MiB of forged beginnings of conversations", forged(), OTHERS),
        ):
            path = Path(name) / "capture.pcap"
            write(path, frames, megabytes)
            yield compared(what, path, megabytes)
        yield flat(Path(name), pictures())


def compared(what: str, path: Path, megabytes: int) -> Row:
    """Both programs on one file, turn by turn."""
    actions: Mapping[str, Callable[[], tuple[float, float]]] = {"camscan-link read": lambda: taken(*READ, str(path))}
    if shutil.which("tshark"):
        actions = {**actions, "tshark": lambda: taken("tshark", "-n", "-r", str(path), *TSHARK)}
    found = [{name: action() for name, action in actions.items()} for _turn in range(REPEATS)]
    seconds = {name: median([turn[name][0] for turn in found]) for name in actions}
    memory = {name: max(turn[name][1] for turn in found) for name in actions}
    ours = seconds["camscan-link read"]
    measured = f"{ours:.1f} s, {megabytes / ours:,.0f} MiB/s, {memory['camscan-link read']:.0f} MiB of memory"
    if "tshark" not in seconds:
        return Row(what, measured, "tshark is not installed")
    beside = f"tshark: {seconds['tshark']:.1f} s, {memory['tshark']:.0f} MiB"
    return Row(what, measured, beside, f"{ours / seconds['tshark']:.2f} × its time")


def flat(place: Path, frames: Sequence[bytes]) -> Row:
    memory = {}
    for megabytes in (SMALLER, PICTURES):
        write(place / "capture.pcap", frames, megabytes)
        memory[megabytes] = taken(*READ, str(place / "capture.pcap"))[1]
    more = memory[PICTURES] - memory[SMALLER]
    measured = f"{more:+.1f} MiB of memory beside a file of {SMALLER} MiB"
    return Row(f"the same of {PICTURES:,} MiB", measured, aim=f"under {FLAT} MiB", kept=more < FLAT)


def taken(*command: str) -> tuple[float, float]:
    """Seconds, and MiB of memory."""
    done = used(*command)
    return done.seconds, done.megabytes


CASES = (Case("capture", 3, measure),)
