"""Costs, policies and pictures in the browser: their numbers are those of the commands."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import reported
from command_line import Camscan
from web_estate import Client, Page, desk_of, make, register_of

from camscan.app import assess
from camscan.asset import CLOSED
from camscan.briefing.coverage import coverage_by_site
from camscan.headline import is_of_video
from camscan.page.render import pounds_text
from camscan.register import Edit
from camscan.web.desk import Desk
from camscan.web.rights import Role

COSTLESS = "/devices?standing=remaining&costless=yes&everything=yes"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plan")


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(folder, 60))) as opened:
            yield opened


@pytest.fixture(scope="module")
def owner(desk: Desk) -> Client:
    return Client(desk)


def rows_of(html: str, caption: str) -> list[list[str]]:
    """The texts of the cells of a table, row by row, without its heading."""
    (table,) = (
        each for each in re.findall(r"<table.*?</table>", html, re.DOTALL) if re.search(rf">{caption}</caption>", each)
    )
    rows = [re.split(r"<td[^>]*>", row) for row in re.findall(r"<tr><th scope=row>(.*)", table)]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in rows]


class TestCosts:
    def test_the_totals_are_those_of_the_command_to_the_penny(
        self, camscan: Camscan, folder: Path, owner: Client
    ) -> None:
        where = ("--register", register_of(folder), "--config", folder / "camscan.yaml")
        status = json.loads(camscan("plan", "status", "--json", *where)[1])
        html = owner.get("/plan/costs").text
        for name, caption in (
            ("by_year", "Remaining devices, by the financial year of their planned day"),
            ("by_phase", "Remaining devices, by phase"),
            ("spent", "Removed devices, by the financial year of their removal"),
        ):
            lines = [
                [f"{each['devices']:,}", pounds_text(Decimal(each["cost"])), f"{each['without_cost']:,}"]
                for each in status[name]
            ]
            rows = rows_of(html, caption)
            assert [row[1:] for row in rows[:-1]] == lines, name
            whole = sum((Decimal(each["cost"]) for each in status[name]), Decimal(0))
            assert rows[-1][2] == pounds_text(whole)
            assert len(lines) >= (1 if name == "spent" else 4)

    def test_pence_are_not_rounded_away(self, desk: Desk, owner: Client) -> None:
        with desk.space.open(editing=True) as book:
            row = next(each for each in book.devices() if each.entries.get("estimated_cost") == "250.00")
            book.edit_entries([Edit(row.asset_id, "estimated_cost", "250.37")], role="Finance", how="test")
        assert re.search(r"£[\d,]+\.37", owner.get("/plan/costs").text)
        with desk.space.open(editing=True) as book:
            book.edit_entries([Edit(row.asset_id, "estimated_cost", "250.00")], role="Finance", how="test")

    def test_it_leads_to_the_devices_without_a_cost(self, desk: Desk) -> None:
        client = Client(desk, Role.FINANCE)
        html = client.get("/plan/costs").text
        assert COSTLESS in [link.replace("&amp;", "&") for link in Page(html).links]
        (number,) = re.findall(r"(\d+) devices without a cost", html)
        page = Page(client.get(COSTLESS).text)
        assert f"1 to {number} of {number} devices" in page.text
        shown = {link.rpartition("/")[2] for link in page.links if link.startswith("/device/")}
        with desk.reading() as book:
            rows = {row.asset_id: row for row in book.devices()}
        assert len(shown) == int(number)
        assert not [name for name in shown if rows[name].entries.get("estimated_cost")]

    def test_a_budget_code_is_entered_for_all_of_them_at_once(self, desk: Desk) -> None:
        client = Client(desk, Role.FINANCE)
        start = client.get(COSTLESS.replace("/devices?", "/enter?act=costs&all=yes&"))
        form = client.get(start.headers["location"])
        sent: dict[str, object] = dict(Page(form.text).fields)
        sent["device"] = [value for name, value in Page(form.text).fields if name == "device"]
        assert len(sent["device"]) >= 10  # type: ignore[arg-type]  # a list
        check = client.post("/enter/costs", {**sent, "budget_code": "CAP-0417", "step": "check"})
        assert f"{len(sent['device'])} devices will change" in Page(check.text).text  # type: ignore[arg-type]
        again: dict[str, object] = dict(Page(check.text).fields)
        again["device"] = sent["device"]
        assert client.post("/enter/costs", {**again, "step": "save"}).status_code == 303
        with desk.reading() as book:
            coded = [row.asset_id for row in book.devices() if row.entries.get("budget_code") == "CAP-0417"]
        assert sorted(coded) == sorted(each.partition("@")[0] for each in sent["device"])  # type: ignore[attr-defined]

    def test_the_spreadsheet_has_the_same_total(self, camscan: Camscan, folder: Path, desk: Desk) -> None:
        """Its sum is of what remains and of what is gone."""
        where = ("--register", register_of(folder), "--config", folder / "camscan.yaml")
        status = json.loads(camscan("plan", "status", "--json", *where)[1])
        costs = [Decimal(each["cost"]) for name in ("by_year", "spent") for each in status[name]]
        whole = sum(costs, Decimal(0))
        client = Client(desk, Role.FINANCE)
        (link,) = (each for each in Page(client.get("/plan/costs").text).links if each.startswith("/exchange/list"))
        with zipfile.ZipFile(io.BytesIO(client.get(link).content)) as archive:
            text = archive.read("content.xml").decode()
        (sums,) = re.findall(r'<table:table [^>]*table:name="Costs by year".*?</table:table>', text, re.DOTALL)
        assert re.findall(r'office:value="([\d.]+)"', sums)[-1] == f"{whole}"


class TestPolicies:
    def test_its_numbers_are_those_of_judging_every_device(self, desk: Desk, owner: Client) -> None:
        apart = desk.front().front.apart
        with desk.reading() as book:
            rows = [row for row in book.devices() if row.lifecycle not in CLOSED and is_of_video(row)]
        rows = [row for row in rows if row.asset_id not in apart]
        found = assess.judge_assets(rows, desk.space.settings)
        counts: Counter[tuple[str, bool | None]] = Counter(
            (ruling.policy, ruling.matches) for each in found.values() for ruling in each.rulings
        )
        policies = desk.policies.get().policies
        assert len(policies) >= 5
        for each in policies:
            wanted = tuple(counts[each.policy.id, matches] for matches in (True, None, False))
            assert (each.applies, each.unknown, each.does_not) == wanted
            assert sum(ground.devices for ground in each.grounds) == each.applies
        table = rows_of(owner.get("/plan/policies").text, "Devices, by policy")
        assert [[int(cell) for cell in row[2:]] for row in table] == [
            [each.applies, each.unknown, each.does_not] for each in policies
        ]

    def test_it_says_whom_a_policy_binds_and_on_what_ground(self, owner: Client) -> None:
        page = Page(owner.get("/plan/policies").text)
        assert "/plan/policies" in Page(owner.get("/plan").text).links
        assert "Binds United Kingdom central government departments only" in page.text
        assert "The council decided it (Cabinet 2026/14, 12 March 2026): it is made by Dahua" in page.text
        assert "its maker is unknown" in page.text
        assert "No list supplied (planning: debarment)" in page.text
        headings = re.findall(r"<h2[^>]*>(.*?)</h2>", owner.get("/plan/policies").text)
        assert headings[1] == "The council&#39;s own decision", "what decides stands first"

    def test_the_hostile_badge_stays_text(self, owner: Client) -> None:
        html = owner.get("/plan/policies").text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert len(Page(html).all("script")) == 1
        assert "\u202e" not in html

    def test_it_is_counted_once_and_anew_when_something_has_changed(
        self, desk: Desk, owner: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owner.get("/plan/policies")
        first = desk.policies.get()
        owner.get("/plan/policies")
        assert desk.policies.get() is first
        with desk.space.open(editing=True) as book:
            row = next(each for each in book.devices() if each.identification.maker == "dahua")
            book.edit_entries([Edit(row.asset_id, "lifecycle_status", "not_ours")], role="Officer", how="test")
        assert desk.policies.get().devices == first.devices - 1
        monkeypatch.setattr(assess, "today_utc", lambda: reported.TODAY.date().replace(year=2027))
        assert desk.policies.get() is not first

    @pytest.mark.parametrize("role", list(Role))
    def test_who_may_see_the_plan_may_see_them(self, desk: Desk, role: Role) -> None:
        client = Client(desk, role)
        assert client.get("/plan/policies").status_code == client.get("/plan").status_code


class TestPictures:
    @pytest.mark.parametrize(
        ("path", "title"),
        [
            ("/", "Devices remaining, month by month"),
            ("/", "Remaining and removed: all sites"),
            ("/plan", "Devices remaining, month by month"),
            ("/sites", "Remaining and removed: all sites"),
            ("/plan/costs", "Estimated cost: remaining devices, by the financial year of their planned day"),
            ("/coverage", "Addresses asked, all sites"),
            ("/plan/policies", "Devices to which each policy applies"),
            ("/plan/draft?by=2028-03-31", "The draft, month by month"),
        ],
    )
    def test_a_picture_has_a_title_a_description_and_a_table(self, owner: Client, path: str, title: str) -> None:
        html = owner.get(path).text
        (figure,) = (each for each in re.findall(r"<figure.*?</figure>", html, re.DOTALL) if title in each)
        assert "<svg" in figure
        assert re.search(r"<desc[^>]*>[^<]{20,}", figure)
        assert "<table" in figure or f'<caption class="govuk-table__caption" id="months">{title}' in html

    def test_the_picture_of_the_coverage_adds_up(self, desk: Desk, owner: Client) -> None:
        looked = desk.front().front.facts.looked
        rows = rows_of(owner.get("/coverage").text, "Addresses that scans have asked, by site")
        numbers = [[int(cell.replace(",", "")) for cell in row[1:4]] for row in rows]
        assert all(addresses == asked + never for addresses, asked, never in numbers)
        assert numbers[-1][:2] == [
            sum(each.addresses for each in looked.networks),
            sum(each.asked for each in looked.networks),
        ]
        assert rows[0][0] == "Hollybush Road Nursery", "what was asked least stands first"
        assert rows[0][4] == "never"

    def test_without_networks_there_is_no_picture(self, desk: Desk) -> None:
        facts = desk.front().front.facts
        nothing = dataclasses.replace(facts, looked=dataclasses.replace(facts.looked, networks=()))
        assert coverage_by_site(nothing) is None

    def test_a_site_manager_sees_no_picture_of_other_sites(self, desk: Desk) -> None:
        client = Client(desk, Role.SITE_MANAGER, sites=("Town Hall", "Market Square"))
        html = client.get("/sites").text
        assert "<figure" not in html
        assert "Castle Street" not in html
