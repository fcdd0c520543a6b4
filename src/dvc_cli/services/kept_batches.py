"""Batches that were sent to a cloud signer: kept until they are over, so that an approved one is finished after a crash.

The prepared bytes, their signed attributes and what shall become of them lie in the state folder (smartca.md §1); the signer
keeps its own record of the transaction and finds it again by the digests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.model.ports import Clock, PreparedStore
from dvc_cli.model.signing import Anchor, DocumentDigest, Placement, SignatureLevel, SigningCertificate
from dvc_cli.services.sign_plan import SignJob
from dvc_cli.services.signing_copies import KeptCopy, Wishes, kept_copy
from dvc_cli.sign.base import SignerSpec

if TYPE_CHECKING:
    from dvc_cli.sign.pades.levels import LevelMaker

STALE_AFTER = timedelta(days=1)  # no service keeps an approved transaction longer; /M must not be older either
_SCHEMA = "dvc.signing.batch/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBatch:
    """A batch as it was sent: the order, ids and bytes of its documents never change."""

    id: str
    description: str
    profile: str  # of the settings
    signer: SignerSpec
    certificate: SigningCertificate
    copies: tuple[KeptCopy, ...]
    keys: tuple[str, ...]  # what each copy was made of, and what for
    problem: ConfigurationProblem | None = None  # why it cannot be finished with what this run knows

    def left(self) -> list[KeptCopy]:
        """The documents whose output is not complete."""
        return [copy for copy in self.copies if copy.finished is None]


@dataclass(slots=True)
class KeptBatches:
    """The kept batches of one signer; `signer` and `profile` are what `sign --resume` needs to open it again."""

    store: PreparedStore
    clock: Clock
    signer: SignerSpec
    profile: str = ""
    makers: Callable[[SignatureLevel], LevelMaker | None] = field(default=lambda _level: None)
    _mine: set[str] = field(default_factory=set)

    def begin(self) -> str:
        """A new batch; `commit` it before anything is sent, or end it by `over`."""
        batch_id = self.store.begin()
        self._mine.add(batch_id)
        return batch_id

    def copy(
        self, batch_id: str, job: SignJob, certificate: SigningCertificate, wishes: Wishes, *, doc_id: str
    ) -> KeptCopy:
        """Prepare a document of the batch durably. Errors as `kept_copy`."""
        return kept_copy(job, certificate, wishes, doc_id=doc_id, path=self.store.path(batch_id, f"{doc_id}.pdf"))

    def commit(self, batch_id: str, copies: Sequence[KeptCopy], wishes: Wishes, description: str) -> None:
        """From now on the batch survives a crash."""
        keys = [job_key(one.job, wishes) for one in copies]
        record = self._record(description, copies[0].prepared.certificate, copies, keys)
        self.store.commit(batch_id, json.dumps(record, ensure_ascii=False).encode())

    def matching(self, jobs: Sequence[SignJob], certificate: SigningCertificate, wishes: Wishes) -> list[KeptBatch]:
        """Batches of an interrupted run of the same command: every document is wanted again, or is complete already."""
        stored = [one for one in self._ready() if one.certificate.fingerprint == certificate.fingerprint]
        if not stored:
            return []
        wanted = {job_key(job, wishes) for job in jobs}
        found = [one for one in stored if _is_wanted(one, wanted)]
        self._mine.update(one.id for one in found)
        return found

    def is_finished(self, job: SignJob, wishes: Wishes) -> bool:
        """Whether an interrupted run of the same command has completed this output."""
        stored = self._ready() if job.output.is_file() else []
        key = job_key(job, wishes) if stored else ""
        return any(
            copy.finished is not None
            for one in stored
            for copy, its_key in zip(one.copies, one.keys, strict=True)
            if its_key == key
        )

    def all(self) -> list[KeptBatch]:
        """Batches that can be finished, oldest first; stale and half-written ones are deleted."""
        found = []
        for batch_id, record in self.store.batches():
            batch = self._read(batch_id, record) if record else None
            if batch is not None:
                found.append(batch)
            elif batch_id not in self._mine:
                self.store.remove(batch_id)
        return found

    def over(self, batch_id: str | None = None) -> None:
        """Delete one batch, or all that this run prepared or took up."""
        for one in [batch_id] if batch_id else list(self._mine):
            self.store.remove(one)
            self._mine.discard(one)

    def pause(self) -> None:
        """Let another run take up what this one leaves."""
        for one in self._mine:
            self.store.release(one)
        self._mine.clear()

    def _record(
        self, description: str, certificate: SigningCertificate, copies: Sequence[KeptCopy], keys: Iterable[str]
    ) -> dict[str, Any]:
        return {
            "schema": _SCHEMA,
            "created_at": self.clock.now().isoformat(),
            "description": description,
            "profile": self.profile,
            "signer": {"name": self.signer.name, "kind": self.signer.kind, "options": dict(self.signer.options)},
            "level": levels.pop() if (levels := {one.maker.level.value for one in copies if one.maker}) else "b-b",
            "certificate": certificate.der.hex(),
            "chain": [der.hex() for der in certificate.chain],
            "documents": [
                {"key": key, "sha256": copy.sha256, "file": copy.path.name, **_job(copy.job), **_prepared(copy)}
                for key, copy in zip(keys, copies, strict=True)
            ],
        }

    def _ready(self) -> list[KeptBatch]:
        return [one for one in self.all() if one.problem is None]

    def _maker(self, level: SignatureLevel) -> tuple[LevelMaker | None, ConfigurationProblem | None]:
        try:
            return self.makers(level), None
        except ConfigurationProblem as problem:
            return None, problem

    def _read(self, batch_id: str, record: bytes) -> KeptBatch | None:
        """A stored batch; None when it is stale or of another version."""
        from dvc_cli.sign.certificates import CertificateUnreadable, certificate_from_der

        try:
            plain = json.loads(record)
            if plain["schema"] != _SCHEMA:
                return None
            if self.clock.now() - datetime.fromisoformat(plain["created_at"]) > STALE_AFTER:
                return None
            chain = [bytes.fromhex(one) for one in plain["chain"]]
            certificate = certificate_from_der(bytes.fromhex(plain["certificate"]), chain)
            documents = plain["documents"]
            maker, problem = self._maker(SignatureLevel(plain["level"]))
            return KeptBatch(
                id=batch_id,
                description=plain["description"],
                profile=plain["profile"],
                signer=SignerSpec(**plain["signer"]),
                certificate=certificate,
                copies=tuple(
                    _copy(one, self.store.path(batch_id, one["file"]), certificate, maker) for one in documents
                ),
                keys=tuple(one["key"] for one in documents),
                problem=problem,
            )
        except (ValueError, KeyError, TypeError, CertificateUnreadable):
            return None


def job_key(job: SignJob, wishes: Wishes) -> str:
    """Names a document by its bytes, its output and how it is signed; empty when it cannot be read."""
    import hashlib

    state = hashlib.sha256()
    try:
        with job.source.open("rb") as file:
            state = hashlib.file_digest(file, "sha256")
    except OSError:
        return ""
    told = [str(job.source.resolve()), str(job.output.resolve()), repr(job.placement), wishes.profile.value]
    state.update(json.dumps([*told, wishes.reason, wishes.level]).encode())
    return state.hexdigest()


def _is_wanted(batch: KeptBatch, wanted: set[str]) -> bool:
    pairs = list(zip(batch.keys, batch.copies, strict=True))
    return any(key in wanted for key, _copy in pairs) and all(
        key in wanted or copy.finished is not None for key, copy in pairs
    )


def _job(job: SignJob) -> dict[str, Any]:
    place = job.placement
    return {
        "source": str(job.source.resolve()),
        "output": str(job.output.absolute()),
        "overwrite": job.overwrite,
        "placement": None
        if place is None
        else {
            "page": place.page,
            "anchor": place.anchor.value if place.anchor else None,
            "box": place.box,
            "width": place.width,
            "height": place.height,
            "margin": place.margin,
        },
    }


def _prepared(copy: KeptCopy) -> dict[str, Any]:
    prepared = copy.prepared
    return {
        "doc_id": prepared.document.doc_id,
        "name": prepared.document.display_name,
        "signed_attributes": prepared.document.signed_attributes.hex(),
        "field": prepared.field_name,
        "document_digest": prepared.document_digest.hex(),
        "contents": [prepared.contents_start, prepared.contents_end],
        "earlier": [list(one) for one in prepared.earlier],
    }


def _copy(plain: dict[str, Any], path: Path, certificate: SigningCertificate, maker: LevelMaker | None) -> KeptCopy:
    import hashlib

    from dvc_cli.sign.pades.prepare import PreparedDocument

    place = plain["placement"]
    placement = None
    if place is not None:
        anchor = Anchor(place["anchor"]) if place["anchor"] else None
        placement = Placement(**{**place, "anchor": anchor, "box": tuple(place["box"]) if place["box"] else None})
    job = SignJob(
        source=Path(plain["source"]),
        output=Path(plain["output"]),
        placement=placement,
        overwrite=bool(plain["overwrite"]),
    )
    attributes = bytes.fromhex(plain["signed_attributes"])
    start, end = plain["contents"]
    prepared = PreparedDocument(
        document=DocumentDigest(
            doc_id=plain["doc_id"],
            display_name=plain["name"],
            signed_attributes=attributes,
            digest=hashlib.sha256(attributes).digest(),
        ),
        certificate=certificate,
        field_name=plain["field"],
        document_digest=bytes.fromhex(plain["document_digest"]),
        contents_start=int(start),
        contents_end=int(end),
        earlier=tuple((str(name), bool(sound)) for name, sound in plain["earlier"]),
    )
    return KeptCopy(job, path, plain["sha256"], prepared, maker)
