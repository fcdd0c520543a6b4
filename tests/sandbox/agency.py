"""What the tests of papers, signatures and officers share: the sandbox's insides, independent verifiers, signers of their own."""

from __future__ import annotations

import asyncio
import re
import subprocess
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from dvc_sandbox.clock import SandboxClock
from dvc_sandbox.control import Running
from dvc_sandbox.database import Database
from dvc_sandbox.environment import Environment
from dvc_sandbox.faults import Faults
from dvc_sandbox.pki import Credential, Pki


def environment_of(running: Running) -> Environment:
    """The environment that the running sandbox's own parts see."""
    database = Database(running.state / "sandbox.sqlite3")
    return Environment(
        running.state, SandboxClock(database), database, Pki(running.state / "pki"), Faults(database), running.urls, 1
    )


def at_moment(environment: Environment, folder: Path, moment: datetime) -> Environment:
    """The same sandbox seen at another moment, without moving the shared clock."""
    clock = SandboxClock(Database(folder / "clock.sqlite3"))
    clock.set(moment)
    return replace(environment, clock=clock)


def page(text: str = "Đơn đề nghị", pages: int = 1) -> bytes:
    """A small PDF with a content stream that shows something."""
    import pikepdf

    document = pikepdf.new()
    for number in range(pages):
        document.add_blank_page(page_size=(595, 842))
        document.pages[number].Contents = pikepdf.Stream(document, f"0 0 1 rg 50 {700 - number} 200 40 re f".encode())
    document.docinfo["/Title"] = text
    out = BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def signer_of(credential: Credential, **options: Any) -> Any:
    """PyHanko's own signer for a credential of the sandbox."""
    from pyhanko.sign.signers import SimpleSigner

    return SimpleSigner.load(str(credential.key), str(credential.certificate), (str(credential.chain),), **options)


def sign(
    pdf: bytes, signer: Any, *, subfilter: str = "PADES", box: Any = None, field: str = "Sig1", **options: Any
) -> bytes:
    """Sign by pyHanko, as a citizen's program would."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    metadata = PdfSignatureMetadata(
        field_name=field, md_algorithm=options.pop("md", "sha256"), subfilter=SigSeedSubFilter[subfilter], **options
    )
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    worker = PdfSigner(metadata, signer, new_field_spec=SigFieldSpec(field, box=box) if box else None)
    return worker.sign_pdf(writer).getvalue()


def byte_range(pdf: bytes) -> list[int]:
    """The numbers of the last signature."""
    return [int(number) for number in re.findall(rb"/ByteRange\s*\[\s*([\d ]+?)\s*\]", pdf)[-1].split()]


def resign(pdf: bytes, ranges: list[int], signer: Any) -> bytes:
    """Give the last signature other ranges and a CMS that is right for them: a forgery whose cryptography is sound."""
    place = list(re.finditer(rb"/ByteRange\s*\[[^\]]*\]", pdf))[-1]
    first, second = ranges[0], ranges[-2]
    text = b"/ByteRange [" + b" ".join(str(number).encode() for number in ranges)
    pdf = pdf[: place.start()] + text.ljust(len(place[0]) - 1) + b"]" + pdf[place.end() :]
    gap = re.compile(rb"/Contents\s*<([0-9A-Fa-f]+)>").search(
        pdf, place.start() - 60_000 if place.start() > 60_000 else 0
    )
    assert gap is not None
    import hashlib

    covered = pdf[first : first + ranges[1]] + pdf[second : second + ranges[-1]]
    cms = asyncio.run(signer.async_sign(hashlib.sha256(covered).digest(), "sha256", use_pades=True)).dump()
    return pdf[: gap.start(1)] + cms.hex().encode().ljust(len(gap[1]), b"0") + pdf[gap.end(1) :]


def run(*command: str | Path) -> str:
    """Output of a tool, standard error included."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def pdfsig(pdf: bytes, root: Path, folder: Path) -> str:
    """What poppler's pdfsig says with the sandbox's root as its only trust anchor."""
    store, file = folder / "nss", folder / "judged.pdf"
    if not store.exists():
        store.mkdir()
        run("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
        run("certutil", "-A", "-d", f"sql:{store}", "-n", "root", "-t", "C,C,C", "-i", root)
    file.write_bytes(pdf)
    return run("pdfsig", "-nssdir", f"sql:{store}", file)


def openssl_verdict(pdf: bytes, root: Path, folder: Path) -> str:
    """What `openssl cms -verify -cades` says about the last signature, cut out by its ByteRange."""
    start, length, second, rest = byte_range(pdf)
    text = pdf[length + 1 : second - 1]
    (folder / "x.cms").write_bytes(bytes.fromhex(text.decode()))
    (folder / "x.data").write_bytes(pdf[start:length] + pdf[second : second + rest])
    return run(
        "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", folder / "x.cms",
        "-content", folder / "x.data", "-CAfile", root, "-purpose", "any", "-out", folder / "x.out",
    )  # fmt: skip
