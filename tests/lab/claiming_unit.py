"""A unit for the laboratory that claims what it is told to: ``claiming_unit.py SECONDS SERIAL MAC MODEL …``.

It answers SADP with each claim, echoing the question's Uuid, and HTTP with an empty page, on every address that it has.
"""

from __future__ import annotations

import re
import socket
import sys
import threading
import time

ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Uuid>{uuid}</Uuid><Types>inquiry</Types>'
    "<DeviceDescription>{model}</DeviceDescription><DeviceSN>{serial}</DeviceSN><MAC>{mac}</MAC>"
    "<SoftwareVersion>V5.5.0build 170725</SoftwareVersion><Activated>true</Activated></ProbeMatch>"
)
PAGE = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def sadp(claims: list[list[str]]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 37020))
        while True:
            question, asker = sock.recvfrom(65535)
            uuid = re.search(rb"<Uuid>([^<]*)", question)
            for serial, mac, model in claims:
                text = ANSWER.format(uuid=uuid[1].decode() if uuid else "", serial=serial, mac=mac, model=model)
                sock.sendto(text.encode(), asker)


def http() -> None:
    with socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(2)
                try:
                    connection.recv(65535)
                    connection.sendall(PAGE)
                except OSError:
                    continue


def main() -> None:
    seconds, *told = sys.argv[1:]
    claims = [told[start : start + 3] for start in range(0, len(told), 3)]
    threading.Thread(target=sadp, args=(claims,), daemon=True).start()
    threading.Thread(target=http, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(float(seconds))


if __name__ == "__main__":
    main()
