"""What the papers print about a submitted dossier, gathered from the database."""

from __future__ import annotations

from dvc_sandbox.environment import Environment
from dvc_sandbox.papers.facts import DossierFacts, FiledComponent
from dvc_sandbox.portal import store_dossiers, store_procedures
from dvc_sandbox.portal.store_dossiers import Dossier


def place_names(environment: Environment, province: str, commune: str) -> str:
    """Commune and province in words, whichever profile the codes come from; empty when they are unknown."""
    row = environment.database.read_one(
        """SELECT c.name AS commune, p.name AS province FROM commune c JOIN province p
           ON p.code = c.province AND p.levels = c.levels WHERE c.code = ? AND c.province = ?""",
        commune,
        province,
    )
    return f"{row['commune']}, {row['province']}" if row else ""


def filed_components(environment: Environment, code: str) -> tuple[FiledComponent, ...]:
    """The components of a dossier with the original names of their files."""
    rows = environment.database.read("SELECT * FROM dossier_component WHERE dossier = ? ORDER BY rowid", code)
    files = store_dossiers.files(environment, code)
    return tuple(
        FiledComponent(
            row["name"],
            row["copies"],
            tuple(file.original_name for file in files if file.slot == row["slot"]),
            any(file.signed_way for file in files if file.slot == row["slot"]),
        )
        for row in rows
    )


def facts_of(environment: Environment, dossier: Dossier) -> DossierFacts:
    """Gather the facts of one dossier."""
    applicant, owner = dossier.applicant, dossier.owner
    place = place_names(environment, applicant["CongDan_maTinhThanh"], applicant["CongDan_maPhuongXa"])
    address = ", ".join(filter(None, (applicant["CongDan_diaChi"], place)))
    return DossierFacts(
        code=dossier.code,
        procedure_code=dossier.procedure_code,
        procedure_name=dossier.procedure_name,
        agency=dossier.agency_name,
        applicant_name=dossier.applicant_name,
        submitted_at=dossier.submitted_at,
        organisation=applicant["CongDan_tenCoQuanToChuc"],
        identity_number=applicant["CongDan_soCmnd"],
        tax_code=applicant["CongDan_maSoThueNguoiNop"],
        owner_name=owner["ChuHoSo_tenCoQuanToChucCHS"] or owner["ChuHoSo_tenChuHoSo"],
        address=address,
        phone=applicant["CongDan_diDong"],
        email=applicant["CongDan_email"],
        subject=dossier.subject,
        note=dossier.note,
        processing_time=dossier.processing_time,
        fee=store_procedures.online_fee(environment, dossier.procedure),
        reference=dossier.reference,
        components=filed_components(environment, dossier.code),
    )
