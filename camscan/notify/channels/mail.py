"""A mail: plain text first, simple HTML second; over SMTP, or by this machine's own mail system.

RFC 5322, with the marks of an automatic mail (RFC 3834).
"""

from __future__ import annotations

import html
import re
import subprocess
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from camscan.config.recipient import Recipient
from camscan.notify import Channel, Outcome
from camscan.notify._smtp import SECONDS, deliver_mail, server_words
from camscan.notify.message import Message
from camscan.notify.text import NO_ANSWER, closing_lines, list_parts, subject_line, time_of_message
from camscan.output import visible
from camscan.version import __version__

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")


# ── the message ──────────────────────────────────────────────────────────────────────────────────────────────────


def write_mail(message: Message, recipient: Recipient) -> EmailMessage:
    """The mail to one recipient."""
    sender = recipient.options["from"]
    domain = sender.rpartition("@")[2]
    found = EmailMessage(policy=policy.SMTP)
    found["From"] = f"camscan <{sender}>"
    found["To"] = ", ".join(recipient.to)
    found["Subject"] = visible(subject_line(message), 200)
    found["Date"] = format_datetime(message.at)
    found["Message-ID"] = f"<{message.id}@camscan.{domain}>"
    thread = f"<{_thread_key(message)}@camscan.{domain}>"
    found["In-Reply-To"], found["References"] = thread, thread
    found["Auto-Submitted"], found["Precedence"] = "auto-generated", "bulk"
    found["X-Mailer"] = f"camscan {__version__}"
    found.set_content(mail_text(message, recipient.detail))
    found.add_alternative(mail_html(message, recipient.detail), subtype="html")
    return found


def _thread_key(message: Message) -> str:
    """The key by which mail programs group messages: about one device, otherwise of one class."""
    devices = {item.asset_id for item in message.items}
    (device,) = devices if len(devices) == 1 and not message.unnamed_count else ("",)
    return f"{message.about}-{device}" if _PLAIN.fullmatch(device) else message.about


def mail_text(message: Message, detail: str) -> str:
    """The mail in plain text."""
    whose = (
        f"{visible(message.organisation, 80)}, {time_of_message(message)}"
        if message.organisation
        else time_of_message(message)
    )
    lines = [whose, ""]
    for part in list_parts(message, detail):
        lines += [f"{part.heading}:" if part.lines else part.heading, *(f"- {line}" for line in part.lines), ""]
    return "\n".join([*lines, *closing_lines(message, detail), "", NO_ANSWER, ""])


def mail_html(message: Message, detail: str) -> str:
    """The same as HTML that loads nothing and has no style."""
    whose = (
        f"{visible(message.organisation, 80)}, {time_of_message(message)}"
        if message.organisation
        else time_of_message(message)
    )
    body = [f"<p>{html.escape(whose)}</p>"]
    for part in list_parts(message, detail):
        body.append(f"<h2>{html.escape(part.heading)}</h2>")
        if part.lines:
            body.append("<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in part.lines) + "</ul>")
    body += [f"<p>{html.escape(line)}</p>" for line in (*closing_lines(message, detail), NO_ANSWER)]
    title = html.escape(subject_line(message))
    return f'<!DOCTYPE html><html lang="en-GB"><head><title>{title}</title></head><body>{"".join(body)}</body></html>\n'


# ── on its way ───────────────────────────────────────────────────────────────────────────────────────────────────


def send_mail(message: Message, recipient: Recipient) -> Outcome:
    """Give the mail to the server, or to this machine's mail system."""
    mail = write_mail(message, recipient)
    return _send_by_program(mail, recipient) if "sendmail" in recipient.options else deliver_mail(mail, recipient)


def _send_by_program(mail: EmailMessage, recipient: Recipient) -> Outcome:
    program = recipient.options["sendmail"]
    command = [program, "-i", "-f", recipient.options["from"], "--", *recipient.to]
    try:
        done = subprocess.run(command, input=mail.as_bytes(), capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - the program that camscan.yaml names; no shell
    except subprocess.TimeoutExpired:
        return Outcome(is_sent=False, detail=f"{program} did not end within {SECONDS:g} seconds")
    except OSError as error:
        return Outcome(is_sent=False, detail=f"{program} cannot be started: {error.strerror or error}")
    if done.returncode:
        return Outcome(is_sent=False, detail=f"{program} failed ({done.returncode} {server_words(done.stderr)})")
    return Outcome(is_sent=True, detail=f"accepted by {program}")


CHANNEL = Channel(
    name="mail",
    title="mail, over SMTP with STARTTLS or by this machine's own mail system",
    needs=(("to",), ("from",), ("server", "sendmail")),
    send=send_mail,
    takes=("port", "user", "password", "ca_file"),
)
