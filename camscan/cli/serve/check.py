"""``camscan serve check``: check that the pages can be reached, and that people can sign in."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _later, _options
from camscan.cli._words import warn
from camscan.errors import CamscanError, UsageError
from camscan.output import visible
from camscan.words import how_to_add


@click.command("check")
@_options.register
@_options.config
def check(register: str | Path | None, config: Path | None) -> int:
    """Check what web: in camscan.yaml says: the address and its certificate, the sign-in service, roles, the clock.

    It asks the sign-in service and the address of the pages, as browsers do, and nobody else.

    \b
    Exit code  0  nothing is wrong
               1  something is
               2  camscan.yaml has no web:, or is wrong
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    try:
        found = list(_later.web_check.check_sign_in(space))
    except ImportError as error:
        raise UsageError(f"the pages need {error.name}: {how_to_add('web')}") from error
    for finding in found:
        if finding.is_wrong:
            warn(visible(finding.says, 2000))
        else:
            click.echo(visible(finding.says, 2000))
    return CamscanError.exit_code if any(finding.is_wrong for finding in found) else 0


COMMAND = check
