"""A scan's report as JSON. ``report.schema.json`` beside this file describes it; members are only ever added."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from json.encoder import encode_basestring as _quote
from typing import Any, TextIO

from camscan import headline
from camscan.exports import Export
from camscan.model import Attempt, Coverage, Device, Observation, Report

SCHEMA_VERSION = 1

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(
    r"[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
r"""Characters that JSON allows as they are, but which a terminal obeys or nobody sees; in a JSON string, their ``\u``
form means the same."""

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


def write_json(report: Report, stream: TextIO) -> None:
    """Write the report as one JSON object, UTF-8, one device per line."""
    before = "{\n"
    for name, value in _report_head(report).items():
        stream.write(f'{before}  "{name}": {dump_line(value)}')
        before = ",\n"
    # One line at a time: the whole report of a county would double the memory of its scan.
    lists = {"devices": map(_device_line, report.devices), "attempts": map(_attempt_line, report.attempts)}
    for name, lines in lists.items():
        stream.write(f'{before}  "{name}": [')
        between, end = "\n", "]"
        for line in lines:
            stream.write(f"{between}    {line}")
            between, end = ",\n", "\n  ]"
        stream.write(end)
    stream.write("\n}\n")


def dump_line(value: Any) -> str:
    """The value as one line of JSON that is valid UTF-8 and harmless on a terminal, whatever text it contains."""
    return _make_harmless(_encode(value))


def _make_harmless(text: str) -> str:
    if text.isascii() and "\x7f" not in text:  # nearly every line
        return text
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    return _ESCAPED.sub(_escape_character, text)


def _escape_character(match: re.Match[str]) -> str:
    """The escaped form of a character; a pair of them beyond U+FFFF (RFC 8259, section 7)."""
    digits = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{digits[at : at + 4]}" for at in range(0, len(digits), 4))


def report_object(report: Report) -> dict[str, Any]:
    """The report as the JSON object that is published."""
    return {
        **_report_head(report),
        "devices": [device_object(device) for device in report.devices],
        "attempts": [_attempt_object(attempt) for attempt in report.attempts],
    }


def _report_head(report: Report) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "scan_id": report.scan_id,
        "started_at": json_moment(report.started_at),
        "finished_at": json_moment(report.finished_at),
        "completion": report.completion.value,
        "site": report.site,
        "targets": list(report.targets),
        "pace": report.pace,
        "version": report.version,
        "database": report.database,
        **headline.headline_of_report(report).as_json(),
        "coverage": _coverage_object(report.coverage),
    }


def result_object(device: Device) -> dict[str, Any]:
    """What a device is and why: the members that ``camscan identify`` prints, in their order."""
    found = device.identification
    return {
        "id": device.ids[0] if device.ids else None,
        "ids": list(device.ids),
        "is_camera_system": found.is_camera_system,
        "maker": found.maker,
        "brand": found.brand,
        "model": found.model,
        "firmware": found.firmware,
        "serial": found.serial,
        "mac": found.mac,
        "kind": found.kind,
        "capabilities": {
            name: {"confidence": capability.confidence, "because": capability.because}
            for name, capability in found.capabilities.items()
        },
        "confidence": found.confidence.value,
        "certainty": found.certainty,
        "because": list(found.because),
        "conflicts": list(found.conflicts),
    }


def device_object(device: Device) -> dict[str, Any]:
    """A device of a report: :func:`result_object`, where and when it was seen, and the evidence."""
    observations = [_observation_object(observation) for observation in device.observations]
    return {**_device_head(device), "observations": observations}


def _device_head(device: Device) -> dict[str, Any]:
    """A device without its evidence."""
    return {
        **result_object(device),
        "ip_addresses": list(device.ip_addresses),
        "mac_addresses": list(device.mac_addresses),
        "open_ports": list(device.open_ports),
        "first_seen": json_moment(device.first_seen),
        "last_seen": json_moment(device.last_seen),
    }


# The lines are put together from texts, because a council's devices have 13,000 observations: making an object of each
# and encoding that took three times as long. Tests compare them with the objects.


def _device_line(device: Device) -> str:
    """``dump_line(device_object(device))``."""
    head = _encode(_device_head(device)).removesuffix("}")
    return _make_harmless(f'{head}, "observations": [{", ".join(_observation_texts(device.observations))}]}}')


def _observation_texts(observations: Iterable[Observation]) -> Iterator[str]:
    """Each observation as JSON. Those of one reply follow each other, and differ in the key and the value only."""
    reply, before, after = None, "", ""
    for ip, port, probe, key, value, seen_at in observations:
        if (ip, port, probe, seen_at) != reply:
            reply = (ip, port, probe, seen_at)
            before = f'{{"ip": {_quote(ip)}, "port": {port}, "probe": {_quote(probe)}, "key": '
            after = f', "seen_at": "{json_moment(seen_at)}"}}'
        yield f'{before}{_quote(key)}, "value": {_quote(value)}{after}'


def _attempt_line(attempt: Attempt) -> str:
    """``dump_line(_attempt_object(attempt))``."""
    return _make_harmless(
        f'{{"probe": {_quote(attempt.probe)}, "ip": {_quote(attempt.ip)}, "port": {attempt.port}, '
        f'"outcome": "{attempt.outcome.value}", "detail": {_quote(attempt.detail)}, '
        f'"seen_at": "{json_moment(attempt.seen_at)}", "solicited": {"true" if attempt.is_solicited else "false"}}}'
    )


@functools.lru_cache(maxsize=4096)  # a reply has a hundred facts with the same time
def json_moment(when: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _coverage_object(coverage: Coverage) -> dict[str, Any]:
    return {
        "addresses": coverage.addresses,
        "answered": coverage.answered,
        "refused": coverage.refused,
        "silent": coverage.silent,
        "unreachable": coverage.unreachable,
        "not_tried": coverage.not_tried,
        "outcomes": {probe: dict(counts) for probe, counts in coverage.outcomes.items()},
        "notes": list(coverage.notes),
        "living": dict(coverage.living),
        "is_search": coverage.is_search,
        "left_out": list(coverage.left_out),
        "strangers": list(coverage.strangers),
        "unfinished": list(coverage.unfinished),
        "unreached": list(coverage.unreached),
    }


def _observation_object(observation: Observation) -> dict[str, Any]:
    return {
        "ip": observation.ip,
        "port": observation.port,
        "probe": observation.probe,
        "key": observation.key,
        "value": observation.value,
        "seen_at": json_moment(observation.seen_at),
    }


def _attempt_object(attempt: Attempt) -> dict[str, Any]:
    return {
        "probe": attempt.probe,
        "ip": attempt.ip,
        "port": attempt.port,
        "outcome": attempt.outcome.value,
        "detail": attempt.detail,
        "seen_at": json_moment(attempt.seen_at),
        "solicited": attempt.is_solicited,
    }


EXPORT = Export("json", ".json", "a scan as JSON: devices, evidence, coverage", of_scan=write_json)
