"""A stage for submissions: a portal whose world lies on disk (the oracle), a virtual clock, real conversion and real signing.

Everything survives the death of the process that plays on it, so that a test can kill it anywhere and go on.
"""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from dvc_cli.errors import DvcError
from dvc_cli.files import write_atomically
from dvc_cli.journal import open_journal
from dvc_cli.model.dossier import Dossier
from dvc_cli.model.procedure import ComponentSpec, Procedure
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import NotSent, Unanswered
from dvc_cli.portal.base import (
    CommitDone,
    OpenedDossier,
    PortalCapabilities,
    PortalRefused,
    PortalSession,
    ReadyCommit,
    SessionEnded,
    StoredFile,
    Throttled,
)
from dvc_cli.portal.memory import CAPABILITIES, Account, MemoryPortal, World
from dvc_cli.portal.memory_world import Draft
from dvc_cli.scan.convert import ConversionOptions, convert
from dvc_cli.services.desk import Desk
from dvc_cli.services.sign import sign_files
from dvc_cli.services.submit import SubmitRequest
from dvc_cli.sign.base import SignerSpec
from dvc_cli.sign.p12 import Pkcs12Signer
from tests.sign import pki

ACCOUNT = Account("congdan", "CongDan@123", "Nguyễn Thị Được", "034199000123")
REFERENCE_KEY = Secret("a key that the machines of one filer share")
PROCEDURE = Procedure(
    code="9.990001",
    name="Đăng tin, bài, phát biểu trên phương tiện thông tin đại chúng của Việt Nam",
    field="Báo chí",
    agency="Sở TT&TT",
    portal_id="17",
    components=(
        ComponentSpec(row=1, code="GT1", name="Đơn đề nghị đăng tin, bài", mandatory=True),
        ComponentSpec(row=2, code="GT2", name="Giấy tờ phải xuất trình", mandatory=False, originals=0),
        ComponentSpec(row=3, code="GT3", name="Bản sao thẻ căn cước", mandatory=True, originals=0, copies=1),
        ComponentSpec(row=4, code="GT4", name="Văn bản ủy quyền", mandatory=False, conditional=True),
    ),
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    sandbox=True,
)
DOSSIER = """\
procedure = "9.990001"
subject = "Đăng bài giới thiệu làng nghề"
key = "NV001"

[applicant]
full_name = "Nguyễn Thị Được"
identity_number = "034199000123"
birthday = 1999-03-08

[[component]]
match = "đơn đề nghị"
files = ["trang-1.png", "trang-2.jpg"]
[[component.sign]]
signer = "me"
at = "bottom-right"

[[component]]
row = 3
files = ["can-cuoc.pdf"]
"""
SETTLE = 30.0


class VirtualClock:
    """Waits take no time; the wall clock lies on disk, the monotonic one begins anew with each process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed = 0.0
        if not file.exists():
            file.write_text(str(time.time()), encoding="utf-8")

    def now(self) -> datetime:
        return datetime.fromtimestamp(float(self._file.read_text(encoding="utf-8")), UTC)

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += seconds
        self.jump(seconds)

    def jump(self, seconds: float) -> None:
        """The wall clock alone moves (sleep mode, a corrected clock)."""
        self._file.write_text(str(self.now().timestamp() + seconds), encoding="utf-8")


@dataclass(slots=True)
class Truth:
    """What really is at the portal, and what is still on its way there."""

    world: World
    late: list[tuple[float, str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)


class StagePortal(MemoryPortal):
    """The memory portal with its world on disk, with a fate for each commit in turn: `ok`, `lost`, `never`, `late`, ..."""

    def __init__(self, stage: Stage, capabilities: PortalCapabilities, fates: Sequence[str] = ()) -> None:
        self.truth = stage.truth()
        super().__init__(self.truth.world, stage.clock, capabilities)
        self._stage = stage
        self._fates = list(fates)

    def keep(self, call: str) -> None:
        self.truth.calls.append(call)
        self._stage.truth_file.write_bytes(pickle.dumps(self.truth))

    def arrive(self) -> None:
        """Let what is late take effect when its time has come."""
        now = self._clock.now().timestamp()
        due = [(sid, token) for at, sid, token in self.truth.late if at <= now]
        self.truth.late = [item for item in self.truth.late if item[0] > now]
        for sid, token in due:
            if token not in self.world.burned:  # a fresh token does not take the old one back
                self.world.take_effect(self.world.drafts[sid], self._clock.now())
                self.world.burned.add(token)
        if due:
            self.keep("late commit")

    def open_dossier(self, dossier: Dossier, procedure: Procedure) -> OpenedDossier:
        opened = super().open_dossier(dossier, procedure)
        self.keep("open")
        return opened

    def upload(self, opened: OpenedDossier, component: str, file: Path, original_name: str) -> StoredFile:
        stored = super().upload(opened, component, file, original_name)
        self.keep("upload")
        return stored

    def replace_signed(self, opened: OpenedDossier, stored: StoredFile, file: Path, way: str) -> StoredFile:
        signed = super().replace_signed(opened, stored, file, way)
        self.keep("replace")
        return signed

    def delete_upload(self, opened: OpenedDossier, stored: StoredFile) -> None:
        super().delete_upload(opened, stored)
        self.keep("delete")

    def prepare_commit(self, opened: OpenedDossier, dossier: Dossier, *, subject: str, note: str) -> ReadyCommit:
        ready = super().prepare_commit(opened, dossier, subject=subject, note=note)
        self.keep("form")
        return ready

    def own_dossiers(self, *, limit: int = 50, since: datetime | None = None) -> Sequence[object]:
        self.arrive()
        self.keep("list")
        return super().own_dossiers(limit=limit, since=since)

    def commit(self, ready: ReadyCommit) -> CommitDone:
        self.arrive()
        fate = self._fates.pop(0) if self._fates else "ok"
        self.keep(f"commit {fate}")
        if fate == "not-sent":
            raise NotSent("refused")
        if fate == "throttled":
            raise Throttled("slowly", retry_after=7.0)
        if fate == "refused":
            raise PortalRefused("no", details=("Về việc: sai",))
        if fate in ("never", "html", "session"):
            raise SessionEnded("ended") if fate == "session" else Unanswered(fate)
        if fate == "late":
            due = self._clock.now().timestamp() + SETTLE * 0.8
            self.truth.late.append((due, ready.sid, ready.token))
            self.keep("on its way")
            raise Unanswered("lost")
        done = super().commit(ready)
        self.keep("committed")
        if fate == "lost":
            raise Unanswered("lost")
        return done


class Door:
    """Logs in with the captcha's answer from the world; counts how often."""

    def __init__(self, portal: StagePortal) -> None:
        self._portal = portal

    def ensure(self) -> PortalSession:
        return self._portal.session() or self.renew()

    def renew(self) -> PortalSession:
        challenge = self._portal.begin_login(ACCOUNT.username)
        answer = self._portal.world.captchas[challenge.id]
        session = self._portal.finish_login(challenge, ACCOUNT.username, Secret(ACCOUNT.password), answer)
        self._portal.keep("log in")
        return session


class Quiet:
    """Progress that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @contextmanager
    def task(self, text: str, total: float | None = None) -> Iterator[Quiet]:
        self.said.append(text)
        yield self

    def advance(self, amount: float = 1) -> None: ...
    def update(self, text: str) -> None: ...

    def say(self, text: str) -> None:
        self.said.append(text)

    warn = say


class Nobody:
    """A prompter without a person, or one that answers yes."""

    def __init__(self, *, answer: bool | None = None, text: str = "") -> None:
        self._answer, self._text = answer, text
        self.asked: list[str] = []

    @property
    def can_ask(self) -> bool:
        return self._answer is not None

    def confirm(self, question: str, *, flag: str, default: bool = False) -> bool:
        self.asked.append(flag)
        if self._answer is None:
            raise DvcError(question)
        return self._answer

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        self.asked.append(flag)
        return self._text


class Stage:
    """A folder with the truth, the clock, the user's files and the program's state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.truth_file = folder / "truth.pickle"
        self.dossier_file = folder / "dossier.toml"
        self.signatures_file = folder / "signatures.log"
        self.clock = VirtualClock(folder / "clock")

    @classmethod
    def build(cls, folder: Path, dossier: str = DOSSIER) -> Stage:
        stage = cls(folder)
        world = World(procedures={PROCEDURE.code: PROCEDURE}, accounts={ACCOUNT.username: replace(ACCOUNT)})
        stage.truth_file.write_bytes(pickle.dumps(Truth(world)))
        stage.dossier_file.write_text(dossier, encoding="utf-8")
        make_papers(folder)
        make_p12(folder / "me.p12", "034199000123")
        return stage

    def truth(self) -> Truth:
        truth: Truth = pickle.loads(self.truth_file.read_bytes())
        return truth

    def signatures(self) -> list[str]:
        """Names of the files that were signed, one for each signature made."""
        return self.signatures_file.read_text(encoding="utf-8").split() if self.signatures_file.exists() else []

    def signer(self, name: str) -> Pkcs12Signer:
        spec = SignerSpec(name=name, kind="p12", options={"file": str(self.folder / f"{name}.p12")})
        return Pkcs12Signer(spec, lambda *_args, **_named: Secret(pki.PASSPHRASE), self.clock)

    def sign_files(self, jobs: Sequence[object], session: object, **options: object) -> Iterator[object]:
        for line in sign_files(jobs, session, **options):
            with self.signatures_file.open("a", encoding="utf-8") as log:
                log.write(f"{Path(line.source).name}\n")
            yield line

    def desk(
        self, fates: Sequence[str] = (), capabilities: PortalCapabilities | None = None, **changes: object
    ) -> Desk:
        known = capabilities or replace(CAPABILITIES, settle_seconds=SETTLE, token_burned="unknown")
        portal = StagePortal(self, known, fates)
        desk = Desk(
            portal=portal,
            journal=open_journal(self.state, profile="stage", clock=self.clock),
            sessions=Door(portal),
            signer=self.signer,
            sign_files=self.sign_files,
            convert=lambda inputs, output, progress: convert(inputs, output, ConversionOptions(), progress),
            save=write_atomically,
            clock=self.clock,
            progress=Quiet(),
            prompter=Nobody(),
            folder=self.state / "stage" / "dossiers",
        )
        return replace(desk, **changes)

    def request(self, **changes: object) -> SubmitRequest:
        request = SubmitRequest(
            dossier_file=self.dossier_file, account=ACCOUNT.username, reference_key=REFERENCE_KEY, yes=True
        )
        return replace(request, **changes)


def make_papers(folder: Path) -> None:
    """Two pictures of a page and a PDF."""
    from PIL import Image, ImageDraw

    for number, name in enumerate(("trang-1.png", "trang-2.jpg"), 1):
        page = Image.new("RGB", (620, 877), "white")
        ImageDraw.Draw(page).text((60, 60), f"DON DE NGHI, trang {number}", fill="black")
        page.save(folder / name, dpi=(75, 75))
    page.save(folder / "can-cuoc.pdf", "PDF", resolution=75)


def make_p12(path: Path, identity: str, name: str = "Nguyễn Thị Được") -> None:
    """A certificate of a citizen of the test's own CA."""
    authority = pki.issue(pki.rsa_key("stage-ca"), pki.vietnamese_name("Stage CA"), authority=True)
    subject = pki.vietnamese_name(name, uid=f"CCCD:{identity}")
    pki.issue(pki.rsa_key("stage-leaf"), subject, authority).write_p12(path)


def filed(stage: Stage) -> list[Draft]:
    """The portal's dossiers."""
    return list(stage.truth().world.filed.values())


def kill() -> None:
    """The end, without any clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)
