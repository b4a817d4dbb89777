"""Another revision beside this one: the same scans of one estate, turn by turn, and the ratios.

Machines differ by a factor of three, and one machine differs from hour to hour; a ratio of two programs that took turns
does not. The estate is this revision's. Hostile devices that the other revision did not know are left out: it may
never come to an end with them. One that does not end all the same is stopped, and the table says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import bench_wide
from bench_sweep import NETWORKS, Estate, Network, Run, built, counted, right, scan
from measure import HERE, Case, Row, Tree, duration, median

from camscan.demo import load_devices

TURNS = 3
PATIENCE = 150
"""Seconds for one scan, for each minute that its case takes by itself."""
LEAST = 60
DEVICES = "camscan/demo/devices"

Turns = Mapping[Tree, Sequence[Run | None]]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is compared."""

    name: str
    of: Callable[[Run], float]
    over: Callable[[Sequence[float]], float]
    """Many runs to one value."""
    write: Callable[[float], str]
    no_fewer: bool = False
    """Less of it than the other revision has is a fault."""


def cases(base: Tree | None, turns: int = TURNS) -> list[Case]:
    """Every network, scanned by both, and every wide register; without a tree, only to say what there is."""
    networks = [
        Case(
            network.name,
            network.minutes * 2 * turns,
            functools.partial(measure, network, base, turns) if base else tuple,
            asked_for=not network.council,
        )
        for network in NETWORKS
    ]
    return [*networks, *bench_wide.beside(base, turns)]


def unknown_to(base: Tree) -> Collection[str]:
    """The hostile devices of this revision that the other one has no file of."""
    return [one.name for one in load_devices() if one.hostile and not (base.root / DEVICES / f"{one.name}.py").exists()]


def measure(network: Network, base: Tree, turns: int) -> Iterator[Row]:
    """Scan one estate by both revisions in turns: here, base, base, here …"""
    without = () if network.council else unknown_to(base)
    with built(network, without=without) as up:
        for tree in (HERE, base):  # neither pays for what Python and camscan compile once
            scan(up, counted(up.truth)[0]["ip"], "fast", tree=tree, stop=LEAST)
        runs = taken(up, network, (HERE, base), turns)
    yield from rows(network, up, runs, base)


def taken(up: Estate, network: Network, trees: Sequence[Tree], turns: int) -> Turns:
    """What each scan took; who had to be stopped once has no more turns."""
    runs: dict[Tree, list[Run | None]] = {tree: [] for tree in trees}
    for turn in range(turns):
        for tree in trees[:: -1 if turn % 2 else 1]:
            if None not in runs[tree]:
                one = functools.partial(scan, ordinary=network.ordinary, tree=tree, stop=limit(network))
                runs[tree].append(one(up, str(network.network), network.pace))
    return runs


def limit(network: Network) -> float:
    """Seconds after which a scan is stopped."""
    return max(LEAST, network.minutes * PATIENCE)


def quantities(network: Network, up: Estate) -> Sequence[Quantity]:
    """What is compared: medians, but the most memory and the fewest units of any run."""
    units, every = counted(up.truth, has_groups=network.has_groups), len(up.truth)

    def surely(run: Run) -> int:
        return sum(unit["ip"] in run.sure and run.makers[unit["ip"]] == unit["maker"] for unit in units)

    def of_all(value: float) -> str:
        return f"{value:.0f} of {len(units)}"

    return (
        Quantity("time", lambda run: run.seconds, median, duration),
        Quantity("processor time", lambda run: run.processor, median, duration),
        Quantity("memory", lambda run: run.megabytes, max, lambda value: f"{value:.0f} MB"),
        Quantity("units found", lambda run: right(run.makers, units)[0], min, of_all, no_fewer=True),
        Quantity("right maker", lambda run: right(run.makers, units)[1], min, of_all, no_fewer=True),
        Quantity("right maker, confirmed or probable", surely, min, of_all, no_fewer=True),
        Quantity("packets sent a unit", lambda run: run.packets / every, median, "{:.1f}".format),
        Quantity("connections a unit", lambda run: run.connections / every, median, "{:.2f}".format),
    )


def rows(network: Network, up: Estate, runs: Turns, base: Tree) -> Iterator[Row]:
    """One line for each quantity: this revision, the other one, the ratio."""
    for one in quantities(network, up):
        values = {tree: [one.of(run) for run in some if run] for tree, some in runs.items()}
        texts = {
            tree: written(one, values[tree]) if None not in some else f"stopped after {limit(network):.0f} s"
            for tree, some in runs.items()
        }
        what = f"{network.what}, `{network.pace}`: {one.name}"
        beside = f"{base.name}: {texts[base]}"
        if any(None in some for some in runs.values()):
            yield Row(what, texts[HERE], beside)
            continue
        here, there = (one.over(values[tree]) for tree in (HERE, base))
        yield Row(
            *(what, texts[HERE], beside, f"{here / there:.2f} ×" if there else ""),
            aim="no fewer" if one.no_fewer else "",
            kept=here >= there if one.no_fewer else None,
        )


def written(one: Quantity, values: Sequence[float]) -> str:
    """A value over several runs, and how far they are apart."""
    text = one.write(one.over(values))
    least, most = one.write(min(values)), one.write(max(values))
    return text if least == most else f"{text} ({least} to {most})"
