"""``camscan plan policies``: the policies in use, and which of them decide."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import print_text


@click.command("policies")
@_options.config
def policies(config: Path | None) -> None:
    """List the policies in use, what each says and whom it binds, and the priority formula.

    The policies are files of the fingerprint database; camscan.yaml says which are in use (docs/policies.md).
    """
    settings = app.workspace.find_workspace(config).settings
    rules = app.assess.load_rules(settings)
    if not rules.is_decided:
        print_text(
            "No decision of the council is recorded, so nothing is in scope yet: write the decision into camscan.yaml "
            "(planning: local_decision)"
            "\n"
        )
    decides = "decides the scope" if rules.is_decided else "would match; decides nothing"
    for policy in rules.policies:
        scope = decides if policy.id in rules.scope else "shown, and does not decide the scope"
        until = f" until {policy.until}" if policy.until else ""
        click.echo(click.style(policy.id, bold=True) + f"  ({scope})")
        print_text(f"  {policy.title}; {policy.status}, since {policy.since}{until}")
        print_text(f"  Binds {policy.binding_on}.")
        print_text(f"  Source ({policy.basis}): {policy.citation}")
        if policy.note:
            print_text(f"  {policy.note}")
    if rules.left_out:
        click.echo("\nNot in use:")
        for line in rules.left_out:
            print_text(f"  {line}")
    click.echo("\nRemoval priority:")
    for line in app.plan.describe_formula(settings.planning.formula):
        print_text(f"  {line}")


COMMAND = policies
