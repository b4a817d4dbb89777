"""Signing in by OpenID Connect: the code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

``journey`` holds what a browser takes along, ``provider`` talks to the council's service, ``tokens`` checks what the
service signed (docs/adr/0029-openid-connect.md).
"""
