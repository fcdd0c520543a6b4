"""A dossier to write papers about."""

from __future__ import annotations

import datetime as dt

import pytest

from dvc_sandbox.control import Running
from dvc_sandbox.environment import Environment
from dvc_sandbox.papers import DossierFacts, FiledComponent

from ..agency import environment_of


@pytest.fixture(scope="session")
def environment(sandbox: Running) -> Environment:
    """The shared sandbox from inside."""
    return environment_of(sandbox)


@pytest.fixture
def facts() -> DossierFacts:
    """A dossier whose texts hold the hardest Vietnamese letters."""
    return DossierFacts(
        code="000.00.17.H54-261123-0000007",
        procedure_code="9.990001",
        procedure_name="Đăng tin, bài, phát biểu trên phương tiện thông tin đại chúng của Việt Nam",
        agency="Bộ phận Tiếp nhận và Trả kết quả sở TT&TT (THỬ NGHIỆM)",
        applicant_name="Nguyễn Thị Được",
        submitted_at=dt.datetime(2026, 2, 3, 1, 2, 3, tzinfo=dt.UTC),
        identity_number="034199000123",
        address="Số 5, ngõ Ẵm Ẳng, phường Trần Lãm, tỉnh Hưng Yên",
        phone="0912000123",
        email="duoc.nguyen@example.vn",
        subject="Đề nghị đăng bài Ỡm Ờ, Ngoằn Ngoèo, Khuếch Tán, Ực Ữa Ỹ Ỵ",
        processing_time="2 ngày",
        components=(FiledComponent("Đơn đề nghị đăng tin, bài", 1, ("don.pdf",), signed=True),),
    )
