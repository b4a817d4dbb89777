"""Options that several commands share, so that they are spelled and explained once."""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from camscan import app
from camscan.cli._words import warn
from camscan.errors import OptionError
from camscan.log import Layout


class _Where(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """The place of a register: a file, or an address.

    A Path would spoil an address, in which two slashes have a meaning.
    """

    name = "path"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:  # noqa: ARG002 - click's signature
        """Return an address as text, and anything else as a Path."""
        return value if "://" in value else Path(value)


class _Words(click.ParamType):  # type: ignore[type-arg]  # as above
    """A text that must not be blank."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text without blanks at its ends."""
        return value.strip() or self.fail("it is empty; write a few words", param, ctx)


WORDS = _Words()


def _plain_word(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().casefold())


class OneOf(click.Choice):  # type: ignore[type-arg]  # as above
    """One of a few words, in upper or lower case, with blanks or hyphens for ``_``. A wrong word gets a suggestion."""

    def __init__(self, choices: Iterable[str]) -> None:
        """``choices`` are in lower case."""
        super().__init__(tuple(map(str, choices)), case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word in the spelling of the choices."""
        known = {_plain_word(choice): choice for choice in self.choices}
        found = known.get(_plain_word(str(value)))
        if found is None and (near := app.choice.nearest_hint(str(value), [*self.choices])):
            self.fail(f"'{value}' is not one of {', '.join(map(repr, self.choices))}{near}", param, ctx)
        return super().convert(value if found is None else found, param, ctx)


def _set_up_log(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Set up the log by the options so far, wherever they are on the command line."""
    if not value or context.resilient_parsing:
        return
    said: dict[str, Any] = context.meta.setdefault(_LOG, {"stack": contextlib.ExitStack()})
    said[parameter.name or ""] = value + said.get("verbose", 0) if parameter.name == "verbose" else value
    said["stack"].close()
    if "verbose" in said or "log_file" in said:
        layout = Layout(said.get("log_format", "text"))
        said["stack"].enter_context(
            app.log.logging_to(
                said.get("log_file") or (lambda: sys.stderr),  # a progress bar replaces it while it is shown
                layout,
                detailed=said.get("verbose", 0) > 1,
                warn=warn,
            )
        )
        context.find_root().call_on_close(said["stack"].close)


_LOG = "camscan.log"
"""Key of the contexts of click under which the options of the log are kept."""


def log_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the log, which may be before the command or after it."""
    for option in (
        click.option(
            "--log-format",
            type=OneOf([layout.value for layout in Layout]),
            expose_value=False,
            callback=_set_up_log,
            help="Format of the log: text or json, one line for each entry; text by default.",
        ),
        click.option(
            "--log-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            expose_value=False,
            callback=_set_up_log,
            help="Append the log to FILE instead of standard error.",
        ),
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_set_up_log,
            help="Log each address's answers and what was decided; -vv also what was asked.",
        ),
    ):
        function = option(function)
    return function


@contextlib.contextmanager
def explain_values() -> Iterator[None]:
    """Let the error about a wrong value say where the options are explained."""
    try:
        yield
    except OptionError as error:
        raise click.UsageError(str(error)) from error


pace = click.option(
    "--pace",
    type=OneOf(["gentle", "normal", "fast"]),
    help="How fast to ask; without it, the pace in camscan.yaml, or gentle.",
)
max_pps = click.option(
    "--max-pps", type=click.FloatRange(min=1), metavar="N", help="Never send more than N packets a second."
)
interface = click.option(
    "--interface",
    metavar="NAME",
    help="Interface for multicast and the ARP sweep; the default is those of the targets' subnets.",
)
ask_groups = click.option(
    "--ask-groups",
    is_flag=True,
    help="Ask multicast groups on the targets' links, IPv6 too, even if only part of a subnet is in scope.",
)
confirm_count = click.option(
    "--confirm-count", type=int, metavar="N", help="Confirm a large scan of exactly N addresses."
)
config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The camscan.yaml to use; by default the environment's CAMSCAN_CONFIG, else the one in this folder, else the "
    "one in your settings folder.",
)
overlay = click.option(
    "--overlay",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Directory of your own fingerprints; can be repeated.",
)
register = click.option(
    "--register",
    type=_Where(),
    metavar="PATH",
    help="The register: a file or postgresql://user@host/database; by default that of camscan.yaml, else camscan.db in "
    "this folder.",
)
role = click.option(
    "--role",
    envvar="CAMSCAN_ROLE",
    metavar="ROLE",
    help="The role in which you act, never your name; the default is the environment's CAMSCAN_ROLE, else `role` in "
    "camscan.yaml.",
)
because = click.option("--because", default="", metavar="TEXT", help="The reason; it goes into the log.")
dry_run = click.option("--dry-run", is_flag=True, help="Only print what would change.")


def acting_options(
    command: str, why: Callable[[Any], Any] = because
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gather the options of an edit in one argument, ``acting``. It is the decorator right above the function.

    ``command`` is the name in the log, such as ``camscan set``. ``why`` is the command's ``--because``.
    """

    def gather_options(function: Callable[..., Any]) -> Callable[..., Any]:
        @why
        @dry_run
        @role
        @register
        @config
        @functools.wraps(function)
        def run_command(
            *arguments: Any,
            because: str,
            dry_run: bool,
            role: str | None,
            register: str | Path | None,
            config: Path | None,
            **others: Any,
        ) -> Any:
            who = app.edit.EntryContext(role, because, dry_run, register, config, command)
            return function(*arguments, acting=who, **others)

        found: Callable[..., Any] = run_command  # click's options have no types
        return found

    return gather_options
