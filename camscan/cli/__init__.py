"""The command line. One file per command group, found by convention; only arguments, words and exit codes are here.

A command file exposes ``COMMAND``, at the top level also ``GROUP``, one of :data:`HEADINGS`. A list of commands reads
what each command does without importing it. Rooms that take long to load are reached through :mod:`camscan.app`, whose
parts are loaded when they are first used, so that ``--help`` answers at once.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib.util
import inspect
import io
import os
import pkgutil
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from camscan import output, system
from camscan.cli import _options
from camscan.cli._words import program_name, warn, with_examples, with_program_name
from camscan.errors import CamscanError
from camscan.version import __version__

_PLAINER = {
    ". (Did you mean": "; did you mean",
    ". Did you mean": "; did you mean",
    "'?)": "'?",
    "valid float range": "number",
    "valid integer range": "whole number",
    "valid integer": "whole number",
    "in the range x>=": "at least ",
}
"""Words of click -> plainer words for council staff."""
_COMMANDS = "Commands"
HEADINGS = {
    "find": "Find: what is on the network",
    "register": "Register: what is known, and what people enter",
    "plan": "Plan: when devices are to be removed",
    "tell": "Tell: reports, exports and alerts",
    "unattended": "Settings and unattended runs",
    "many": "Many sites: scans carried from one register to another",
    "experts": "For experts",
}
"""``GROUP`` of a command file -> its heading, in the order of ``camscan --help``."""
_SENTENCE = 150
"""Maximum characters of a command's first sentence in a list of commands."""
_HELP = re.compile(r'^@click\.(?:command|group)\(.*?^    r?"""(.*?)"""', re.DOTALL | re.MULTILINE)
"""A command's help in its file: the first docstring after its decorator."""
_GROUP = re.compile(r'^GROUP = "(\w+)"$', re.MULTILINE)
EXIT_PARTIAL = 3
EXIT_INTERRUPTED = 130


class _Formatter(click.HelpFormatter):
    """Help whose examples and cross-references can be typed unchanged."""

    def write_text(self, text: str) -> None:
        """Write a paragraph, or a block of examples."""
        super().write_text(with_examples(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of commands or options."""
        super().write_dl([(name, with_program_name(says)) for name, says in rows], col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Formatter


class Group(click.Group):
    """A group whose list of commands shows the whole first sentence of each command."""

    renamed: Mapping[str, str] = {}
    """Old name of a command -> its present name, for the error about it."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; click's own method cuts each sentence to the rest of one line."""
        under: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            under.setdefault(self.heading(name), []).append((name, self.summary(ctx, name)))
        width = max((len(name) for rows in under.values() for name, _ in rows), default=0)
        for heading in sorted(under, key=_place_of_heading):
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), says) for name, says in under[heading]])

    def heading(self, name: str) -> str:  # noqa: ARG002 - one that knows more says more
        """The heading that a command has in a list of commands."""
        return _COMMANDS

    def summary(self, ctx: click.Context, name: str) -> str:
        """The first sentence of a command's help."""
        command = self.get_command(ctx, name)
        return command.get_short_help_str(_SENTENCE) if command else ""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command as click does; the error about a mistyped command suggests similar ones."""
        commands = self.list_commands(ctx)
        if args[0] in self.renamed:
            ctx.fail(f"there is no command {args[0]} here; it is now: {self.renamed[args[0]]}")
        close = [] if args[0] in commands else difflib.get_close_matches(args[0], [*commands, *self.renamed], n=1)
        if close and close[0] in self.renamed:
            ctx.fail(f"there is no command {args[0]}; {close[0]} is now: {self.renamed[close[0]]}")
        if close:
            ctx.fail(f"there is no command {args[0]}; did you mean {close[0]}?")
        if args[0] not in commands and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]}; see {ctx.command_path} --help")
        return super().resolve_command(ctx, args)


class Folder(Group):
    """The commands of a folder: ``show.py`` is ``show``, ``import_.py`` is ``import``, ``not_ours.py`` is ``not-ours``.

    ``package`` is the folder's package; its files and folders whose names start with an underscore are not commands.
    """

    package = __name__

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command file, by name."""
        return sorted(self._files())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import the one command that is needed."""
        file = self._files().get(name)
        if file is None:
            return None
        command: click.Command = importlib.import_module(f"{self.package}.{file}").COMMAND
        command.context_class = _Context
        return command

    def heading(self, name: str) -> str:
        """The heading of the file's ``GROUP``, which is read from the file as its help is."""
        return HEADINGS.get(_read_command(f"{self.package}.{self._files()[name]}").group, _COMMANDS)

    def summary(self, ctx: click.Context, name: str) -> str:  # noqa: ARG002 - as above
        """The first sentence of a command's help, read from its file: a list of commands imports nothing."""
        module = f"{self.package}.{self._files()[name]}"
        return click.Command(name, help=_read_command(module).help).get_short_help_str(_SENTENCE)

    def _files(self) -> Mapping[str, str]:
        """Command -> module. A command whose name is a word of Python has a file with an underscore at its end."""
        return _command_files(self.package)


@functools.cache
def _command_files(package: str) -> Mapping[str, str]:
    """See ``Folder._files``; the folder is read once in a process, however often a name is looked up."""
    names = (module.name for module in pkgutil.iter_modules(sys.modules[package].__path__))
    return {name.rstrip("_").replace("_", "-"): name for name in names if not name.startswith("_")}


class _CommandText(NamedTuple):
    """The help and the group in a command file, for a list of commands."""

    help: str = ""
    group: str = ""


@functools.cache
def _read_command(module: str) -> _CommandText:
    """Read the docstring of the first function that ``click.command`` or ``click.group`` decorates, and ``GROUP``.

    They are searched in the text: parsing every command file as Python took a third of the time of ``--help``.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return _CommandText()
    text = Path(spec.origin).read_text(encoding="utf-8")
    written, group = _HELP.search(text), _GROUP.search(text)
    return _CommandText(inspect.cleandoc(written[1]) if written else "", group[1] if group else "")


def _place_of_heading(heading: str) -> int:
    headings = (*HEADINGS.values(), _COMMANDS)
    return headings.index(heading)


class _Top(Folder):
    context_class = _Context
    renamed = {"confirm": "camscan visited"}  # noqa: RUF012 - never written to

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse arguments as click does; ``help scan`` means ``scan --help``, as in many programs."""
        return super().parse_args(ctx, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the error about one that belongs to a group, such as ``propose``, names the group."""
        inside = [] if args[0] in self._files() else _find_inside_groups(args[0])
        if inside:
            ctx.fail(f"there is no command {args[0]} here; did you mean: {', or '.join(inside)}?")
        return super().resolve_command(ctx, args)


def _find_inside_groups(word: str) -> list[str]:
    """The commands of that name in the folders of commands, as they are typed."""
    module = word.replace("-", "_")
    if not module.isidentifier() or module.startswith("_"):
        return []
    files = (file for ending in ("", "_") for file in Path(__file__).parent.glob(f"*/{module}{ending}.py"))
    return sorted(f"camscan {file.parent.name.rstrip('_').replace('_', '-')} {word}" for file in files)


@click.command(
    cls=_Top,
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@_options.log_options
@click.version_option(__version__, prog_name="camscan", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Find every Hikvision and Dahua camera and recorder on your own network, and keep a register of them.

    \b
    Start with:  camscan demo              (simulated: asks no real device)
    Then:        camscan scan 10.1.2.0/24  (addresses of your own)
    Then:        camscan show 10.1.2.34    (one device, and its evidence)
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    A mistake that a person can correct is one line on standard error, with a documented exit code.
    """
    output.occupy_standard_streams()
    _write_any_character()
    sys.exit(_finish_output(_exit_code(arguments)))


def _exit_code(arguments: Sequence[str] | None) -> int:
    try:
        return _run_command(list(sys.argv[1:] if arguments is None else arguments))
    except CamscanError as error:
        return 0 if system.is_reader_gone(error.__cause__) else _print_error(str(error), error.exit_code)
    except click.ClickException as error:
        return _print_error(_one_line(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _print_error(_INTERRUPTED, EXIT_INTERRUPTED)
    except OSError as error:
        if system.is_reader_gone(error):
            return 0
        # Errors of files are explained where the files are opened; this one is standard output on a full disk.
        return _print_error(f"{error.filename or 'standard output'}: {error.strerror or error}", CamscanError.exit_code)


def _run_command(arguments: list[str]) -> int:
    """Run a command like click's own ``main``, which would take a closed pipe for an error.

    Raises CamscanError if a library is not installed. If a module of camscan itself is missing, that is our fault, and
    its ModuleNotFoundError is passed on.
    """
    try:
        return _run_and_exit_code(arguments)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in {"", "camscan"}:
            raise
        raise CamscanError(
            f"the library {library} is not installed: install camscan again, with the libraries that it needs"
        ) from error


def _run_and_exit_code(arguments: list[str]) -> int:
    try:
        with cli.make_context(program_name(), arguments) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as asked:  # `camscan fingerprints` without a command
        click.echo(asked.format_message())
        return 0
    return code if isinstance(code, int) else 0


def _finish_output(code: int) -> int:
    """Flush everything that was printed, or say why it cannot be written.

    Nothing is left to flush when the program ends.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        _discard_output()
        if system.is_reader_gone(error):
            return code
        return code or _print_error(f"standard output: {error.strerror or error}", CamscanError.exit_code)
    return code


def _discard_output() -> None:
    with contextlib.suppress(OSError, ValueError):  # ValueError: standard output is not a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_INTERRUPTED = "interrupted; nothing is half-written: the register and each file are complete, or as they were before"


def _print_error(message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        warn(message)
    return code


def _one_line(error: click.ClickException) -> str:
    """An error of click about arguments in our form: one line that says what to do."""
    text = " ".join(error.format_message().split()).rstrip(".")
    for theirs, plain in _PLAINER.items():
        text = text.replace(theirs, plain)
    if text[1:2].islower():
        text = text[:1].lower() + text[1:]
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or "; " in text:  # it already says what to do
        return text
    return f"{text}; see {context.command_path} --help"


def _write_any_character() -> None:
    """Let output replace characters that the locale lacks, instead of failing (a cron job has the C locale).

    An error of standard error, because its terminal is closed or its disk is full, does not stop a scan either.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if type(sys.stderr) is io.TextIOWrapper:
        encoding = sys.stderr.encoding
        sys.stderr = output.Messages(
            sys.stderr.detach(), encoding=encoding, errors="replace", line_buffering=True, write_through=True
        )
