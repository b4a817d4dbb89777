"""Sends a mail to a server: TLS with a checked certificate first, within a deadline, with bounded answers.

Python's smtplib talks to the server. It bounds the length of a line, but neither the number of lines nor the time; so
the answers are read here.
"""

from __future__ import annotations

import platform
import re
import smtplib
import time
from email.message import EmailMessage
from typing import Any

from camscan.config.recipient import Recipient
from camscan.net.tls import trusting_context
from camscan.notify import Outcome
from camscan.output import visible

SECONDS = 30.0
"""For the whole conversation."""
LIMIT = 65_536
"""Bytes of the server's answers."""
_PORT, _TLS_PORT = "587", "465"
"""Submission (RFC 6409), and submission with TLS from the first byte (RFC 8314)."""
_LONGEST = 120
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


def deliver_mail(mail: EmailMessage, recipient: Recipient) -> Outcome:
    """Give a mail to the recipient's server. Raises ConfigError if the password cannot be read."""
    password, ca_file = recipient.text("password"), recipient.options.get("ca_file", "")
    try:
        context = trusting_context(ca_file)
    except (OSError, ValueError) as error:
        return Outcome(is_sent=False, detail=f"{ca_file}: no certificates can be read from it ({error})")
    try:
        return _send_by_smtp(mail, recipient, password, context)
    except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
        return Outcome(is_sent=False, detail=_why_not_sent(error, recipient))


def server_words(said: bytes | str) -> str:
    """The beginning of what a server or program answered, as one harmless line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return visible(" ".join(text.split()), _LONGEST)


def _send_by_smtp(mail: EmailMessage, recipient: Recipient, password: str, context: Any) -> Outcome:
    server, port = recipient.options["server"], recipient.options.get("port", _PORT)
    kind = _SecureSession if port == _TLS_PORT else _Session
    with kind(server, int(port), context) as session:
        if port != _TLS_PORT:
            session.starttls(context=context)
        if "user" in recipient.options:
            session.login(recipient.options["user"], password)
        refused = session.send_message(mail, recipient.options["from"], recipient.to)
    if refused:
        return Outcome(is_sent=True, detail=f"accepted by {server}, but not for {', '.join(sorted(refused))}")
    return Outcome(is_sent=True, detail=f"accepted by {server}")


def _why_not_sent(error: Exception, recipient: Recipient) -> str:
    """Why nothing was sent, in a few words."""
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, OSError):
        error = error.__context__  # what smtplib found when it read the answer
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        said = "its certificate is not trusted, so nothing was sent; ca_file names the authority of your own network"
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        said = f"it does not offer what is needed, so nothing was sent ({server_words(said)})"
    elif isinstance(error, smtplib.SMTPAuthenticationError):
        said = f"it refused the login ({error.smtp_code})"
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        said = f"it does not accept mail for {', '.join(recipient.to)} ({', '.join(codes)})"
    elif isinstance(error, smtplib.SMTPResponseException):
        said = f"it refused the mail ({error.smtp_code} {server_words(error.smtp_error)})"
    elif isinstance(error, smtplib.SMTPException):
        said = f"it ended the conversation ({server_words(said)})"
    elif isinstance(error, TimeoutError):
        said = f"no answer within {SECONDS:g} seconds"
    else:
        said = server_words(getattr(error, "strerror", None) or said)
    return f"{recipient.options['server']}: {said}"


class _Answers:
    """A server's answers, line by line, up to a number of bytes and a deadline."""

    def __init__(self, connection: Any, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline
        self._buffer, self._left = b"", LIMIT

    def readline(self, limit: int) -> bytes:
        """The next line, cut to ``limit`` bytes.

        Raises TimeoutError after the deadline, OSError after too many bytes.
        """
        while b"\n" not in self._buffer[:limit] and len(self._buffer) < limit:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            self._connection.settimeout(seconds)
            more = self._connection.recv(4096)
            self._left -= len(more)
            if self._left < 0:
                raise OSError(0, f"the server sent more than {LIMIT:,} bytes")
            if not more:
                break
            self._buffer += more
        end = self._buffer.find(b"\n", 0, limit) + 1 or limit
        found, self._buffer = self._buffer[:end], self._buffer[end:]
        return found

    def close(self) -> None:
        """Nothing to close: the connection belongs to the caller."""


class _Session(smtplib.SMTP):
    """One conversation with a deadline and bounded answers."""

    def __init__(self, host: str, port: int, context: Any) -> None:
        del context
        self._until = time.monotonic() + SECONDS
        super().__init__(host, port, local_hostname=_own_name(), timeout=SECONDS)

    def getreply(self) -> tuple[int, bytes]:
        """As smtplib's method, reading from :class:`_Answers`."""
        if self.file is None and self.sock is not None:
            self.file = _Answers(self.sock, self._until)
        return super().getreply()


class _SecureSession(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def __init__(self, host: str, port: int, context: Any) -> None:
        self._until = time.monotonic() + SECONDS
        super().__init__(host, port, local_hostname=_own_name(), timeout=SECONDS, context=context)

    def getreply(self) -> tuple[int, bytes]:
        """As above."""
        if self.file is None and self.sock is not None:
            self.file = _Answers(self.sock, self._until)
        return super().getreply()


def _own_name() -> str:
    """The name by which this machine greets a server. smtplib would ask the name servers, which may take long."""
    name = platform.node()
    return name if _HOST.fullmatch(name) else "[127.0.0.1]"
