"""What python-zeroconf finds, as JSON: ``[type, instance, addresses, port, host, text]``. Argument: own address."""

from __future__ import annotations

import json
import sys
import time

from zeroconf import IPVersion, ServiceBrowser, ServiceListener, Zeroconf, ZeroconfServiceTypes


class Listener(ServiceListener):
    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()

    def add_service(self, _client: Zeroconf, kind: str, name: str) -> None:
        self.names.add((kind, name))

    def update_service(self, _client: Zeroconf, kind: str, name: str) -> None:
        """Nothing is new in it."""

    def remove_service(self, _client: Zeroconf, kind: str, name: str) -> None:
        self.names.discard((kind, name))


if __name__ == "__main__":
    client = Zeroconf(interfaces=[sys.argv[1]], ip_version=IPVersion.V4Only)
    listener = Listener()
    ServiceBrowser(client, list(ZeroconfServiceTypes.find(zc=client, timeout=3)), listener)
    time.sleep(4)  # long enough for its second question, which lists the answers to the first
    found = []
    for kind, name in sorted(listener.names):
        told = client.get_service_info(kind, name, 2000)
        if told is not None:
            text = {key.decode(): (value or b"").decode() for key, value in told.properties.items()}
            found.append([kind, name, told.parsed_addresses(), told.port, told.server, text])
    client.close()
    sys.stdout.write(json.dumps(found))
