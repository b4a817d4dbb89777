"""The estate as a whole: who is in it, what is true of them, coming up and going down."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from camscan import demo

# A network of its own for each process, so that two test runs on one machine do not meet.
BASE = IPv4Network(f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}.0/24")
SHARED = Path(__file__).parents[2] / "shared"
DAHUA = re.compile(r"[0-9A-Z]{2}[0-9A-F]{5}P[A-Z]{2}[0-9A-Z]{4,5}")
HIKVISION = re.compile(
    r".*?(0[1-9]|[1-9]\d)?20[0-3]\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])[A-Z]{2,4}[A-Z]{0,2}\d{7,9}(WCVU)?"
)


def _open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_there_are_far_more_than_forty_devices_each_with_a_line_about_it() -> None:
    names = [device.name for device in demo.load_devices()]
    assert len(names) == len(set(names)) >= 90
    lines = [device.about for device in demo.load_devices()]
    assert all(line and "\n" not in line for line in lines)
    assert len(set(lines)) == len(lines)


def test_an_estate_has_one_unit_of_each_device() -> None:
    built = demo.estate(BASE)
    assert sorted(truth.device for truth in built.truth) == sorted(device.name for device in demo.load_devices())


def test_devices_repeat_with_fresh_identities_and_hostile_ones_do_not() -> None:
    truths = demo.estate(BASE, 250).truth
    assert len(truths) == 250
    for values in ([t.ip for t in truths], [t.mac for t in truths], [t.serial for t in truths if t.serial]):
        assert len(values) == len(set(values))
    names = [truth.device for truth in truths]
    assert names.count("hikvision_ds_2cd2385g1") >= 2
    assert {names.count(truth.device) for truth in truths if truth.hostile} == {1}


def test_the_same_arguments_give_the_same_estate_and_another_seed_another() -> None:
    assert demo.estate(BASE, 30, seed=7).truth == demo.estate(BASE, 30, seed=7).truth
    assert demo.estate(BASE, 30, seed=7).truth != demo.estate(BASE, 30, seed=8).truth


def test_the_plan_tells_the_addresses_and_macs_of_the_truth() -> None:
    truths = demo.estate("10.9.0.0/24", 120, seed=3, low_ports=True).truth
    assert demo.plan_interfaces(120, base="10.9.0.0/24", seed=3) == [(truth.ip, truth.mac) for truth in truths]


def test_addresses_can_be_chosen() -> None:
    chosen = ["10.0.0.9", "10.0.7.1"]
    assert [unit.ip for unit in demo.estate("10.0.0.0/16", addresses=chosen).units] == chosen


def test_serials_have_the_grammar_of_the_real_ones() -> None:
    truths = demo.estate(BASE, 250).truth
    dahua = [t.serial for t in truths if t.brand == "Dahua" and t.serial]
    hikvision = [t for t in truths if t.maker == "hikvision" and t.serial and t.kind != "access_control"]
    assert len(dahua) > 30
    assert len(hikvision) > 30
    assert [serial for serial in dahua if not DAHUA.fullmatch(serial)] == []
    assert [t.serial for t in hikvision if not HIKVISION.fullmatch(t.serial or "")] == []
    assert [t.serial for t in hikvision if not (t.serial or "").startswith(t.model or "?")] == []


def test_macs_are_whole_and_unicast() -> None:
    for truth in demo.estate(BASE, 250).truth:
        assert re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", truth.mac)
        assert int(truth.mac[:2], 16) & 1 == 0


def _published() -> Iterator[str]:
    for path in [*SHARED.glob("captures/*"), *SHARED.glob("corpus/*")]:
        yield path.read_bytes().decode("latin-1").upper()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of captured replies is not beside the checkout")
@pytest.mark.parametrize("seed", [1, 2])
def test_no_identity_is_one_that_was_published(seed: int) -> None:
    text = "".join(_published())
    plain = text.replace(":", "").replace("-", "")
    truths = demo.estate(BASE, 250, seed=seed).truth
    assert [t.serial for t in truths if t.serial and t.serial.upper() in text] == []
    assert [t.mac for t in truths if t.mac.replace(":", "").upper() in plain] == []


def test_what_is_given_is_known() -> None:
    for truth in demo.estate(BASE).truth:
        for name in truth.given_fields():
            assert getattr(truth, name), f"{truth.device} gives {name} and has none"


def test_both_makers_are_there_in_every_kind() -> None:
    kinds = {(truth.maker, truth.kind) for truth in demo.estate(BASE).truth}
    for maker, recorder in (("hikvision", "nvr"), ("dahua", "nvr")):
        for kind in ("camera", recorder, "dvr", "intercom", "access_control"):
            assert (maker, kind) in kinds


def test_too_small_a_network_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        demo.estate("127.30.0.0/28", 40)


def test_a_device_can_be_left_out_and_the_estate_is_no_smaller() -> None:
    name = "hostile_hello_request"
    names = [truth.device for truth in demo.estate(BASE, 250, without=[name]).truth]
    assert name in {device.name for device in demo.load_devices()}
    assert name not in names
    assert len(names) == 250
    assert [ip for ip, _mac in demo.plan_interfaces(250, base=BASE, without=[name])] == [
        truth.ip for truth in demo.estate(BASE, 250).truth
    ]
    with pytest.raises(ValueError, match="no device hostile_nobody"):
        demo.estate(BASE, without=["hostile_nobody"])


async def test_a_large_estate_comes_up_without_waiting_and_goes_down_without_a_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _open_files()
    keys: list[int] = []
    generate = rsa.generate_private_key

    def generating(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        keys.append(key_size)
        return generate(public_exponent, key_size)

    def waiting(*_: object, **__: object) -> None:
        pytest.fail("an estate that waits while it comes up")

    built = demo.estate(BASE, 250, multicast=False)
    with monkeypatch.context() as patched:
        patched.setattr(rsa, "generate_private_key", generating)
        patched.setattr(asyncio.get_running_loop(), "call_at", waiting)
        patched.setattr("time.sleep", waiting)
        await built.start()
    assert sorted(keys) == [1024, 2048]  # what takes longest is done once for all 250
    await built.stop()
    assert _open_files() == before
    assert built.violations == []
    assert built.requests == []


async def test_an_estate_that_cannot_come_up_leaves_nothing_behind() -> None:
    first = demo.estate(BASE, 4, multicast=False)
    async with first:
        before = _open_files()
        with pytest.raises(OSError, match="in use"):
            await demo.estate(BASE, 4, multicast=False).start()
        assert _open_files() == before


async def test_what_was_seen_can_be_forgotten() -> None:
    async with demo.estate(BASE, 1, multicast=False) as built:
        ip = built.units[0].ip
        reader, writer = await asyncio.open_connection(ip, 20080)
        writer.write(b"PUT / HTTP/1.1\r\nHost: nobody\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()
        assert built.violations
        assert built.connections_peak == {ip: 1}
        built.record.clear()
        assert (built.violations, built.requests, built.connections_peak) == ([], [], {})


def test_the_estate_imports_nothing_of_the_scanner() -> None:
    root = Path(demo.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign = [n for n in names if n.startswith("camscan") and not n.startswith("camscan.demo")]
            assert foreign == [], path


def _process(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "camscan.demo", "--base", str(BASE), "--no-multicast", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize("end", ["signal", "stdin"])
def test_the_estate_runs_in_a_process_of_its_own(end: str) -> None:
    with _process("--size", "3") as process:
        assert process.stdout
        assert process.stdin
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        assert [truth["device"] for truth in ready["truth"]][:1] == ["hikvision_ds_2cd2385g1"]
        ip = ready["truth"][0]["ip"]
        with socket.create_connection((ip, 20080), timeout=5) as visitor:
            visitor.sendall(f"GET /snap.jpg HTTP/1.1\r\nHost: {ip}\r\nConnection: close\r\n\r\n".encode())
            assert visitor.recv(4096)
        if end == "signal":
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.close()
        report = json.loads(process.stdout.readline())
        assert process.wait(10) == 0
    assert [violation["rule"] for violation in report["violations"]] == ["image or stream asked for"]
    assert report["peaks"] == {ip: 1}


def test_a_process_that_cannot_come_up_says_why() -> None:
    with _process("--size", "300") as process:
        _out, error = process.communicate(timeout=20)
    assert process.returncode == 2
    assert error == "The estate cannot come up: 300 units do not fit into 254 addresses\n"


def test_a_process_leaves_out_what_it_is_told_to() -> None:
    with _process("--size", "3", "--without", "hikvision_ds_2cd2385g1") as process:
        output, _error = process.communicate(timeout=20)
    devices = [truth["device"] for truth in json.loads(output.splitlines()[0])["truth"]]
    assert len(devices) == 3
    assert "hikvision_ds_2cd2385g1" not in devices


def test_a_process_whose_addresses_are_taken_says_so() -> None:
    with socket.create_server((str(BASE[1]), 20080)), _process("--size", "1") as process:
        _out, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert error.startswith("The estate cannot come up: [Errno")
