"""Errors that a person, or the scheduler, must see. Everything camscan raises on purpose descends from CamscanError.

::

    CamscanError                 one line that says what to do; the command line prints it and exits
     ├─ UsageError               bad arguments or configuration (exit 2)
     │   ├─ OptionError          a value that was given for something cannot be
     │   ├─ TargetError          a target that cannot be read, is reversed, too wide, or a host name
     │   ├─ ConfigError          camscan.yaml or a fingerprint file: carries file and line
     │   ├─ TagTakenError        a council tag that another device has
     │   ├─ NothingToAskError    of what was named, no address is left that can be asked
     │   └─ ScopeError           a target outside what the operator may scan
     ├─ BusyError                another run holds the register (exit 4)
     ├─ RegisterError            the register cannot be opened, is newer, or the disk is full (exit 1)
     ├─ OutputError              a file cannot be written (exit 1)
     └─ ProtocolError            never reaches a person: the scheduler turns it into an Outcome
         ├─ NotSpoken            the reply is not of this protocol
         └─ Malformed            the reply is of this protocol and cannot be read
"""

from __future__ import annotations


class CamscanError(Exception):
    """Base of all errors. ``exit_code`` is the exit code of the command line (``docs/exit-codes.md``)."""

    exit_code = 1


class UsageError(CamscanError):
    """The request cannot be carried out as it was made."""

    exit_code = 2


class OptionError(UsageError):
    """A value that was given for an option is not allowed. The command line names the help that explains it."""


class TargetError(UsageError):
    """A target cannot be read as addresses."""


class ConfigError(UsageError):
    """A configuration or fingerprint file is wrong. The text starts with ``file:line:`` if these are known."""

    def __init__(self, message: str, file: str = "", line: int = 0) -> None:
        """``line`` is 1-based; 0 means that no line is to blame."""
        self.file, self.line, self.message = file, line, message
        super().__init__(f"{file}:{line}: {message}" if line else message)


class TagTakenError(UsageError):
    """Another device has this council tag. ``apart`` is a message without the device, which not everybody may see."""

    def __init__(self, message: str, apart: str) -> None:
        """Both arguments are sentences for a person."""
        self.apart = apart
        super().__init__(message)


class NothingToAskError(UsageError):
    """None of the named addresses can be asked: they are excluded, or too many to be tried one by one."""


class ScopeError(UsageError):
    """A target lies outside the authorised scope."""


class BusyError(CamscanError):
    """Another run holds the lock."""

    exit_code = 4


class StaleError(BusyError):
    """Somebody else has changed a device since it was read; nothing was written."""


class RegisterError(CamscanError):
    """The register cannot be used; it was not changed."""


class OutputError(CamscanError):
    """An output file cannot be written."""


class ProtocolError(CamscanError):
    """A reply did not parse. Turned into an Outcome by the scheduler."""


class NotSpoken(ProtocolError):  # noqa: N818 - an outcome's name, as in zgrab2's status list
    """The bytes are not of this protocol."""


class Malformed(ProtocolError):  # noqa: N818 - as above
    """The bytes are of this protocol and cannot be read."""
