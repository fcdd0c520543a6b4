"""The portal's check of an uploaded signed PDF (portal contract §1 row 12 and §7)."""

from typing import TYPE_CHECKING

from dvc_sandbox.signatures.byte_range import Located, new_signatures, new_time_stamps, open_pdf
from dvc_sandbox.signatures.evidence import only_evidence_after
from dvc_sandbox.signatures.increment import only_signs
from dvc_sandbox.signatures.signer_info import check_intact
from dvc_sandbox.signatures.trust import check_trust, identity_of
from dvc_sandbox.signatures.verdict import REASONS, Refused, SignatureVerdict, refused

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

__all__ = ["REASONS", "SignatureVerdict", "belongs_to", "check_signed"]


def check_signed(environment: "Environment", stored: bytes, signed: bytes) -> SignatureVerdict:
    """Judge `signed` as the signed version of `stored`; never raises for a bad file.

    The signed file begins with the stored bytes; its new signatures have a proper ByteRange, are intact, trusted at the
    sandbox's clock and not revoked; nothing but signatures was added. The last covers the whole file, or what follows it is
    only validation data and document time stamps (levels B-LT and B-LTA, EN 319 142-1 §5).
    """
    if len(signed) <= len(stored) or not signed.startswith(stored):
        return refused("not-the-stored-file")
    try:
        reader = open_pdf(signed)
        found = new_signatures(reader, signed, len(stored))
        stamps = new_time_stamps(reader, signed, len(stored))
        only_evidence_after(reader, signed, found[-1], stamps)
        only_signs(reader, stored, frozenset(one.field for one in (*found, *stamps)))
        return [_judge(environment, one, signed) for one in found][-1]
    except Refused as problem:
        return refused(problem.reason)


def _judge(environment: "Environment", one: Located, file: bytes) -> SignatureVerdict:
    signed = check_intact(one.cms, one.covered(file))
    way = check_trust(environment, signed)
    who = identity_of(signed.certificate)
    return SignatureVerdict(True, "ok", REASONS["ok"], who.name, who.number, way, who.kind)


def belongs_to(verdict: SignatureVerdict, numbers: frozenset[str]) -> SignatureVerdict:
    """The same verdict when the signer's identity is one of `numbers` (ID or tax numbers), else a refusal."""
    if not verdict.ok or (verdict.identity and verdict.identity in numbers):
        return verdict
    return refused("other-person")
