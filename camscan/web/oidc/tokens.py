"""Checks what the sign-in service signed: issuer, audience, time and nonce.

joserfc verifies the signatures. Only signatures of a key pair are accepted; never ``none``, or a shared key.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from camscan.config.web import Oidc
from camscan.errors import UsageError
from camscan.store.account import LONGEST, Account

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LEEWAY = 60
"""Seconds by which two clocks may differ."""
_KINDS = frozenset({"RSA", "EC"})


class SignInError(UsageError):
    """Somebody cannot be signed in. The message is one line, for the person who runs camscan."""


class UnknownKeyError(SignInError):
    """The token was signed with a key that is not among the keys that were read last."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who has signed in: the account, and the role that the service names."""

    account: Account
    claimed: str
    """The role that the service names; empty if it names none that camscan.yaml knows."""


def key_set(document: Mapping[str, Any]) -> KeySet:
    """The keys of a service, of the kinds that are used here. Raises SignInError if they cannot be read."""
    listed = document.get("keys")
    listed = listed if isinstance(listed, list) else []
    found = [each for each in listed if isinstance(each, dict) and each.get("kty") in _KINDS]
    try:
        return KeySet.import_key_set({"keys": found})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInError(f"the keys of the sign-in service cannot be read ({type(error).__name__})") from error


def read_token(token: str, keys: KeySet, oidc: Oidc, nonce: str, now: int) -> SignedIn:
    """Read who has signed in (OpenID Connect Core 1.0, section 3.1.3.7). Raises SignInError if a check fails."""
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        rules = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY,
            iss={"essential": True, "value": oidc.issuer},
            aud={"essential": True, "value": oidc.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        rules.validate(claims)
    except InvalidKeyIdError as error:
        raise UnknownKeyError("it is signed with a key that the service does not name") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInError(f"what the service signed is not valid ({_short_reason(error)})") from error
    _check_claims(claims, oidc, nonce)
    return SignedIn(Account(issuer=oidc.issuer, subject=_read_subject(claims, oidc)), _claimed_role(claims, oidc))


def _check_claims(claims: Mapping[str, Any], oidc: Oidc, nonce: str) -> None:
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
        raise SignInError("what the service signed is for another sign-in (nonce)")
    audience, party = claims["aud"], claims.get("azp")
    is_for_many = isinstance(audience, list) and len(audience) > 1
    if (party is not None or is_for_many) and party != oidc.client_id:
        raise SignInError("what the service signed is for another program (azp)")
    if oidc.tenant and claims.get("tid") != oidc.tenant:
        raise SignInError("the account is of another tenant (tid)")


def _read_subject(claims: Mapping[str, Any], oidc: Oidc) -> str:
    """The account's identifier. Entra's ``sub`` differs between programs; its ``oid`` is what an administrator sees."""
    found = claims.get("oid" if oidc.tenant else "sub")
    if not isinstance(found, str) or not found or len(found) > LONGEST or not found.isprintable():
        raise SignInError("the service does not say which account it is")
    return found


def _claimed_role(claims: Mapping[str, Any], oidc: Oidc) -> str:
    given = claims.get(oidc.roles_claim)
    held = {given} if isinstance(given, str) else set(filter(_is_text, given)) if isinstance(given, list) else set()
    return next((rights for name, rights in oidc.roles.items() if name in held), "")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _short_reason(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:100]}"
