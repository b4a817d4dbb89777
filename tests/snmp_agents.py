"""Agents that the tests of SNMP ask: net-snmp's own, with tables of a switch, and one that answers as a test says."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

USER, PASSWORD, PRIVACY = "camscan", "authpassword", "privpassword"
CAMERA, PHONE, OTHER = "00:00:5e:00:53:01", "00:00:5e:00:53:02", "00:00:5e:00:53:03"
BRIDGE, LLDP, POE = "1.3.6.1.2.1.17", "1.0.8802.1.1.2.1", "1.3.6.1.2.1.105"
Table = Mapping[str, int | str | bytes]


def octets(mac: str) -> str:
    """``0.0.94.0.83.1``: a MAC address as an index."""
    return ".".join(str(int(each, 16)) for each in mac.split(":"))


def raw(mac: str) -> bytes:
    return bytes(int(each, 16) for each in mac.split(":"))


SWITCH: Table = {
    "1.3.6.1.2.1.31.1.1.1.1.10101": "Gi1/0/1",
    "1.3.6.1.2.1.31.1.1.1.1.10102": "Gi1/0/2",
    "1.3.6.1.2.1.31.1.1.1.1.10124": "Te1/0/24",
    f"{BRIDGE}.1.4.1.2.1": 10101,
    f"{BRIDGE}.1.4.1.2.2": 10102,
    f"{BRIDGE}.1.4.1.2.24": 10124,
    f"{BRIDGE}.7.1.2.2.1.2.20.{octets(CAMERA)}": 1,
    f"{BRIDGE}.7.1.2.2.1.2.20.{octets(PHONE)}": 2,
    f"{BRIDGE}.7.1.2.2.1.2.20.{octets(OTHER)}": 24,
    f"{BRIDGE}.7.1.2.2.1.2.20.0.0.94.0.83.254": 24,
    f"{BRIDGE}.7.1.2.2.1.2.1.0.0.94.0.83.255": 24,
    f"{BRIDGE}.7.1.2.2.1.3.20.{octets(CAMERA)}": 3,
    f"{BRIDGE}.7.1.2.2.1.3.20.{octets(PHONE)}": 3,
    f"{BRIDGE}.7.1.2.2.1.3.20.{octets(OTHER)}": 3,
    f"{BRIDGE}.7.1.2.2.1.3.20.0.0.94.0.83.254": 3,
    f"{BRIDGE}.7.1.2.2.1.3.1.0.0.94.0.83.255": 4,
    f"{POE}.1.1.1.6.1.1": 3,
    f"{POE}.1.1.1.6.1.2": 3,
    f"{POE}.1.1.1.6.1.24": 2,
    f"{POE}.1.1.1.10.1.1": 4,
    f"{POE}.1.1.1.10.1.2": 3,
    "1.3.6.1.4.1.9.9.402.1.2.1.9.1.1": 6230,
    f"{LLDP}.4.1.1.4.0.2.1": 4,
    f"{LLDP}.4.1.1.5.0.2.1": raw(PHONE),
    f"{LLDP}.4.1.1.9.0.2.1": "phone-17",
    f"{LLDP}.4.1.1.10.0.2.1": "A telephone",
    f"{LLDP}.4.2.1.3.0.2.1.1.4.192.0.2.17": 1,
    "1.3.6.1.2.1.4.35.1.4.3.1.4.192.0.2.7": raw(CAMERA),
    "1.3.6.1.2.1.4.35.1.6.3.1.4.192.0.2.7": 3,
}
"""A switch of which two ports have one device each, and an uplink. Its ARP table has the camera."""
SERVED = (
    "1.3.6.1.2.1.31.1.1.1.1",
    "1.3.6.1.2.1.4.35.1",
    BRIDGE,
    POE,
    "1.3.6.1.4.1.9.9.402",
    LLDP,
)

_PASS = """
import json, sys
rows = [(tuple(map(int, oid.split("."))), kind, value) for oid, kind, value in json.load(open(sys.argv[1]))]
rows.sort()
root = tuple(map(int, sys.argv[2].split(".")))
rows = [row for row in rows if row[0][: len(root)] == root]
for line in sys.stdin:
    said = line.strip()
    if said == "PING":
        print("PONG", flush=True)
        continue
    oid = tuple(map(int, sys.stdin.readline().strip().strip(".").split(".")))
    if said == "get":
        found = [row for row in rows if row[0] == oid]
    elif said == "getnext":
        found = [row for row in rows if row[0] > oid][:1]
    else:
        sys.stdin.readline()
        print("not-writable", flush=True)
        continue
    for name, kind, value in found:
        print("." + ".".join(map(str, name)), kind, value, sep="\\n", flush=True)
    if not found:
        print("NONE", flush=True)
"""


@contextlib.contextmanager
def snmpd(
    where: Path,
    table: Table = SWITCH,
    *,
    name: str = "CT-2",
    ip: str = "127.0.0.1",
    served: Sequence[str] = SERVED,
    inside: Sequence[str] = (),
    port: int = 0,
    more: str = "",
) -> Iterator[int]:
    """net-snmp's snmpd on a port of its own; its user may write as well, so that only we keep from it.

    Below ``served``, ``table`` answers in place of its own. ``inside`` is the command that starts it in a namespace,
    where ``port`` is free. ``more`` is put into its configuration.
    """
    program = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")
    if not program:
        pytest.skip("snmpd is not installed (Debian: snmpd)")
    where.mkdir(parents=True, exist_ok=True)
    kinds = {int: "integer", str: "string", bytes: "octet"}
    rows = [
        (oid, kinds[type(value)], value.hex(" ") if isinstance(value, bytes) else value) for oid, value in table.items()
    ]
    (where / "rows.json").write_text(json.dumps(rows))
    (where / "pass.py").write_text(_PASS)
    if not port:
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM) as door:
            try:
                door.bind((ip, 0))
            except OSError:
                pytest.skip(f"this machine has no {ip}")
            port = int(door.getsockname()[1])
    passes = "".join(
        f"pass_persist .{root} {sys.executable} {where / 'pass.py'} {where / 'rows.json'} {root}\n" for root in served
    )
    (where / "snmpd.conf").write_text(
        f'createUser {USER} SHA-256 "{PASSWORD}" AES "{PRIVACY}"\nrwuser {USER} priv\nrwcommunity community\n'
        "rwcommunity6 community\n"
        f"sysName {name}\nsysDescr A switch of the tests\n{passes}{more}"
    )
    where_at = f"udp6:[{ip}]:{port}" if ":" in ip else f"udp:{ip}:{port}"
    command = [*inside, program, "-f", "-Lo", "-C", "-c", str(where / "snmpd.conf"), where_at]
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(where / "kept")}
    with (where / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _await(process, where / "log")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _await(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the agent says that it is ready."""
    for _ in range(600):
        if "NET-SNMP version" in log.read_text():
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    pytest.fail(f"snmpd does not start: {log.read_text()}")
