"""What may follow the last signature: revisions with validation data (DSS) and document time stamps, and nothing else."""

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dvc_sandbox.signatures.byte_range import Located, reading
from dvc_sandbox.signatures.increment import only_signs
from dvc_sandbox.signatures.verdict import Refused

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_REVISION_END = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")
_TAIL = 128


def only_evidence_after(reader: "PdfFileReader", file: bytes, last: Located, stamps: Sequence[Located]) -> None:
    """Raise Refused("changed-after-signing" | "digest" | "cms") unless only evidence follows the signature `last`."""
    end = last.second_end
    if end == len(file):
        return
    later = [stamp for stamp in stamps if stamp.second_end > end]
    covered = max((stamp.second_end for stamp in later), default=end)
    if covered != len(file):
        found = _REVISION_END.search(file[-_TAIL:])
        with reading():
            newest = reader.last_startxref
        if found is None or int(found.group(1)) != newest or int(found.group(1)) < covered:
            raise Refused("changed-after-signing", "bytes that belong to no revision")
    for stamp in later:
        _check_stamp(stamp, file)
    try:
        only_signs(reader, file[:end], frozenset(stamp.field for stamp in later))
    except Refused as problem:
        raise Refused("changed-after-signing", str(problem)) from problem


def _check_stamp(stamp: Located, file: bytes) -> None:
    """The time stamp is over exactly the bytes it covers, and its own signature holds."""
    from asn1crypto import cms, tsp
    from cryptography.exceptions import InvalidSignature

    try:
        data = cms.ContentInfo.load(stamp.cms)["content"]
        imprint = tsp.TSTInfo.load(bytes(data["encap_content_info"]["content"]))["message_imprint"]
        engine = hashlib.new(str(imprint["hash_algorithm"]["algorithm"].native))
        for part in stamp.covered(file):
            engine.update(part)
        if imprint["hashed_message"].native != engine.digest():
            raise Refused("digest", "document time stamp")
        _check_value(data)
    except InvalidSignature as error:
        raise Refused("signature", "document time stamp") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise Refused("cms", type(error).__name__) from error


def _check_value(data: Any) -> None:
    """The TSA's signature over the token; raises InvalidSignature or ValueError."""
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    signer = data["signer_infos"][0]
    certificates = [one.chosen for one in data["certificates"]]
    sid = signer["sid"].chosen
    leaf = next(one for one in certificates if one.serial_number == sid["serial_number"].native)
    content = bytes(data["encap_content_info"]["content"])
    algorithm = str(signer["digest_algorithm"]["algorithm"].native)
    intact, valid = validate_sig_integrity(signer, leaf, "tst_info", hashlib.new(algorithm, content).digest())
    if not (intact and valid):
        raise ValueError("the time stamp's own signature does not hold")
