"""The gateway's certificate: one from files, or one for development that this machine makes itself."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tally.stack.errors import StackError
from tally.stack.folder import DataFolder

_AUTHORITY_LIFE = timedelta(days=3650)
_LEAF_LIFE = timedelta(days=397)
"""Browsers refuse longer ones (CA/Browser Forum Baseline Requirements, 6.3.2)."""
_RENEWAL = timedelta(days=90)
"""Before the end by so much, a start of the stack makes a new one."""

_NAME = "localhost"
_ADDRESSES = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in files.

    Attributes:
        chain: PEM: the certificate, then those of its issuers.
        key: PEM: its private key.
    """

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class _Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def lasts(self, time: timedelta) -> bool:
        return self.certificate.not_valid_after_utc > datetime.now(UTC) + time


def own_certificate(chain: Path, key: Path) -> Certificate:
    """A certificate that somebody brings along, and its private key.

    Raises:
        StackError: They cannot be read, do not belong together, or the certificate has ended.
    """
    mend = "give a certificate chain that starts with the server's own, and its key without a passphrase, as PEM"
    try:
        certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    except ValueError as error:
        raise StackError(f"{chain} holds no certificate", mend=mend) from error
    try:
        private = load_pem_private_key(key.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise StackError(f"{key} holds no private key that can be read", mend=mend) from error
    if private.public_key() != certificate.public_key():
        raise StackError(f"{key} is not the key of {chain}", mend=mend)
    if certificate.not_valid_after_utc <= datetime.now(UTC):
        ended = certificate.not_valid_after_utc.date()
        raise StackError(f"{chain} ended on {ended}", mend="renew it")
    return Certificate(chain.resolve(), key.resolve())


def authority_file(folder: DataFolder) -> Path:
    """The certificate of the folder's own authority, for clients to trust."""
    return folder.folder("tls") / "authority.pem"


def development_certificate(folder: DataFolder) -> Certificate:
    """A certificate for this machine's loopback names, issued by the folder's own authority.

    Both are kept: clients that trust the authority go on doing so when the certificate is renewed. The authority
    can issue for `localhost` alone of all names, so that trusting it puts no other site at risk.
    """
    authority_at = Certificate(authority_file(folder), folder.folder("tls") / "authority-key.pem")
    leaf_at = Certificate(
        folder.folder("tls") / "certificate.pem", folder.folder("tls") / "key.pem"
    )
    authority = _read(authority_at)
    if authority is None or not authority.lasts(_LEAF_LIFE):
        authority = _new_authority()
        _write(authority_at, authority)
    leaf = _read(leaf_at)
    if leaf is None or not leaf.lasts(_RENEWAL) or not _issued_by(authority, leaf):
        _write(leaf_at, _new_leaf(authority), authority.certificate)
    return leaf_at


def _issued_by(authority: _Issued, leaf: _Issued) -> bool:
    try:
        leaf.certificate.verify_directly_issued_by(authority.certificate)
    except Exception:
        return False
    return True


def _new_authority() -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(f"Tally development authority on {os.uname().nodename}"[:64])
    certificate = (
        _unsigned(name, name, key, _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(_NAME)], None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, SHA256())
    )
    return _Issued(certificate, key)


def _new_leaf(authority: _Issued) -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(_NAME), *(x509.IPAddress(address) for address in _ADDRESSES)]
    certificate = (
        _unsigned(_subject(_NAME), authority.certificate.subject, key, _LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, SHA256())
    )
    return _Issued(certificate, key)


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _read(at: Certificate) -> _Issued | None:
    """What the files hold; None where they hold nothing usable."""
    try:
        certificate = x509.load_pem_x509_certificate(at.chain.read_bytes())
        key = load_pem_private_key(at.key.read_bytes(), None)
    except (OSError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    return _Issued(certificate, key) if key.public_key() == certificate.public_key() else None


def _write(at: Certificate, issued: _Issued, *issuers: x509.Certificate) -> None:
    key = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _replace(at.key, key, 0o600)
    _replace(at.chain, _pem([issued.certificate, *issuers]), 0o644)


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write so that nobody ever reads half of it, and never with looser permissions than `mode`."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=mode)
    fresh.write_bytes(content)
    fresh.replace(path)
