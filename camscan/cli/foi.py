"""``camscan foi``: answers for a freedom of information request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, _options
from camscan.cli._words import print_text
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.foi import WrittenPack
    from camscan.foi.pack import Pack

_FEW = 10
"""Maximum warnings that are printed; the file has all of them."""


@click.command("foi")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--on",
    metavar="DATE",
    help="The day that dates are compared with; today by default. Entries are always the present ones.",
)
@click.option("--accept-suppression", is_flag=True, help="Withhold or merge the small numbers as proposed.")
@click.option("--released-by", "role", metavar="ROLE", help="Release the pack, in this role (never a name).")
@click.option("--reference", metavar="FOI-123", help="The reference of the request, such as FOI-123.")
@click.option(
    "--accept-differences",
    is_flag=True,
    help="Release even if small numbers can be worked out from this pack and earlier ones.",
)
@click.option("--force", is_flag=True, help="Replace an existing pack in DIR.")
@_options.register
@_options.config
def foi(  # noqa: PLR0917 - one per option
    folder: Path,
    on: str | None,
    accept_suppression: bool,
    role: str | None,
    reference: str | None,
    accept_differences: bool,
    force: bool,
    register: Path | None,
    config: Path | None,
) -> int:
    """Write the answers to a freedom of information request into DIR: numbers, without the names of places.

    \b
    camscan foi foi-123       (a draft; and then, to release it:)
    camscan foi foi-123 --force --released-by "FOI officer" --reference FOI-123

    DIR holds answers.html, answers.ods, answers.csv and README.txt. DIR/not-for-release holds what must not be sent:
    the small numbers with draft words for withholding them, and the comparison with earlier packs.

    \b
    Exit code  0  written
               3  a draft was written; something must be decided before release
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    asked = app.foi.PackRequest(on, accept_suppression, accept_differences, role, reference, force)
    with _options.explain_values():
        made = app.foi.make_pack(app.workspace.find_workspace(config, register), folder, asked)
    _print_pack(made, folder)
    return EXIT_PARTIAL if made.pack.release is None and (made.pack.warnings or made.pack.proposals) else 0


def _print_pack(made: WrittenPack, folder: Path) -> None:
    pack = made.pack
    print_text(f"{folder}: {visible(pack.marking)}")
    print_text(pack.estate.numbers.headline)
    if pack.withheld_count:
        print_text(f"{count_text(pack.withheld_count, 'number')} withheld: draft words are in {folder}/not-for-release")
    if pack.proposals and pack.release is None:
        print_text(
            f"{count_text(pack.proposals, 'table')} with small numbers (below {pack.terms.threshold}): read "
            f"{folder / 'not-for-release' / 'suppression.csv'}; --accept-suppression withholds or merges them"
        )
    _print_comparison(pack, folder)
    if pack.release is None:
        print_text(
            "Nothing is released yet. Your information governance team decides. To release the pack, add "
            "--released-by ROLE and --reference FOI-123."
        )


def _print_comparison(pack: Pack, folder: Path) -> None:
    if not pack.earlier:
        return
    packs = count_text(len(pack.earlier), "released pack")
    if not pack.warnings:
        print_text(f"Compared with {packs}: nothing more can be worked out.")
        return
    print_text(f"Compared with {packs}, more can be worked out than from either alone:")
    for warned in pack.warnings[:_FEW]:
        print_text(f"- {visible(warned.text)}", hang=2)
    if len(pack.warnings) > _FEW:
        print_text(f"- and {len(pack.warnings) - _FEW} more: {folder / 'not-for-release' / 'comparison.txt'}")


GROUP = "tell"
COMMAND = foi
