"""How a camera checks a password over HTTP and RTSP: Basic (RFC 7617) and Digest with MD5 (RFC 2617)."""

import base64
import hashlib
import re

REALM, NONCE = "camera", "dcd98b7102dd2f0e8b11d0f600bfb0c0"
CHALLENGES = {
    "Basic": f'Basic realm="{REALM}"',
    "Digest": f'Digest realm="{REALM}", nonce="{NONCE}"',
}


def answers(authorization: str, scheme: str, credentials: str, method: str) -> bool:
    """Whether the header shows `user:password`, in the way that was asked for."""
    given, _, rest = authorization.partition(" ")
    if given != scheme:
        return False
    if scheme == "Basic":
        return rest == base64.b64encode(credentials.encode()).decode()
    fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    username, _, password = credentials.partition(":")
    user = _md5(f"{username}:{REALM}:{password}")
    request = _md5(f"{method}:{fields.get('uri')}")
    expected = _md5(f"{user}:{NONCE}:{request}")
    return (fields.get("username"), fields.get("response")) == (username, expected)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
