"""PDF files, signers and verifiers that the tests of signing share."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import Placement, SignatureProfile
from dvc_cli.services.sign import sign_file
from dvc_cli.sign.base import SignerSpec
from dvc_cli.sign.certificates import certificates_in_pem
from dvc_cli.sign.p12 import Pkcs12Signer
from dvc_cli.sign.pades.verify import verify_document
from dvc_cli.testing.signer_contract import SystemTime
from dvc_cli.testing.small_pdf import small_pdf
from dvc_cli.testing.talk import PreparedTalk
from tests.sign import pki


@pytest.fixture
def talk():
    return PreparedTalk()


@pytest.fixture
def clock():
    return SystemTime()


@pytest.fixture(scope="session")
def root_pem(tmp_path_factory):
    return pki.write_root(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="session")
def roots(root_pem):
    return certificates_in_pem(root_pem.read_bytes())


@pytest.fixture(scope="session")
def signer_of(tmp_path_factory):
    """A PKCS#12 signer of one of the people in `tests.sign.pki`."""
    folder = tmp_path_factory.mktemp("p12")

    def open_for(issued):
        path = issued.write_p12(folder / f"{issued.certificate.serial_number:x}.p12")
        spec = SignerSpec(name="p12", kind="p12", options={"file": str(path)})
        return Pkcs12Signer(spec, lambda purpose, subject, *, flag, question: Secret(pki.PASSPHRASE), SystemTime())

    return open_for


@pytest.fixture
def write_pdf(tmp_path):
    """Write a small PDF; arguments as `small_pdf`."""

    def write(name: str = "đơn.pdf", **options) -> Path:
        path = tmp_path / name
        path.write_bytes(small_pdf(**options))
        return path

    return write


@pytest.fixture
def sign(signer_of, talk, clock):
    """Sign a file with a person's PKCS#12 and give the signed copy's path."""

    def run(
        source: Path,
        issued=None,
        *,
        placement: Placement | None = None,
        profile=SignatureProfile.PADES,
        reason="",
        output: Path | None = None,
    ) -> Path:
        target = output or source.with_name(f"{source.stem}.signed.pdf")
        with signer_of(issued or pki.person()).open(talk, talk) as session:
            sign_file(source, target, session=session, placement=placement, profile=profile, clock=clock, reason=reason)
        return target

    return run


@pytest.fixture
def verdict(roots, clock):
    """Our own verdict on a file."""

    def judge(path: Path, trust=None):
        return verify_document(path, roots if trust is None else trust, clock.now())

    return judge


def tool(name: str) -> str:
    """The path of an independent verifier; skipped where it is missing, failed on CI (tests/conftest.py)."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def output_of(*command: str | Path) -> str:
    """What a program prints on both channels, whatever its status: the verifiers' words count, not their status."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False, timeout=60)
    return (done.stdout + done.stderr).decode("utf-8", "replace")
