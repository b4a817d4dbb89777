"""``camscan plan``: the programme of removal; one file per command.

A word that is not a command is a device: ``set``.
"""

from __future__ import annotations

import difflib

import click

from camscan.cli import Folder

_SET = "set"
_CLOSE = 0.75
"""Similarity from which a word of letters counts as a mistyped command; council tags have digits."""


class _Plan(Folder):
    package = __name__

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name; for any other word ``set``, so that `camscan plan DEVICE --on DATE` is enough."""
        return super().get_command(ctx, name) or super().get_command(ctx, _SET)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command as click does, but keep a word that is not a command as an argument.

        A mistyped command is not taken for a device.
        """
        commands = self.list_commands(ctx)
        if args[0] in commands:
            return super().resolve_command(ctx, args)
        close = difflib.get_close_matches(args[0], commands, n=1, cutoff=_CLOSE) if args[0].isalpha() else []
        if close:
            ctx.fail(f"there is no command {args[0]}; did you mean {close[0]}?")
        return _SET, super().get_command(ctx, _SET), args


@click.group("plan", cls=_Plan)
def plan() -> None:
    """Plan the removal: draft the programme, enter dates, see the progress.

    \b
    camscan plan propose --by 2029-03-31        (a draft; --apply writes it)
    camscan plan CCTV-0017 --on 2027-03-31      (one device)
    camscan plan status                         (the progress so far)
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


GROUP = "plan"
COMMAND = plan
