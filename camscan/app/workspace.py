"""The workspace of a person: a camscan.yaml, and the register that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from camscan.config import Config, find_config
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.output import mask_password
from camscan.register import open_register, restore_register
from camscan.register.address import address_of

if TYPE_CHECKING:
    from camscan.register import Register
    from camscan.register.one_device import DeviceReader

T = TypeVar("T")

REGISTER = "camscan.db"
"""The place of the register unless another one is named."""
_LONGEST_ROLE = 100
_BESIDE = (".lock", "-wal", "-shm", "-journal")
"""Ends of the names of files that belong to a register (sqlite.org/tempfiles.html); the lock is ours."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The settings in force, and the place of the register."""

    settings: Config
    where: str | Path
    """A file, or the address of a server's database."""

    @property
    def name(self) -> str:
        """The place of the register without a password, for messages."""
        return mask_password(str(self.where))

    @property
    def has_register(self) -> bool:
        """Whether there is a register, or may be: a server must be asked first."""
        return address_of(self.where) is not None or Path(self.where).exists()

    @property
    def has_store(self) -> bool:
        """Whether there is a store beside the register, or may be."""
        from camscan.store.place import store_path  # noqa: PLC0415 - few commands need it

        return address_of(self.where) is not None or store_path(Path(self.where)).exists()

    def open(self, *, readonly: bool = False, editing: bool = False, create: bool = True) -> Register:
        """Open the register, like :func:`camscan.register.open_register`."""
        book = open_register(self.where, readonly=readonly, editing=editing, create=create)
        if not readonly:
            from camscan.app.listing_lines import make_lister  # noqa: PLC0415 - who only reads need not wait for what judges

            book.list_by(make_lister(self.settings))
        return book

    def look(self, read: Callable[[Register | DeviceReader], T]) -> T:
        """The result of ``read``, which asks about a few devices: from a file without loading the database libraries.

        Errors are those of opening the register for reading.
        """
        from camscan.register.one_device import look_at_devices  # noqa: PLC0415 - few commands need it

        found = look_at_devices(self.where, read)
        if found is not None:
            return found
        with self.open(readonly=True) as book:
            return read(book)

    def refuse_own(self, *paths: str | Path) -> None:
        """Raise UsageError if a file that is to be written is one that camscan needs, such as the register."""
        for path in paths:
            for own, what in self._own_files().items():
                if str(path) != "-" and own.exists() and Path(path).exists() and own.samefile(path):
                    raise UsageError(f"{path}: is {what}; name another file")

    def _own_files(self) -> dict[Path, str]:
        """The files that nobody can write again -> what they are."""
        from camscan.store.place import store_path  # noqa: PLC0415 - only who writes a file needs it

        settings = self.settings
        found = {settings.path: "your settings, camscan.yaml", settings.sites_file: "the table of your sites"}
        secrets = [secret for recipient in settings.notify for secret in recipient.secrets.values()]
        secrets += [credential.secret for credential in settings.credentials]
        secrets += [settings.web.oidc.secret] if settings.web.oidc else []
        found |= {secret.file: f"the file of a {secret.what}" for secret in secrets}
        if address_of(self.where) is None:
            register = Path(self.where)
            found |= {register: "the register itself", store_path(register): "the record of alerts and released packs"}
            found |= {register.with_name(register.name + end): "a part of the register" for end in _BESIDE}
        return {path: what for path, what in found.items() if path is not None}

    def restore(self, backup: Path) -> Register:
        """Fill the register from a backup, and open it.

        Errors are those of :func:`camscan.register.restore_register`.
        """
        return restore_register(self.where, backup)

    def role(self, given: str | None = None) -> str:
        """The role in which a person acts: the one given, or that of the configuration.

        Raises UsageError without one.
        """
        role = (given or self.settings.role).strip()
        if not role:
            raise UsageError(
                "which role do you act in? Add --role 'CCTV manager', or set CAMSCAN_ROLE, or role: in camscan.yaml"
            )
        if "@" in role or len(role) > _LONGEST_ROLE or not role.isprintable():
            raise UsageError(f"'{role[:40]}' is not a role; the log holds roles, such as 'CCTV manager', not persons")
        return role


def workspace_of(settings: Config, register: str | Path | None = None) -> Workspace:
    """A workspace with these settings and the named register, or that of the settings, or camscan.db."""
    return Workspace(settings, register or settings.register or REGISTER)


def find_workspace(config: Path | None = None, register: str | Path | None = None) -> Workspace:
    """The camscan.yaml named, or the one in force, and its register unless another is named.

    Raises ConfigError if camscan.yaml cannot be used.
    """
    return workspace_of(find_config(config), register)
