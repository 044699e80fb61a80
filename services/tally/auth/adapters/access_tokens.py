"""Access tokens and the key set that verifies them, as JSON Web Tokens and Keys (RFC 7519, 7517)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm

from tally.auth.application.key_ring import KeyRing
from tally.auth.domain.access import Grants
from tally.auth.domain.keys import SigningKey
from tally.auth.domain.model import ACCESS_TOKEN_LIFETIME
from tally.kernel.clock import Clock
from tally.kernel.grpc.tokens import ALGORITHM, AUDIENCE, ISSUER, Jwk
from tally.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class JwtAccessTokens:
    """Signs access tokens with whichever key signs now."""

    key_ring: KeyRing
    clock: Clock

    def issue(self, subject: str, grants: Grants, session_id: str = "") -> str:
        """A token that says who somebody is and what they may do."""
        claims: dict[str, object] = {"permissions": sorted(grants.everywhere)}
        if grants.sites:
            claims["site_permissions"] = {name: sorted(ids) for name, ids in grants.sites.items()}
        if session_id:
            claims["sid"] = session_id
        return self._sign(subject, claims)

    def issue_restricted(self, subject: str, session_id: str) -> str:
        """A token that permits nothing, for whom somebody else chose the password."""
        return self._sign(
            subject, {"permissions": [], "sid": session_id, "password_change_required": True}
        )

    def _sign(self, subject: str, claims: dict[str, object]) -> str:
        now = self.clock()
        key = self.key_ring.signing
        common = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "jti": new_id(),
            "iat": now,
            "exp": now + ACCESS_TOKEN_LIFETIME,
        }
        return jwt.encode(common | claims, key.private_key, ALGORITHM, headers={"kid": key.id})


def key_set(keys: Sequence[SigningKey]) -> list[Jwk]:
    """The public halves."""
    return [public_jwk(key) for key in keys]


def public_jwk(key: SigningKey) -> Jwk:
    """The public half of one key."""
    private = load_pem_private_key(key.private_key, password=None)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise TypeError(f"the signing key {key.id} is not on an elliptic curve")
    point = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    wanted = {name: point[name] for name in ("kty", "crv", "x", "y")}
    return {**wanted, "kid": key.id, "use": "sig", "alg": ALGORITHM}
