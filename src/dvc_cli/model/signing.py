"""Signing: who signs, with what, at which level, and where the visible signature goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar

from dvc_cli.errors import ExitCode


class SignatureLevel(Enum):
    """Baseline level of a PAdES signature (ETSI EN 319 142-1)."""

    B_B = "b-b"
    B_T = "b-t"
    B_LT = "b-lt"
    B_LTA = "b-lta"


class SignatureProfile(Enum):
    """SubFilter of the signature: PAdES (`ETSI.CAdES.detached`) or plain CMS (`adbe.pkcs7.detached`), tokens.md §3."""

    PADES = "pades"
    CMS = "cms"


class KeyAlgorithm(Enum):
    """Kind of the private key."""

    RSA = "rsa"
    EC = "ec"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCertificate:
    """A certificate a signer can use, with what people need to choose by."""

    der: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    subject: str
    common_name: str
    issuer: str
    serial: str  # lower-case hex
    fingerprint: str  # SHA-256 of the DER, lower-case hex
    not_before: datetime
    not_after: datetime
    algorithm: KeyAlgorithm
    key_bits: int
    usages: tuple[str, ...] = ()
    identity: str = ""  # CCCD/CMND digits from UID, or empty
    tax_code: str = ""  # MST from UID, or empty
    organisation: str = ""
    label: str = ""  # label on the token or the service's name
    key_id: str = ""  # CKA_ID in hex, or the service's certificate id
    is_issuer: bool = False  # a CA's certificate, never one to sign documents with
    problem: str | None = None  # why it is not offered, in the user's language

    def is_valid_at(self, moment: datetime) -> bool:
        """Whether `moment` lies in the certificate's validity."""
        return self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDigest:
    """What one document asks the key to sign.

    `signed_attributes` is the DER of the CMS signed attributes (SET OF, tag 0x31); `digest` its SHA-256. A token driver signs the
    attributes (it hashes itself or uses DigestInfo); a cloud driver sends `digest.hex()` (smartca.md §1).
    """

    doc_id: str
    display_name: str
    signed_attributes: bytes = field(repr=False)
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSignature:
    """The raw value: RSASSA-PKCS1-v1_5 block, or DER ECDSA-Sig-Value, over the document's digest."""

    doc_id: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerCapabilities:
    """Abilities of a signer, as data.

    `confirmations`: None = no person needed per batch; else the largest batch one confirmation covers.
    """

    kind: str  # "token", "p12", "smartca", …
    max_batch: int
    needs_person: bool = False
    parallel: bool = False
    always_authenticate: bool = False
    resumable: bool = False


class Anchor(Enum):
    """Nine named positions of the visible signature on the displayed page."""

    TOP_LEFT = "top-left"
    TOP = "top"
    TOP_RIGHT = "top-right"
    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom-right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the visible signature goes, in displayed coordinates: millimetres from the top left of the page as people see it.

    Either `anchor` with `width`/`height`/`margin`, or `box` = (x, y, width, height). `page` counts from 1, -1 is the last.
    """

    page: int = -1
    anchor: Anchor | None = Anchor.BOTTOM_RIGHT
    box: tuple[float, float, float, float] | None = None
    width: float = 70.0
    height: float = 25.0
    margin: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVerdict:
    """Verdict on one signature: intact? whose and trusted? when? (signatures.md §4)"""

    index: int
    field_name: str
    intact: bool
    covers_whole_file: bool
    trusted: bool | None  # None: could not be established
    problem: str | None  # slug of the first reason against it
    explanation: str  # in the user's language
    signer: str
    identity: str
    tax_code: str
    organisation: str
    issuer: str
    serial: str
    fingerprint: str
    not_before: datetime | None
    not_after: datetime | None
    claimed_time: datetime | None  # /M
    proven_time: datetime | None  # from a time stamp
    profile: str
    level: str
    changes_after: str  # "none" | "permitted" | "suspicious"
    covered_bytes: int = 0  # where the signed revision ends in the file; 0: not known
    covered_by_later: bool = True  # whether signatures or time stamps vouch for everything after it
    judged_at: datetime | None = None  # the moment the certificate was judged at
    time_source: str = "now"  # "now" | "given" | "claimed" | "time-stamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVerdict:
    """Verdict on one file."""

    path: str
    sha256: str
    verdict: str  # "valid" | "broken" | "not-established" | "unsigned" | "unreadable"
    signatures: tuple[SignatureVerdict, ...]
    explanation: str
    sandbox: bool = False
    changed_after_signing: bool = False  # intact signatures, but the file goes on with what they do not permit
    shown: str = "not-needed"  # against what was signed: "not-needed" | "same" | "differs" | "not-compared"
    changed_pages: tuple[int, ...] = ()  # from 1: where the file shows something else than what was signed


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """Result of `verify` over all files."""

    schema: ClassVar[str] = "dvc.signing.verification/1"
    documents: tuple[DocumentVerdict, ...]

    @property
    def sandbox(self) -> bool:
        """Whether anything in it comes from the sandbox."""
        return any(document.sandbox for document in self.documents)

    @property
    def exit_code(self) -> ExitCode:
        """The worst of 1 > 10 > 9 > 15 > 0 (decisions.md, exit codes in the corners)."""
        found = {document.verdict for document in self.documents}
        worst_first = (
            ("broken", ExitCode.FAILED),
            ("unreadable", ExitCode.INVALID_INPUT),
            ("unsigned", ExitCode.NOT_FOUND),
            ("not-established", ExitCode.NOT_ESTABLISHED),
        )
        return next((code for verdict, code in worst_first if verdict in found), ExitCode.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocument:
    """One line of the table `sign` ends with. `outcome`: "signed" | "planned" | "skipped" | "failed"."""

    source: str
    output: str | None
    outcome: str
    reason: str = ""
    problem: str = ""  # slug of the error, stable
    exit_code: ExitCode = ExitCode.DONE  # what this document alone would end the run with
    signer: str = ""
    sha256: str = ""
    size: int = 0
    level: str = ""  # that was reached


@dataclass(frozen=True, slots=True, kw_only=True)
class SignReport:
    """Result of `sign`."""

    schema: ClassVar[str] = "dvc.signing.report/1"
    documents: tuple[SignedDocument, ...]
    certificate: SigningCertificate | None
    level: str
    sandbox: bool = False
    dry_run: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """0 when all is signed; the common code when all failed alike; 1 for a batch that succeeded in part."""
        codes = {document.exit_code for document in self.documents if document.outcome == "failed"}
        if not codes:
            return ExitCode.DONE
        stopping = codes & {ExitCode.SIGNING_REFUSED, ExitCode.BLOCKED}
        if stopping and any(document.outcome == "skipped" for document in self.documents):
            return stopping.pop()
        all_failed = all(document.outcome == "failed" for document in self.documents)
        return codes.pop() if all_failed and len(codes) == 1 else ExitCode.FAILED
