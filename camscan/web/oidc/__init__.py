"""Signing in by OpenID Connect: the code flow with PKCE (OpenID Connect Core 1.0, RFC 7636), by the council's service.

``journey`` says what a browser takes along, ``provider`` speaks with the service, ``tokens`` reads what that has
signed (docs/adr/0029-openid-connect.md).
"""
