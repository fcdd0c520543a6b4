"""`dvc-cli trust`: roots pinned by their fingerprint, and what `verify` makes of them."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives import serialization

from dvc_cli.config.paths import default_paths
from dvc_cli.config.trust import TrustChanged, TrustStore
from dvc_cli.services.trust import NotARoot, import_roots, list_roots, remove_root
from dvc_cli.testing.talk import PreparedTalk
from tests.sign import pki
from tests.sign.test_commands import dvc

__all__ = ["dvc"]

FINGERPRINT = hashlib.sha256(pki.root().der).hexdigest()


@pytest.fixture
def home(tmp_path):
    return {"DVC_HOME": str(tmp_path / "home")}


@pytest.fixture
def store(home):
    return TrustStore(default_paths(home))


@pytest.fixture
def bundle(tmp_path, root_pem):
    """A file with two issuers and a person's certificate, as issuers' web sites give out."""
    path = tmp_path / "bundle.pem"
    others = [pki.authority().certificate, pki.person().certificate]
    path.write_bytes(root_pem.read_bytes() + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in others))
    return path


def test_an_imported_root_makes_verify_trust_until_it_is_removed(dvc, home, sign, write_pdf, root_pem):
    signed = sign(write_pdf("a.pdf"))
    assert dvc("verify", signed, environ=home)[0] == 15
    grouped = ":".join(FINGERPRINT.upper()[place : place + 2] for place in range(0, 64, 2))
    status, out, err = dvc("trust", "import", root_pem, "--fingerprint", grouped, environ=home)
    assert (status, "Imported" in out) == (0, True), err
    assert dvc("verify", signed, environ=home)[0] == 0
    status, out, _err = dvc("trust", "list", "--json", environ=home)
    report = json.loads(out)
    assert (status, report["schema"]) == (0, "dvc.trust.roots/1")
    assert [(root["fingerprint"], root["origin"], root["profile"]) for root in report["roots"]] == [
        (FINGERPRINT, "imported", "")
    ]
    status, out, _err = dvc("trust", "remove", FINGERPRINT[:8], "--lang", "vi", environ=home)
    assert (status, "không còn" in out) == (0, True)
    assert dvc("verify", signed, environ=home)[0] == 15
    assert dvc("trust", "remove", FINGERPRINT[:8], environ=home)[0] == 10


def test_without_a_person_the_fingerprint_is_needed(dvc, home, root_pem, store):
    status, _out, err = dvc("trust", "import", root_pem, "--no-input", environ=home)
    assert (status, "--fingerprint" in err) == (2, True)
    status, _out, err = dvc("trust", "import", root_pem, "--fingerprint", "0" * 64, environ=home)
    assert (status, FINGERPRINT[:2].upper() + ":" in err) == (10, True)
    assert dvc("trust", "import", root_pem, "--fingerprint", "12 34", environ=home)[0] == 2
    assert store.roots(None) == []


def test_each_certificate_is_shown_with_its_fingerprint_and_asked_for(bundle, store):
    talk = PreparedTalk([True, False])
    report = import_roots(bundle, store, profile=None, fingerprint="", prompter=talk)
    assert [root.fingerprint for root in report.roots] == [FINGERPRINT]
    assert len(talk.asked) == 2
    assert FINGERPRINT[:2].upper() + ":" in talk.asked[0]
    assert [root.fingerprint for root in store.roots(None)] == [FINGERPRINT]
    declined = import_roots(bundle, store, profile=None, fingerprint="", prompter=PreparedTalk([False, False]))
    assert (declined.done, declined.roots) == ("declined", ())


def test_a_root_for_one_profile_counts_for_no_other(root_pem, store):
    import_roots(root_pem, store, profile="ha-noi", fingerprint=FINGERPRINT, prompter=PreparedTalk())
    assert [root.profile for root in store.roots("ha-noi")] == ["ha-noi"]
    assert store.roots("khac") == store.roots(None) == []
    assert list_roots(store, "ha-noi", [root_pem]).roots[1].origin == "profile-file"
    assert remove_root(FINGERPRINT, store, "ha-noi").done == "removed"


def test_a_file_that_was_exchanged_is_refused(dvc, home, root_pem, store, sign, write_pdf):
    report = import_roots(root_pem, store, profile=None, fingerprint=FINGERPRINT, prompter=PreparedTalk())
    (store.roots(None)[0].path).write_bytes(pki.authority().der)
    with pytest.raises(TrustChanged):
        store.roots(None)
    status, _out, err = dvc("verify", sign(write_pdf("a.pdf")), environ=home)
    assert (status, report.roots[0].fingerprint in err) == (13, True)


@pytest.mark.parametrize("content", [b"", b"not a certificate", pki.person().der], ids=["empty", "text", "person"])
def test_what_is_no_root_is_refused(content, store, tmp_path):
    path = tmp_path / "x.pem"
    path.write_bytes(content)
    with pytest.raises(NotARoot):
        import_roots(path, store, profile=None, fingerprint="", prompter=PreparedTalk([True]))
    with pytest.raises(NotARoot):
        import_roots(tmp_path / "none.pem", store, profile=None, fingerprint="", prompter=PreparedTalk())
