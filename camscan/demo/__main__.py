"""``python -m camscan.demo``: the estate in its own process, for the laboratory and for trying things out.

It prints one JSON line ``{"ready": true, "truth": […]}`` when every unit is up, and runs until SIGTERM or until
standard input closes. Then it prints one JSON line ``{"violations": […], …}``.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import sys
from typing import Any

from camscan.demo import system
from camscan.demo.estate import BASE, Estate, estate

_REFUSAL = "The estate cannot come up"


def _print_json(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def ignore_lost_connections(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report faults as the loop does, but not that a client has gone away: asyncio may notice when nobody waits."""
    if not isinstance(context.get("exception"), ConnectionError):
        loop.default_exception_handler(context)


async def run_estate(built: Estate) -> None:
    """Start an estate, report that it is ready, run it until the end, and report what it saw."""
    asyncio.get_running_loop().set_exception_handler(ignore_lost_connections)
    try:
        await built.start()
    except OSError as error:
        raise SystemExit(f"{_REFUSAL}: {error}") from error
    stop = system.when_to_end()
    _print_json({"ready": True, "truth": [dataclasses.asdict(truth) for truth in built.truth]})
    await stop.wait()
    await built.stop()
    report = {
        "violations": [dataclasses.asdict(violation) for violation in built.violations],
        "peaks": built.connections_peak,
        **built.record.summary(),
    }
    try:
        _print_json(report)
    except OSError:  # a broken pipe: the process that started us has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end


def main() -> None:
    """Run an estate by its arguments. Exits 2 if the arguments do not describe an estate, 1 if it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m camscan.demo", description=__doc__)
    parser.add_argument("--base", default=str(BASE), help="network whose addresses the units take")
    parser.add_argument("--size", type=int, help="number of units (one of each device by default)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--low-ports", action="store_true", help="keep ports below 1024")
    parser.add_argument("--bind-interfaces", default="", metavar="PREFIX", help="unit n uses interface PREFIXn")
    parser.add_argument("--no-multicast", action="store_true", help="do not hear questions to groups")
    parser.add_argument("--delay-scale", type=float, default=1.0, help="0: answer at once")
    parser.add_argument("--without", action="append", default=[], metavar="DEVICE", help="leave this device out")
    arguments = parser.parse_args()
    try:
        built = estate(
            arguments.base,
            arguments.size,
            low_ports=arguments.low_ports,
            seed=arguments.seed,
            interface_prefix=arguments.bind_interfaces,
            multicast=not arguments.no_multicast,
            delay_scale=arguments.delay_scale,
            without=arguments.without,
        )
    except ValueError as error:
        parser.exit(2, f"{_REFUSAL}: {error}\n")
    asyncio.run(run_estate(built))


if __name__ == "__main__":
    main()
