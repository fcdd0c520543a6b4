"""Portals for the tests: one in memory, and the sandbox's over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dvc_cli.model.dossier import Dossier, Person
from dvc_cli.model.procedure import ComponentSpec, FormTemplate, Procedure
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import NetSettings
from dvc_cli.net.client import open_client
from dvc_cli.output.clock import SystemClock
from dvc_cli.portal.base import LoginChallenge, Portal, PortalAddress
from dvc_cli.portal.memory import MemoryPortal
from dvc_cli.portal.memory_world import Account, World
from dvc_cli.portal.registry import open_portal, shipped_data_file
from dvc_cli.testing.portal_facts import KnownFacts
from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, admin_client, start_thread

CITIZEN = Person(
    full_name="Nguyễn Thị Được",
    identity_number="034199000123",
    province="Hưng Yên",
    commune="Trần Lãm",
    address="Số 1, đường Lê Lợi",
)
PASSWORD = Secret("CongDan@123")


def memory_world() -> World:
    """Three procedures and three accounts."""
    names = {
        "9.990001": ("Đăng tin, bài, phát biểu", "Báo chí"),
        "1.001193": ("Đăng ký khai sinh", "Hộ tịch"),
        "1.000656": ("Đăng ký khai tử", "Hộ tịch"),
    }
    procedures = {
        code: Procedure(
            code=code,
            name=name,
            field=field,
            agency="Sở TT&TT",
            portal_id=str(number),
            components=(
                ComponentSpec(
                    row=1,
                    code=f"{number}01",
                    name="Đơn đề nghị",
                    mandatory=True,
                    forms=(FormTemplate(name="Mẫu đơn", url="memory://portal/mau-don.docx"),),
                ),
                ComponentSpec(row=2, code=f"{number}02", name="Giấy tờ xuất trình", mandatory=False, originals=0),
            ),
            fetched_at=datetime.now(UTC),
        )
        for number, (code, (name, field)) in enumerate(names.items(), 1)
    }
    accounts = {
        "congdan": Account("congdan", PASSWORD.reveal(), CITIZEN.full_name, CITIZEN.identity_number),
        "congdan02": Account("congdan02", "khac", "Trần Văn Khác", "034190000555"),
    }
    return World(procedures=procedures, accounts=accounts, forms={"memory://portal/mau-don.docx": b"PK mau don"})


def memory_facts(world: World) -> KnownFacts:
    """What the memory portal holds."""
    return KnownFacts(
        username="congdan",
        password=PASSWORD,
        spare_username="congdan02",
        answer=lambda challenge: world.captchas[challenge.state["captcha"]],
        dossier=Dossier(procedure="9.990001", applicant=CITIZEN, subject="Đăng tin"),
        query="phát biểu",
        field="Báo chí",
        signed=lambda content: content + b"\n% signature\n",
    )


def open_memory(world: World) -> MemoryPortal:
    """A driver over a world."""
    return MemoryPortal(world, SystemClock())


@dataclass(frozen=True, slots=True)
class LivePortal:
    """The sandbox's portal and its admin API."""

    running: Running
    admin: AdminClient

    def driver(self, data_file: Path | None = None) -> Portal:
        """A fresh driver; close it."""
        address = PortalAddress(
            url=self.running.urls.portal,
            dialect="igate1",
            data_file=data_file or shipped_data_file("igate1", "sandbox"),
        )
        return open_portal(address, lambda url: open_client(url, NetSettings(read_timeout=20)), SystemClock())

    def answer(self, challenge: LoginChallenge) -> str:
        """The captcha's text, from the admin API."""
        return self.admin.captcha_answer(challenge.state["image"].rsplit("/", 1)[-1])

    def facts(self, spare_username: str = "congdan20") -> KnownFacts:
        """What the sandbox holds."""
        return KnownFacts(
            username="congdan",
            password=PASSWORD,
            spare_username=spare_username,
            answer=self.answer,
            dossier=Dossier(procedure="9.990001", applicant=CITIZEN, subject="Đăng tin"),
            query="phát biểu",
            field="Báo chí",
            signed=self.signed,
        )

    def signed(self, content: bytes) -> bytes:
        """`content` signed by the citizen's certificate, with pyHanko alone."""
        import io

        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers

        pkcs12 = self.running.state / "pki" / "p12" / "citizen.p12"
        signer = signers.SimpleSigner.load_pkcs12(str(pkcs12), passphrase=b"sandbox")
        assert signer is not None
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        meta = signers.PdfSignatureMetadata(field_name="ChuKy1", subfilter=None, md_algorithm="sha256")
        return bytes(signers.sign_pdf(writer, meta, signer=signer).getvalue())


@pytest.fixture(scope="session")
def live_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortal]:
    """A running sandbox, shared by the tests of a session that import this fixture."""
    with (
        start_thread(Options(state=tmp_path_factory.mktemp("portal-sandbox"))) as running,
        admin_client(running) as admin,
    ):
        yield LivePortal(running, admin)


@pytest.fixture
def live(live_sandbox: LivePortal) -> Iterator[LivePortal]:
    """The shared sandbox, without faults and with its usual settings before and after."""
    yield live_sandbox
    live_sandbox.admin.clear_faults()
    live_sandbox.admin.set_clock(datetime.now(UTC))
    live_sandbox.admin.portal_settings(burn="with", commit_failures=0, late_commits=0, levels=2)
