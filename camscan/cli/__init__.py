"""The command line. One file per command group, found by convention; no logic beyond arguments, words and exit codes.

A command file exposes ``COMMAND``. It imports only click at the top and everything else inside the command, so that
``camscan --help`` answers at once.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import click

from camscan import __version__
from camscan.errors import CamscanError

EXIT_PARTIAL = 3
EXIT_INTERRUPTED = 130


class Commands(click.Group):
    """The commands found beside this file; ``show.py`` is ``camscan show``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command file, by name."""
        return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the one command that is wanted."""
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{name}").COMMAND
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="camscan", message="%(prog)s %(version)s")
def cli() -> None:
    """Find every Hikvision and Dahua camera and recorder on your own network, and keep the register of them.

    Start with:  camscan demo   (a simulated estate, nothing leaves this machine)
    Then:        camscan scan 10.1.2.0/24
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what a person can mend is one line on standard error and a documented exit code."""
    try:
        code = cli.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except CamscanError as error:
        click.echo(f"camscan: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("camscan: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`camscan … | head`): nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
