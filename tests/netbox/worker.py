"""Inside NetBox's own Python: carries out one order per line of standard input, and answers with one line of JSON.

Every import goes through NetBox's import page, as a signed-in user posts it: forms, views, permissions and transaction
are NetBox's own. Runs with the environment of ``place.py``; camscan is not installed here.
"""

# What is imported here is NetBox's, which neither camscan's environment nor mypy knows.
from __future__ import annotations

import html
import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from dcim import models as dcim  # noqa: E402 - only now
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core import serializers  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from ipam.models import IPAddress  # noqa: E402
from users.models import ObjectPermission, User  # noqa: E402

setup_test_environment(debug=False)  # so that an answer tells the form that it shows

MODELS = (
    *(dcim.Manufacturer, dcim.DeviceRole, dcim.Site, dcim.Location, dcim.DeviceType, dcim.Device, dcim.Interface),
    *(dcim.MACAddress, IPAddress),
)
PARTS = (
    *(dcim.ConsolePortTemplate, dcim.ConsoleServerPortTemplate, dcim.PowerPortTemplate, dcim.PowerOutletTemplate),
    *(dcim.InterfaceTemplate, dcim.FrontPortTemplate, dcim.RearPortTemplate, dcim.ModuleBayTemplate),
    *(dcim.DeviceBayTemplate, dcim.InventoryItemTemplate),
    *(getattr(dcim, name) for name in ("CoolingIntakeTemplate", "CoolingOutflowTemplate") if hasattr(dcim, name)),
)
"""Who imports device types must be allowed to add these too, though none is in the file; the last two since 4.7."""
KEPT_BY_NETBOX = re.compile("^(last_updated|created)$|_count$")
"""Fields that NetBox fills in: times, and how many others refer to an object."""


def user(name: str, actions: list[str], *others: type[Any]) -> Client:
    """A user who may do this with all that is imported, and with others, signed in."""
    person, _ = User.objects.get_or_create(username=name)
    permission, _ = ObjectPermission.objects.get_or_create(name=name, defaults={"actions": actions})
    permission.object_types.set(ContentType.objects.get_for_models(*MODELS, *others).values())
    permission.users.add(person)
    client = Client()
    client.force_login(person)
    return client


USERS = {
    "all": user("all", ["view", "add", "change"], *PARTS),
    "adding": user("adding", ["view", "add"]),
}


def take(page: str, text: str, delimiter: str = ",", name: str = "all") -> list[str]:
    """Post a file to an import page. Returns NetBox's objections; empty if it was imported."""
    form = {"import_method": "direct", "format": "csv", "csv_delimiter": delimiter, "data": text}
    answer = USERS[name].post(page, form)
    if answer.status_code == 302:
        return []
    found = answer.context["form"].errors if answer.context and "form" in answer.context else {}
    errors = [str(each) for values in found.values() for each in values]
    return errors or [f"{answer.status_code} {html.unescape(re.sub('<[^>]+>', ' ', answer.content.decode()))[:500]}"]


def listed() -> str:
    """The list of devices, as "Export, All Data (CSV)" gives it."""
    answer = USERS["all"].get("/dcim/devices/?export")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8-sig")


def state() -> dict[str, list[dict[str, Any]]]:
    """Everything that was imported, from the database."""
    return {
        model.__name__: [
            {
                "id": each["pk"],
                **{name: value for name, value in each["fields"].items() if not KEPT_BY_NETBOX.search(name)},
            }
            for each in json.loads(serializers.serialize("json", model.objects.order_by("pk")))
        ]
        for model in MODELS
    }


def edit(tag: str, fields: dict[str, Any]) -> None:
    """Change an object in NetBox as a person does."""
    device = dcim.Device.objects.get(asset_tag=tag)
    for name, value in fields.items():
        setattr(device, name, value)
    device.full_clean()
    device.save()


def fill(devices: int) -> None:
    """As many devices as are wanted, past forms and the log of changes: sites, types, serials, tags, addresses."""
    maker, _ = dcim.Manufacturer.objects.get_or_create(name="Bench", slug="bench")
    role, _ = dcim.DeviceRole.objects.get_or_create(name="Bench", slug="bench")
    for number in range(40):
        dcim.Site.objects.create(name=f"Bench {number}", slug=f"bench-{number}")
        dcim.DeviceType.objects.create(manufacturer=maker, model=f"Bench {number}", slug=f"bench-{number}")
    sites, types = (
        dcim.Site.objects.filter(slug__startswith="bench-"),
        dcim.DeviceType.objects.filter(manufacturer=maker),
    )
    places, kinds = list(sites), list(types)
    dcim.Device.objects.bulk_create(
        (
            dcim.Device(
                name=f"Bench {number:06}",
                site=places[number % len(places)],
                device_type=kinds[number % len(kinds)],
                role=role,
                serial=f"4C0{number:07}AB",
                asset_tag=f"BENCH-{number}",
                comments="A camera of the benchmark.",
            )
            for number in range(devices)
        ),
        batch_size=1000,
    )
    addresses = [IPAddress(address=f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/32") for n in range(devices)]
    IPAddress.objects.bulk_create(addresses, batch_size=1000)
    rows = list(dcim.Device.objects.filter(role=role).order_by("pk"))
    for device, address in zip(rows, addresses, strict=True):
        device.primary_ip4 = address
    dcim.Device.objects.bulk_update(rows, ["primary_ip4"], batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    overseer, _ = User.objects.get_or_create(username="overseer", is_superuser=True, is_active=True)
    USERS["overseer"] = Client()
    USERS["overseer"].force_login(overseer)


def look(path: str) -> tuple[float, int]:
    """Seconds that a page takes for somebody who may see everything, and its length."""
    begun = time.perf_counter()
    answer = USERS["overseer"].get(path)
    taken = time.perf_counter() - begun
    assert answer.status_code == 200, answer.status_code
    return taken, len(answer.content)


ORDERS: dict[str, Callable[..., Any]] = {
    "take": take,
    "listed": listed,
    "state": state,
    "edit": edit,
    "fill": fill,
    "look": look,
}


def main() -> None:
    """Answer requests until standard input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what NetBox prints is no answer
    for line in sys.stdin:
        order = json.loads(line)
        answers.write(json.dumps(ORDERS[order.pop("do")](**order), default=str) + "\n")
        answers.flush()


main()
