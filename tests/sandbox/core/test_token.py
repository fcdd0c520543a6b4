"""A SoftHSM2 token made by the sandbox, judged by OpenSC's pkcs11-tool and OpenSSL."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dvc_sandbox.control import Running, SandboxError
from dvc_sandbox.pki import Pki
from dvc_sandbox.pki.issue import ensure
from dvc_sandbox.token import TokenMade, find_softhsm, make_token

pytestmark = pytest.mark.skipif(
    find_softhsm() is None or shutil.which("pkcs11-tool") is None, reason="needs SoftHSM2 and OpenSC"
)


@pytest.fixture
def state(sandbox: Running, tmp_path: Path) -> Path:
    """A folder with the shared sandbox's keys and no token yet."""
    shutil.copytree(sandbox.state / "pki", tmp_path / "pki")
    return tmp_path


Tool = Callable[..., str]


@pytest.fixture
def tool() -> Tool:
    def run(token: TokenMade, *arguments: str) -> str:
        command = ["pkcs11-tool", "--module", str(token.module), "--token-label", token.label, "--login"]
        environment = {**os.environ, **token.environment}
        done = subprocess.run(
            [*command, "--pin", "1234", *arguments], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize(("name", "mechanism"), [("citizen", "SHA256-RSA-PKCS"), ("citizen-ec", "ECDSA")])
def test_the_token_signs_for_the_certificate(state: Path, tool: Tool, name: str, mechanism: str) -> None:
    token = make_token(state, name)
    assert token.created
    listed = tool(token, "-O")
    assert listed.count(token.certificate_id) == 3  # private key, public key, certificate
    assert token.certificate_label in listed
    assert "issuing CA (SANDBOX)" in listed
    content, signature, public = state / "content", state / "signature", state / "public.pem"
    digest = hashlib.sha256(b"dossier").digest()
    content.write_bytes(digest if mechanism == "ECDSA" else b"dossier")
    extra = ["--signature-format", "openssl"] if mechanism == "ECDSA" else []
    files = ["--input-file", str(content), "--output-file", str(signature)]
    tool(token, "--sign", "--id", token.certificate_id, "--mechanism", mechanism, *extra, *files)
    content.write_bytes(b"dossier")
    certificate = Pki(state / "pki").credential(name).certificate
    public.write_text(_openssl("x509", "-in", str(certificate), "-pubkey", "-noout"), "ascii")
    verdict = _openssl("dgst", "-sha256", "-verify", str(public), "-signature", str(signature), str(content))
    assert "Verified OK" in verdict


def _openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout


def test_doing_it_again_changes_nothing(state: Path, tool: Tool) -> None:
    first = make_token(state)
    before = tool(first, "-O")
    again = make_token(state)
    assert (again.serial, again.certificate_id, again.created) == (first.serial, first.certificate_id, False)
    assert sorted(tool(again, "-O").splitlines()) == sorted(before.splitlines())


def test_several_credentials_share_a_token(state: Path, tool: Tool) -> None:
    tokens = [make_token(state, name) for name in ("citizen", "citizen-3072", "organisation")]
    listed = tool(tokens[-1], "-O", "--type", "cert")
    assert all(token.certificate_id in listed for token in tokens)


def test_a_certificate_issued_anew_takes_the_place_of_the_old(state: Path, tool: Tool) -> None:
    token = make_token(state)
    # The key stays, the certificate is another one.
    assert ensure(state / "pki", "http://127.0.0.1:1", datetime.now(UTC)) is True
    again = make_token(state)
    assert again.certificate_id == token.certificate_id
    assert tool(again, "-O", "--type", "cert").count(token.certificate_id) == 1


def test_another_pin_is_refused(state: Path) -> None:
    make_token(state)
    with pytest.raises(SandboxError) as refused:
        make_token(state, pin="9999")
    assert refused.value.slug == "token-pin"


def test_the_folder_is_the_owners_alone(state: Path) -> None:
    token = make_token(state)
    assert token.conf.is_relative_to(state / "token")
    if os.name == "posix":
        assert (state / "token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"module": Path("/nowhere/module.so")}, "softhsm-missing"),
        ({"name": "nobody"}, "credential-unknown"),
        ({"label": "x" * 33}, "token-label"),
        ({"pin": "1"}, "token-pin"),
    ],
)
def test_what_cannot_work_is_said(state: Path, changes: dict[str, object], slug: str) -> None:
    with pytest.raises(SandboxError) as refused:
        make_token(state, **changes)  # type: ignore[arg-type]
    assert refused.value.slug == slug


def test_a_module_that_is_not_softhsm_is_never_initialised(state: Path) -> None:
    other = next(Path("/usr/lib").glob("*/opensc-pkcs11.so"), None)
    if other is None:
        pytest.skip("needs OpenSC's module")
    with pytest.raises(SandboxError) as refused:
        make_token(state, module=other)
    assert refused.value.slug == "token-failed"
    assert "not SoftHSM" in refused.value.message
