"""The agency signs its papers: PAdES B-B with the agency's seal certificate, shown in the paper's place for it."""

from typing import TYPE_CHECKING

from dvc_sandbox.papers.facts import LOCAL
from dvc_sandbox.papers.flow import Built

if TYPE_CHECKING:
    from datetime import datetime

    from dvc_sandbox.environment import Environment


def seal_paper(environment: "Environment", built: Built, moment: "datetime | None" = None) -> bytes:
    """The paper signed by credential `agency` at `moment` (default: the sandbox's now); unsigned if it has no place for it."""
    from dvc_sandbox.signatures.prepare import embed, prepare, read_certificates, sign_with_file
    from dvc_sandbox.signatures.stamp import Stamp
    from dvc_sandbox.signatures.trust import identity_of

    if built.seal is None:
        return built.pdf
    credential = environment.pki.credential("agency")
    certificate, chain = read_certificates(credential.certificate)[0], read_certificates(credential.chain)
    local = (moment or environment.clock.now()).astimezone(LOCAL).replace(microsecond=0)
    lines = ("THỬ NGHIỆM — SANDBOX", f"Ký bởi: {identity_of(certificate).name}", f"Thời gian ký: {local.isoformat()}")
    stamp = Stamp(built.seal.page, built.seal.rectangle, lines, seal=True)
    prepared = prepare(built.pdf, certificate, chain, local, stamp)
    return embed(prepared, certificate, chain, sign_with_file(credential.key, prepared.attributes))
