"""Who may do what: every page with every role and with nobody, every column, and the rows of other sites."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
import reported
from web_estate import HOSTILE_IP, SECOND_SITE, SITE, Client, Page, desk_of, make

from camscan.app import assess
from camscan.app.devices import device_site
from camscan.asset import Asset
from camscan.asset.columns import BY_NAME, EDITABLE
from camscan.web import rights
from camscan.web.acts import ACTS, acts_for
from camscan.web.desk import Desk
from camscan.web.pages import pages
from camscan.web.rights import ROUTES, WRITES, Role, Visitor

ROLES = [*Role, None]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(tmp_path_factory.mktemp("rights"), 40))) as opened:
            yield opened


@pytest.fixture(scope="module")
def rows(desk: Desk) -> list[Asset]:
    with desk.reading() as book:
        return book.devices()


@pytest.fixture(scope="module")
def clients(desk: Desk) -> dict[Role | None, Client]:
    return {role: Client(desk, role) for role in ROLES}


def of_site(rows: list[Asset], name: str) -> Asset:
    return next(row for row in rows if device_site(row) == name and row.ip_addresses != (HOSTILE_IP,))


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    assert ROUTES.keys() == pages().keys(), "a page without a row in web/rights.py is nobody's: say who may see it"


def test_a_page_exists_only_for_people_who_may_see_or_send_it() -> None:
    for name, page in pages().items():
        assert bool(page.show) == bool(ROUTES[name].look), name
        assert bool(page.take) == bool(ROUTES[name].send), name


def test_every_column_of_people_has_somebody_who_writes_it() -> None:
    assert WRITES.keys() == {column.name for column in EDITABLE}
    assert all(Role.OWNER in roles and None not in roles for roles in WRITES.values())


def test_what_is_hidden_is_a_column() -> None:
    assert {name for hidden in rights._HIDDEN.values() for name in hidden} <= BY_NAME.keys()


def test_only_readers_write_nothing() -> None:
    for role in (Role.AUDITOR, Role.FOI):
        visitor = Visitor(subject="", rights=role)
        assert not [column.name for column in EDITABLE if visitor.writes(column.name)]
        takes_out = {"export", "foi"}  # what they send changes no device
        assert {name for name in ROUTES if visitor.may(name, send=True)} - takes_out == {"sign_in", "sign_out"}


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize("name", sorted(pages()))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_route_by_role(
    clients: dict[Role | None, Client], rows: list[Asset], name: str, role: Role | None, method: str
) -> None:
    """What is allowed is answered; what is not leads to the sign-in, or is refused, whatever was sent."""
    page, client = pages()[name], clients[role]
    number = of_site(rows, SITE).asset_id
    acts = acts_for(Visitor(subject="", rights=role)) if role else {}
    within = {
        "number": number,
        "key": SITE,
        "scan": "scan-1",
        "question": "1",
        "name": "walk",
        "act": next(iter(acts), "visit"),
        "person": "new",
        "collector": "1",
        "step": "start",
    }
    address = re.sub(r"\{(\w+)(:path)?\}", lambda match: within[match[1]], page.path)
    address += {"enter": f"?n={number}", "choose": f"?act={within['act']}&n={number}"}.get(name, "")
    is_sent = method == "POST"
    right = ROUTES[name]
    answer = client.post(address, {"token": "x"}) if is_sent else client.get(address)
    if not (page.take if is_sent else page.show):
        assert answer.status_code == 405
    elif role not in (right.send if is_sent else right.look):
        if role is None and not is_sent:
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        else:
            is_led_home = name == "overview" and role is Role.SITE_MANAGER and not is_sent
            assert answer.status_code == (401 if role is None else 303 if is_led_home else 403)
    elif is_sent:
        assert answer.status_code == 403, "its token is wrong"
        assert ("The form was refused" in answer.text) == (role is not None)
    else:
        assert answer.status_code in {200, 303}
        assert answer.headers.get("location") != "/sign-in"


class TestRows:
    def test_a_site_manager_sees_their_own_site_alone(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        own, other = of_site(rows, SITE), of_site(rows, SECOND_SITE)
        assert client.get(f"/device/{own.asset_id}").status_code == 200
        assert client.get(f"/device/{other.asset_id}").status_code == 404, "and not 403: it is not there for them"
        assert client.get(f"/site/{SECOND_SITE}").status_code == 404
        listed = Page(client.get("/devices?everything=yes").text)
        assert SITE in listed.text
        assert SECOND_SITE not in listed.text
        assert client.get("/sites").headers["location"] == "/site/Town%20Hall"
        numbers = {link.rpartition("/")[2] for link in listed.links if link.startswith("/device/")}
        assert numbers == {row.asset_id for row in rows if device_site(row) == SITE}

    def test_nor_do_they_find_another_site_by_searching(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        other = of_site(rows, SECOND_SITE)
        for text in (other.ip_addresses[0], other.asset_id, other.identification.serial or ""):
            page = client.get(f"/devices?find=yes&everything=yes&q={text}")
            assert page.status_code == 200, "a redirect would tell that it is there"
            assert other.asset_id not in page.text.replace(f'value="{other.asset_id}"', "").replace(
                f": {other.asset_id}", ""
            )

    def test_without_any_site_they_see_nothing(self, desk: Desk) -> None:
        client = Client(desk, Role.SITE_MANAGER, sites=())
        assert "No device matches" in client.get("/devices").text

    def test_nor_by_a_council_tag_that_another_site_has(self, desk: Desk, rows: list[Asset]) -> None:
        own, other = of_site(rows, SITE), of_site(rows, SECOND_SITE)
        tag = other.entries["council_asset_tag"]
        for role, is_named in ((Role.SITE_MANAGER, False), (Role.OFFICER, True)):
            client = Client(desk, role)
            fields = Page(client.get(f"/enter/visit?n={own.asset_id}").text).fields
            form = {name: value for name, value in fields if name} | {"council_asset_tag": tag, "step": "check"}
            entered = client.post("/enter/visit", form)
            assert entered.status_code == 422
            assert "a label belongs to one device" in entered.text
            assert (other.asset_id in entered.text) == is_named
        client, headers = Client(desk, Role.SITE_MANAGER), {"Origin": desk.address}
        sent = {"file": ("sheet.csv", f"asset_id,council_asset_tag\n{own.asset_id},{tag}\n")}
        form = {"token": client.token(), "kind": "sheet", "overwrite": "yes"}
        looked = client.request("POST", "/exchange/import", data=form, files=sent, headers=headers)
        form = {name: value for name, value in Page(looked.text).fields if name} | {"step": "save"}
        saved = client.post("/exchange/import", form)
        assert "a label belongs to one device" in saved.text
        assert other.asset_id not in saved.text


class TestColumns:
    def test_finance_sees_no_address_and_no_serial_number(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.FINANCE)
        row = of_site(rows, SITE)
        texts = [
            client.get(path).text for path in ("/", "/devices", f"/device/{row.asset_id}", "/plan", "/site/Town Hall")
        ]
        secret = {
            text for each in rows for text in (*each.ip_addresses, *each.mac_addresses, each.identification.serial)
        }
        found = [
            text
            for text in secret
            for page in texts
            if text and re.search(rf"(?<![\d.]){re.escape(text)}(?![\d.])", page)
        ]
        assert found == []
        assert not re.search(r"10\.\d+\.\d+\.\d+", "".join(texts))

    def test_nor_can_they_find_out_by_searching_or_sorting(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.FINANCE)
        row = of_site(rows, SITE)
        for text in (row.ip_addresses[0], row.mac_addresses[0], (row.identification.serial or "")[-6:]):
            answer = client.get(f"/devices?find=yes&q={text}")
            assert answer.status_code == 200
            assert "No device matches" in answer.text
        assert (
            client.get("/devices?sort=address").text
            == client.get("/devices?sort=priority").text.replace("sort=priority", "sort=address")
            or "IP address" not in client.get("/devices?sort=address").text
        )

    def test_a_site_manager_sees_no_evidence_and_no_vulnerability(self, desk: Desk, rows: list[Asset]) -> None:
        row = of_site(rows, SITE)
        page = Client(desk, Role.SITE_MANAGER).get(f"/device/{row.asset_id}").text
        full = Client(desk, Role.AUDITOR).get(f"/device/{row.asset_id}").text
        for words in ("Every reply that it gave", "How camscan knows"):
            assert words in full
            assert words not in page
        assert "CVE-" not in page

    @pytest.mark.parametrize("role", [Role.FINANCE, Role.SITE_MANAGER])
    def test_how_weak_a_device_is_does_not_stand_in_its_priority_either(
        self, desk: Desk, rows: list[Asset], role: Role
    ) -> None:
        address = f"/device/{of_site(rows, SITE).asset_id}"
        assert re.search("weakness [0-9.]+", Client(desk, Role.AUDITOR).get(address).text)
        page = Client(desk, role).get(address).text
        assert "Priority" in page
        assert not re.search("weakness [0-9.]+|exposure [0-9.]+", page)

    def test_an_foi_officer_sees_counts_and_no_site(self, desk: Desk) -> None:
        page = Page(Client(desk, Role.FOI).get("/").text)
        assert "Remaining" in page.text
        assert SITE not in page.text
        assert not [link for link in page.links if link.startswith("/device")]


class TestActs:
    def test_every_form_asks_for_columns_that_people_write(self) -> None:
        for name, act in ACTS.items():
            assert {*act.columns, *act.required} - {"remark"} <= WRITES.keys(), name
            assert act.may_do(Visitor(subject="", rights=Role.OWNER)), name

    def test_every_column_that_people_write_is_in_a_form(self) -> None:
        entered_otherwise = {"lifecycle_status", "last_confirmed_by_role", "notes", "site_type", "site_sensitivity"}
        asked = {column for act in ACTS.values() for column in act.columns}
        assert WRITES.keys() - asked == entered_otherwise

    @pytest.mark.parametrize("name", ACTS)
    @pytest.mark.parametrize("role", list(Role))
    def test_a_form_is_refused_to_people_who_may_not_write_its_columns(
        self, clients: dict[Role | None, Client], rows: list[Asset], name: str, role: Role
    ) -> None:
        act, visitor = ACTS[name], Visitor(subject="", rights=role)
        answer = clients[role].get(f"/enter/{name}?n={of_site(rows, SITE).asset_id}")
        assert answer.status_code == (200 if act.may_do(visitor) else 403)
        if answer.status_code == 200:
            fields = {
                found.get("name") for tag in ("input", "select", "textarea") for found in Page(answer.text).all(tag)
            }
            assert {column for column in act.columns if column in fields} == {
                column for column in act.columns if visitor.writes(column)
            }
