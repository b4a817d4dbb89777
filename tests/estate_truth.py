"""Holds a scan of the simulated estate against what is true of its units."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SURE = {"probable", "confirmed"}
OURS = {"hikvision", "dahua"}


@contextlib.asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[dict[str, Any]]:
    """The estate in a process of its own; the yielded dict gets ``truth`` now and ``violations`` … at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "camscan.demo",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert process.stdin
    assert process.stdout
    try:
        told: dict[str, Any] = json.loads(await process.stdout.readline())
        yield told
        process.stdin.close()
        told.update(json.loads(await process.stdout.readline()))
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await process.wait()


@contextlib.contextmanager
def standing(network: str, units: int, seed: int) -> Iterator[list[dict[str, Any]]]:
    """An estate for the tests of a whole file; what is true of its units. In the end nobody may have been harmed."""
    arguments = [sys.executable, "-m", "camscan.demo", "--base", network, "--size", str(units), "--seed", str(seed)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin
        assert process.stdout
        yield json.loads(process.stdout.readline())["truth"]
        process.stdin.close()
        assert json.loads(process.stdout.readline())["violations"] == []


def faults(truths: Iterable[Mapping[str, Any]], devices: Iterable[Mapping[str, Any]], ways: set[str]) -> list[str]:
    """All that a report's devices (as JSON objects) have wrong, given the ways in which questions could travel."""
    found: list[str] = []
    by_ip = {ip: device for device in devices for ip in device["ip_addresses"]}
    for truth in truths:
        device = by_ip.get(truth["ip"])
        name = f"{truth['ip']} {truth['device']}"
        if truth["hostile"]:
            continue  # it lies on purpose: naming it and not naming it are both fair
        found += [f"{name}: {fault}" for fault in _missed(truth, device, ways)]
        if device is not None:
            found += [f"{name}: {fault}" for fault in _false(truth, device)]
    return found


def _missed(truth: Mapping[str, Any], device: Mapping[str, Any] | None, ways: set[str]) -> list[str]:
    if truth["maker"] not in OURS:
        return []
    given = {name for each in truth["gives"] if each["way"] in ways for name in each["fields"]}
    if "maker" not in given:
        return []
    if device is None:
        return ["not found"]
    wrong = []
    if device["maker"] != truth["maker"] or device["confidence"] not in SURE:
        wrong.append(f"maker {device['maker']} ({device['confidence']}), is {truth['maker']}: {device['because']}")
    for name in ("model", "firmware", "serial"):
        told, true = device[name], truth[name]
        same = told == true or (name == "firmware" and told and _firmware(told) in _firmware(true or ""))
        if name in given and not same:
            wrong.append(f"{name} {told!r}, is {true!r}")
    return wrong


def _false(truth: Mapping[str, Any], device: Mapping[str, Any]) -> list[str]:
    wrong = []
    if device["maker"] in OURS and device["maker"] != truth["maker"] and device["confidence"] in SURE:
        wrong.append(f"falsely called {device['maker']} ({device['confidence']}): {device['because']}")
    called = device["is_camera_system"] is True and device["confidence"] in SURE
    if truth["is_camera_system"] is False and called:
        wrong.append(f"falsely called a camera: {device['because']}")
    return wrong


def _firmware(text: str) -> str:
    """The text without white space and punctuation: protocols cut and join version and build differently."""
    return re.sub(r"[\s,:]|build(?=date)", "", text.lower())
