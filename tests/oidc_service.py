"""A real sign-in service for tests: npm's oidc-provider on loopback (tests/oidc/), and a browser that signs in."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

SECRET = "a-secret-of-the-tests-that-is-long-enough"
_SCRIPT = Path(__file__).with_name("oidc") / "provider.mjs"


@contextlib.contextmanager
def service(redirect: str) -> Iterator[str]:
    """Run one for as long as the block lasts; its issuer. Skips where node or oidc-provider is missing."""
    node, place = shutil.which("node"), os.environ.get("CAMSCAN_OIDC", "")
    if not node or not Path(place).is_file():
        pytest.skip("needs node and CAMSCAN_OIDC: npm install oidc-provider, and lib/index.js of it")
    command = [node, str(_SCRIPT), place, redirect]
    environment = {**os.environ, "SECRET": SECRET}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            issuer = process.stdout.readline().strip()
            while issuer.startswith("oidc-provider"):  # what it warns of
                issuer = process.stdout.readline().strip()
            assert issuer.startswith("http://127.0.0.1:"), issuer
            yield issuer
        finally:
            process.terminate()


def sign_in(way: str, name: str) -> str:
    """Follow the way to the service, sign in by that name, and say to which address of ours it sends one back."""
    place = way
    with httpx2.Client(trust_env=False, follow_redirects=False, timeout=60) as client:
        for _ in range(10):
            answer = client.get(place)
            while answer.is_redirect:
                place = urljoin(place, answer.headers["location"])
                if "/sign-in/done" in place:
                    return place
                answer = client.get(place)
            action = re.search(r'action="([^"]+)"', answer.text)
            assert action, answer.text
            form = {"prompt": "login", "login": name, "password": "any"}
            answer = client.post(urljoin(place, action[1]), data=form)
            place = urljoin(place, answer.headers["location"])
    raise AssertionError(place)
