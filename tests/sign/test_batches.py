"""Many files at once: checks before the secret, one bad file, a signer that stops, nothing left behind."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from dvc_cli.errors import ExitCode, UsageProblem
from dvc_cli.files import OutputExists
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import RawSignature, SignatureLevel, SignatureProfile, SignerCapabilities
from dvc_cli.services.sign import sign_documents
from dvc_cli.services.sign_plan import SignOptions
from dvc_cli.sign.base import CertificateUnusable, SignerSpec, SignerUnavailable, WrongPin
from dvc_cli.sign.p12 import Pkcs12Signer, Pkcs12Unreadable
from tests.sign import pki


@pytest.fixture
def run(talk, clock, signer_of):
    def start(files, signer=None, **options):
        return sign_documents(
            files,
            signer or signer_of(pki.person()),
            SignOptions(**options),
            clock=clock,
            progress=talk,
            prompter=talk,
        )

    return start


class CountingSigner:
    """A real signer that counts how often its secret was needed, and stops after some values if told so."""

    def __init__(self, signer, stop_after=None, lose=()):
        self.inner = signer
        self.opened = 0
        self.batches = []
        self.stop_after = stop_after
        self.lose = lose
        self.name = "counting"
        self.capabilities = SignerCapabilities(kind="p12", max_batch=2)
        self.certificate = None

    def certificates(self):
        return self.inner.certificates()

    @contextmanager
    def open(self, prompter, progress):
        self.opened += 1
        with self.inner.open(prompter, progress) as session:
            self.session, self.certificate = session, session.certificate
            yield self

    def sign(self, digests, *, description):
        self.batches.append([one.display_name for one in digests])
        for value in self.session.sign(digests, description=description):
            if self.stop_after is not None and sum(map(len, self.batches[:-1])) >= self.stop_after:
                raise SignerUnavailable("the token was pulled out", hint="plug it in")
            if int(value.doc_id) not in self.lose:
                yield RawSignature(doc_id=value.doc_id, value=value.value)


def test_a_table_with_a_line_per_file_in_the_order_given(run, write_pdf, tmp_path):
    good, bad, other = write_pdf("a.pdf"), tmp_path / "b.pdf", write_pdf("c.pdf")
    bad.write_bytes(b"\xff\xd8\xff\xe0 no pdf")
    report = run([good, bad, other])
    assert [line.outcome for line in report.documents] == ["signed", "failed", "signed"]
    assert [line.source for line in report.documents] == [str(good), str(bad), str(other)]
    assert report.documents[1].problem == "not-a-pdf"
    assert report.exit_code is ExitCode.FAILED
    assert {path.name for path in tmp_path.iterdir()} == {"a.pdf", "a.signed.pdf", "b.pdf", "c.pdf", "c.signed.pdf"}


def test_the_line_tells_size_and_hash_of_what_was_written(run, write_pdf, verdict):
    (line,) = run([write_pdf("a.pdf")]).documents
    from pathlib import Path

    assert line.size == Path(line.output).stat().st_size
    assert line.sha256 == verdict(Path(line.output)).sha256


def test_no_secret_is_asked_when_nothing_can_be_signed(run, tmp_path, signer_of):
    signer = CountingSigner(signer_of(pki.person()))
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"")
    report = run([tmp_path / "a.pdf", tmp_path / "b.pdf"], signer)
    assert signer.opened == 0
    assert report.exit_code is ExitCode.INVALID_INPUT


def test_the_only_file_tells_its_problem_as_an_error(run, write_pdf):
    source = write_pdf("a.pdf")
    source.with_name("a.signed.pdf").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        run([source])


def test_existing_outputs_are_found_before_the_secret_is_asked(run, write_pdf, signer_of):
    signer = CountingSigner(signer_of(pki.person()))
    files = [write_pdf("a.pdf"), write_pdf("b.pdf")]
    for path in files:
        path.with_name(f"{path.stem}.signed.pdf").write_bytes(b"mine")
    assert run(files, signer).exit_code is ExitCode.INVALID_INPUT
    assert signer.opened == 0


def test_batches_are_as_large_as_the_signer_takes(run, write_pdf, signer_of):
    signer = CountingSigner(signer_of(pki.person()))
    report = run([write_pdf(f"{number}.pdf") for number in range(5)], signer)
    assert report.exit_code is ExitCode.DONE
    assert signer.opened == 1
    assert signer.batches == [["0.pdf", "1.pdf"], ["2.pdf", "3.pdf"], ["4.pdf"]]


def test_what_was_signed_stays_when_the_signer_stops(run, write_pdf, signer_of, tmp_path):
    signer = CountingSigner(signer_of(pki.person()), stop_after=2)
    report = run([write_pdf(f"{number}.pdf") for number in range(5)], signer)
    assert [line.outcome for line in report.documents] == ["signed", "signed", "failed", "skipped", "skipped"]
    assert report.documents[2].problem == "signer-unavailable"
    assert report.exit_code is not ExitCode.DONE
    assert sorted(path.name for path in tmp_path.iterdir() if "signed" in path.name) == ["0.signed.pdf", "1.signed.pdf"]
    assert not list(tmp_path.glob(".*"))


def test_a_value_that_does_not_come_fails_its_file_alone(run, write_pdf, signer_of, tmp_path):
    signer = CountingSigner(signer_of(pki.person()), lose={2})
    report = run([write_pdf(f"{number}.pdf") for number in range(3)], signer)
    assert [line.outcome for line in report.documents] == ["signed", "failed", "signed"]
    assert not list(tmp_path.glob(".*"))


def test_a_file_that_vanishes_after_the_check_fails_alone(run, write_pdf, signer_of):
    first, second = write_pdf("a.pdf"), write_pdf("b.pdf")

    class Vanishing(CountingSigner):
        @contextmanager
        def open(self, prompter, progress):
            with super().open(prompter, progress) as session:
                first.unlink()
                yield session

    report = run([first, second], Vanishing(signer_of(pki.person())))
    assert [line.outcome for line in report.documents] == ["failed", "signed"]
    assert report.documents[0].problem == "input-unreadable"


def test_two_inputs_never_share_an_output(run, write_pdf, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "out").mkdir()
    first, second = write_pdf("a.pdf"), write_pdf("x/a.pdf")
    report = run([first, second], folder=tmp_path / "out")
    assert [line.outcome for line in report.documents] == ["signed", "failed"]
    assert report.documents[1].problem == "same-output"


def test_an_input_is_never_an_output_not_even_by_force(run, write_pdf):
    source = write_pdf("a.pdf")
    with pytest.raises(Exception, match="inputs are never changed"):
        run([source], output=source, overwrite=True)


def test_force_replaces_an_output(run, write_pdf, verdict):
    source = write_pdf("a.pdf")
    target = source.with_name("a.signed.pdf")
    target.write_bytes(b"old")
    run([source], overwrite=True)
    assert verdict(target).verdict == "valid"


def test_a_file_given_twice_is_signed_once(run, write_pdf):
    source = write_pdf("a.pdf")
    assert [line.outcome for line in run([source, source]).documents] == ["signed"]


def test_a_dry_run_asks_and_writes_nothing(run, write_pdf, signer_of, tmp_path):
    signer = CountingSigner(signer_of(pki.person()))
    report = run([write_pdf("a.pdf")], signer, dry_run=True)
    assert signer.opened == 0
    assert [(line.outcome, line.output) for line in report.documents] == [("planned", str(tmp_path / "a.signed.pdf"))]
    assert report.exit_code is ExitCode.DONE
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_options_that_exclude_each_other_are_refused(run, write_pdf, tmp_path):
    with pytest.raises(UsageProblem, match="--out-dir"):
        run([write_pdf("a.pdf")], output=tmp_path / "x.pdf", folder=tmp_path)
    with pytest.raises(UsageProblem, match="there are 2"):
        run([write_pdf("a.pdf"), write_pdf("b.pdf")], output=tmp_path / "x.pdf")
    with pytest.raises(UsageProblem, match="b-lt"):
        run([write_pdf("a.pdf")], level=SignatureLevel.B_LT, profile=SignatureProfile.CMS)


def test_an_expired_certificate_signs_nothing(run, write_pdf, signer_of, tmp_path):
    with pytest.raises(CertificateUnusable, match="expired"):
        run([write_pdf("a.pdf"), write_pdf("b.pdf")], signer_of(pki.expired()))
    assert not list(tmp_path.glob("*signed*"))


def test_a_certificate_that_may_not_sign_signs_nothing(run, write_pdf, signer_of):
    with pytest.raises(CertificateUnusable, match="key usage"):
        run([write_pdf("a.pdf")], signer_of(pki.encryption_only()))


class TestPkcs12Files:
    def open(self, path, clock, talk, passphrase=pki.PASSPHRASE):
        spec = SignerSpec(name="p12", kind="p12", options={"file": str(path)})
        signer = Pkcs12Signer(spec, lambda *_, **__: Secret(passphrase), clock)
        with signer.open(talk, talk) as session:
            return session.certificate

    def test_a_wrong_passphrase_is_told_from_a_wrong_file(self, tmp_path, clock, talk):
        path = pki.person().write_p12(tmp_path / "a.p12")
        with pytest.raises(WrongPin, match=r"a\.p12"):
            self.open(path, clock, talk, "wrong")
        path.write_bytes(b"PK\x03\x04 zip")
        with pytest.raises(Pkcs12Unreadable, match="not a PKCS#12 file"):
            self.open(path, clock, talk)
        path.write_bytes(pki.person().der)
        with pytest.raises(Pkcs12Unreadable, match="not a PKCS#12 file"):
            self.open(path, clock, talk)

    def test_a_missing_file_is_said(self, tmp_path, clock, talk):
        with pytest.raises(Pkcs12Unreadable, match="cannot be read"):
            self.open(tmp_path / "none.p12", clock, talk)

    def test_a_file_without_key_is_said(self, tmp_path, clock, talk):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.serialization import pkcs12

        content = pkcs12.serialize_key_and_certificates(
            b"x", None, pki.person().certificate, None, serialization.BestAvailableEncryption(b"p")
        )
        (tmp_path / "a.p12").write_bytes(content)
        with pytest.raises(Pkcs12Unreadable, match="no private key"):
            self.open(tmp_path / "a.p12", clock, talk, "p")
