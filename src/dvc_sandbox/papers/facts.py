"""What a paper of the agency says about one dossier; no database, no clock, so that papers can be made for any dossier."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class FiledComponent:
    """One component row (thành phần hồ sơ) as it was filed: its name, copies (số bản) and the original file names."""

    name: str
    copies: int = 1
    files: tuple[str, ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class DossierFacts:
    """Everything the papers print about a dossier; empty text prints as a dotted line. `submitted_at` carries a zone."""

    code: str
    procedure_code: str
    procedure_name: str
    agency: str
    applicant_name: str
    submitted_at: datetime
    organisation: str = ""
    identity_number: str = ""
    tax_code: str = ""
    owner_name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    subject: str = ""
    note: str = ""
    processing_time: str = ""
    fee: int = 0
    reference: str = ""
    components: tuple[FiledComponent, ...] = ()


def long_date(moment: datetime) -> str:
    """`ngày 03 tháng 02 năm 2026`: days below 10 and months 1 and 2 with a zero (NĐ 30/2020)."""
    local = moment.astimezone(LOCAL)
    month = f"{local.month:02d}" if local.month < 3 else str(local.month)
    return f"ngày {local.day:02d} tháng {month} năm {local.year}"


def long_moment(moment: datetime) -> str:
    """Hour, minute and day: `08 giờ 30 phút, ngày 23 tháng 11 năm 2026`."""
    local = moment.astimezone(LOCAL)
    return f"{local.hour:02d} giờ {local.minute:02d} phút, {long_date(moment)}"


def short_moment(moment: datetime) -> str:
    """`23/11/2026 08:30:05` in Vietnam's time."""
    return moment.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")


def dong(amount: int) -> str:
    """An amount of money with Vietnamese thousands points: `15.000 đồng`."""
    return f"{amount:,}".replace(",", ".") + " đồng"
