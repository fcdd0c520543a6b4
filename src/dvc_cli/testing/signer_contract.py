# ruff: noqa: S101 - these are tests
"""The suite every signer passes: `class TestMySigner(SignerContract)` with the fixture `signer`, and `refused_signer`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dvc_cli.errors import DvcError, ExitCode
from dvc_cli.model.signing import (
    DocumentDigest,
    KeyAlgorithm,
    Placement,
    RawSignature,
    SignatureProfile,
)
from dvc_cli.services.sign import sign_file, sign_files
from dvc_cli.services.sign_plan import SignJob
from dvc_cli.services.verify import verify_files
from dvc_cli.sign.base import Signer, SigningSession
from dvc_cli.sign.certificates import certificate_from_der, verify_raw
from dvc_cli.testing.small_pdf import small_pdf
from dvc_cli.testing.talk import PreparedTalk


def digest_for(text: str, doc_id: str | None = None) -> DocumentDigest:
    """A digest over stand-in signed attributes."""
    attributes = b"\x31\x80" + text.encode("utf-8")
    return DocumentDigest(
        doc_id=doc_id or text,
        display_name=f"{text}.pdf",
        signed_attributes=attributes,
        digest=hashlib.sha256(attributes).digest(),
    )


class SystemTime:
    """The port `Clock` on the real clock, without waiting."""

    def now(self) -> datetime:
        """The time now."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Not used by signing itself."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Not used by signing itself."""


class SignerContract:
    """What holds for every signer, whatever it signs with."""

    @pytest.fixture
    def signer(self) -> Signer:
        """A signer that can sign now without a person."""
        raise NotImplementedError

    @pytest.fixture
    def refused_signer(self) -> Signer | None:
        """The same with a wrong PIN, passphrase or password; None where there is no secret."""
        raise NotImplementedError

    @pytest.fixture
    def wrong_secret(self) -> str:
        """The secret that `refused_signer` gives; it must appear nowhere."""
        raise NotImplementedError

    @pytest.fixture
    def talk(self) -> PreparedTalk:
        """The person and the screen: nobody answers."""
        return PreparedTalk()

    @pytest.fixture
    def clock(self) -> SystemTime:
        """The clock that dates signatures."""
        return SystemTime()

    @contextmanager
    def opened(self, signer: Signer, talk: PreparedTalk) -> Iterator[SigningSession]:
        """An open session."""
        with signer.open(talk, talk) as session:
            yield session

    def test_tells_its_abilities_as_data(self, signer: Signer) -> None:
        abilities = signer.capabilities
        assert signer.name
        assert abilities.kind
        assert abilities.max_batch >= 1

    def test_lists_certificates_with_what_people_choose_by(self, signer: Signer) -> None:
        certificates = signer.certificates()
        assert certificates
        for one in certificates:
            again = certificate_from_der(one.der)
            assert (one.serial, one.fingerprint, one.common_name) == (
                again.serial,
                again.fingerprint,
                again.common_name,
            )
            assert one.not_before < one.not_after
            assert one.not_before.tzinfo is not None
            assert one.issuer

    def test_opens_with_a_usable_certificate_of_its_list(self, signer: Signer, talk: PreparedTalk) -> None:
        usable = {one.fingerprint for one in signer.certificates() if one.problem is None}
        with self.opened(signer, talk) as session:
            assert session.certificate.fingerprint in usable
            assert session.certificate.problem is None

    def test_signs_one_digest(self, signer: Signer, talk: PreparedTalk) -> None:
        document = digest_for("đơn đề nghị")
        with self.opened(signer, talk) as session:
            (value,) = session.sign([document], description="Nộp hồ sơ")
            assert value.doc_id == document.doc_id
            assert verify_raw(session.certificate, document.digest, value.value)
            assert verify_raw(session.certificate, document.signed_attributes, value.value)

    def test_signs_a_batch_each_document_once(self, signer: Signer, talk: PreparedTalk) -> None:
        documents = [digest_for(f"giấy tờ {number}") for number in range(min(5, signer.capabilities.max_batch))]
        with self.opened(signer, talk) as session:
            values = list(session.sign(documents, description="Nộp hồ sơ"))
            assert sorted(value.doc_id for value in values) == sorted(one.doc_id for one in documents)
            self._all_verify(session, documents, values)

    def test_signs_equal_digests_of_two_documents(self, signer: Signer, talk: PreparedTalk) -> None:
        if signer.capabilities.max_batch < 2:
            pytest.skip("signs one document at a time by its nature")
        documents = [digest_for("bản sao", "first"), digest_for("bản sao", "second")]
        with self.opened(signer, talk) as session:
            values = list(session.sign(documents, description="Nộp hồ sơ"))
            assert {value.doc_id for value in values} == {"first", "second"}
            self._all_verify(session, documents, values)

    def test_nothing_to_sign_yields_nothing(self, signer: Signer, talk: PreparedTalk) -> None:
        with self.opened(signer, talk) as session:
            assert list(session.sign([], description="Nộp hồ sơ")) == []

    def test_signs_again_in_one_session_and_in_the_next(self, signer: Signer, talk: PreparedTalk) -> None:
        first, second, third = (digest_for(name) for name in ("một", "hai", "ba"))
        with self.opened(signer, talk) as session:
            values = [*session.sign([first], description="một"), *session.sign([second], description="hai")]
            self._all_verify(session, [first, second], values)
        with self.opened(signer, talk) as session:
            self._all_verify(session, [third], list(session.sign([third], description="ba")))

    def test_an_error_inside_the_session_comes_out_and_closes_it(self, signer: Signer, talk: PreparedTalk) -> None:
        with pytest.raises(ZeroDivisionError), self.opened(signer, talk):
            raise ZeroDivisionError
        with self.opened(signer, talk) as session:
            assert session.certificate.problem is None

    def test_a_wrong_secret_is_refused_and_shown_nowhere(
        self, refused_signer: Signer | None, wrong_secret: str, talk: PreparedTalk
    ) -> None:
        if refused_signer is None:
            pytest.skip("this signer has no secret by its nature")
        with pytest.raises(DvcError) as caught, self.opened(refused_signer, talk) as session:
            list(session.sign([digest_for("không ký")], description="Nộp hồ sơ"))
        assert caught.value.exit_code in (ExitCode.SIGNING_REFUSED, ExitCode.LOGIN_NEEDED, ExitCode.BLOCKED)
        assert caught.value.hint
        shown = repr(
            (caught.value, caught.value.message, caught.value.hint, caught.value.details, talk.said, talk.asked)
        )
        assert wrong_secret not in shown

    def test_signs_a_pdf_that_verifies(
        self, signer: Signer, talk: PreparedTalk, clock: SystemTime, tmp_path: Path
    ) -> None:
        source = tmp_path / "đơn.pdf"
        source.write_bytes(small_pdf("ĐƠN ĐỀ NGHỊ"))
        output = tmp_path / "đơn.signed.pdf"
        with self.opened(signer, talk) as session:
            document = sign_file(
                source,
                output,
                session=session,
                placement=Placement(),
                profile=SignatureProfile.PADES,
                clock=clock,
                reason="Nộp hồ sơ",
            )
            name, algorithm = session.certificate.common_name, session.certificate.algorithm
        assert (document.outcome, document.signer) == ("signed", name)
        assert algorithm in (KeyAlgorithm.RSA, KeyAlgorithm.EC)
        (verdict,) = verify_files([output], [], clock=clock, progress=talk).documents
        (signature,) = verdict.signatures
        assert signature.intact
        assert signature.covers_whole_file
        assert (signature.signer, signature.profile, signature.level) == (name, "pades", "b-b")

    def test_signs_several_pdfs_in_one_session(
        self, signer: Signer, talk: PreparedTalk, clock: SystemTime, tmp_path: Path
    ) -> None:
        jobs = []
        for number in range(3):
            source = tmp_path / f"{number}.pdf"
            source.write_bytes(small_pdf(f"GIẤY TỜ {number}"))
            jobs.append(SignJob(source=source, output=tmp_path / f"{number}.signed.pdf", placement=None))
        with self.opened(signer, talk) as session:
            lines = list(
                sign_files(
                    jobs,
                    session,
                    profile=SignatureProfile.CMS,
                    clock=clock,
                    max_batch=signer.capabilities.max_batch,
                )
            )
        assert [line.outcome for line in lines] == ["signed"] * 3
        report = verify_files([job.output for job in jobs], [], clock=clock, progress=talk)
        assert all(one.signatures[0].intact for one in report.documents)

    def _all_verify(
        self, session: SigningSession, documents: Sequence[DocumentDigest], values: Sequence[RawSignature]
    ) -> None:
        by_id = {value.doc_id: value.value for value in values}
        assert len(by_id) == len(documents)
        for document in documents:
            assert verify_raw(session.certificate, document.digest, by_id[document.doc_id])
