"""The development certificate: private, kept, renewed in time, and trusted for this machine alone."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tally.stack import certificates
from tally.stack.certificates import (
    Certificate,
    authority_file,
    development_certificate,
    own_certificate,
)
from tally.stack.errors import StackError
from tally.stack.folder import DataFolder


def leaf(certificate: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.chain.read_bytes())


def test_it_names_this_machine(tmp_path: Path) -> None:
    names = (
        leaf(development_certificate(DataFolder(tmp_path)))
        .extensions.get_extension_for_class(x509.SubjectAlternativeName)
        .value
    )
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = names.get_values_for_type(x509.IPAddress)
    assert [str(address) for address in addresses] == ["127.0.0.1", "::1"]


def test_nobody_else_can_read_the_keys(tmp_path: Path) -> None:
    development_certificate(DataFolder(tmp_path))
    keys = list((tmp_path / "tls").glob("*key.pem"))
    assert len(keys) == 2
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_its_authority_may_speak_for_no_other_name(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    development_certificate(folder)
    authority = x509.load_pem_x509_certificate(authority_file(folder).read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert limits.value.permitted_subtrees == [x509.DNSName("localhost")]


def test_it_is_kept_while_it_is_good(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert leaf(development_certificate(folder)) == leaf(development_certificate(folder))


def test_it_is_renewed_before_it_ends_by_the_same_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DataFolder(tmp_path)
    monkeypatch.setattr(certificates, "_LEAF_LIFE", timedelta(days=89))
    old = leaf(development_certificate(folder))
    authority = authority_file(folder).read_bytes()
    monkeypatch.undo()
    new = leaf(development_certificate(folder))
    assert new.not_valid_after_utc > old.not_valid_after_utc
    assert authority_file(folder).read_bytes() == authority
    new.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


@pytest.mark.parametrize("damaged", ["authority.pem", "authority-key.pem", "certificate.pem"])
def test_damaged_files_are_made_anew(tmp_path: Path, damaged: str) -> None:
    folder = DataFolder(tmp_path)
    development_certificate(folder)
    (tmp_path / "tls" / damaged).write_bytes(b"scratched")
    renewed = leaf(development_certificate(folder))
    renewed.verify_directly_issued_by(
        x509.load_pem_x509_certificate(authority_file(folder).read_bytes())
    )


def test_a_certificate_of_ones_own_needs_its_own_key(tmp_path: Path) -> None:
    ours, theirs = (development_certificate(DataFolder(tmp_path / name)) for name in "ab")
    assert own_certificate(ours.chain, ours.key) == ours
    with pytest.raises(StackError, match="is not the key of"):
        own_certificate(ours.chain, theirs.key)


def test_what_is_no_certificate_or_key_is_told(tmp_path: Path) -> None:
    good = development_certificate(DataFolder(tmp_path))
    with pytest.raises(StackError, match="holds no certificate"):
        own_certificate(good.key, good.key)
    with pytest.raises(StackError, match="holds no private key"):
        own_certificate(good.chain, good.chain)


def test_a_certificate_that_has_ended_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "_LEAF_LIFE", timedelta(seconds=-1))
    ended = development_certificate(DataFolder(tmp_path))
    with pytest.raises(StackError, match="ended on"):
        own_certificate(ended.chain, ended.key)
