"""Fields of the applicant page (portal contract, section 1) and the rules they must keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dvc_sandbox.clock import LOCAL
from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import settings, units
from dvc_sandbox.portal.accounts import Account
from dvc_sandbox.portal.text import parse_day, show_day

SAME_PERSON = "chkbox_nguoinoplachuhs"
KIND = "ChuHoSo_maDoiTuongNopHS"
PERSON, ORGANISATION = "1", "2"

APPLICANT_FIELDS = (
    "CongDan_tenCongDan", "CongDan_tenCoQuanToChuc", "CongDan_maSoThueNguoiNop", "CongDan_ngaySinhCongDan",
    "CongDan_gioiTinhCongDan", "CongDan_danTocCongDan", "CongDan_soCmnd", "CongDan_ngayCapCmnd", "CongDan_noiCapCmnd",
    "CongDan_maTinhThanh", "CongDan_maQuanHuyen", "CongDan_maPhuongXa", "CongDan_diaChi", "CongDan_diDong",
    "CongDan_email", "CongDan_fax", "CongDan_website", "CongDan_soGiayPhep",
)  # fmt: skip
OWNER_FIELDS = (
    KIND, "ChuHoSo_tenChuHoSo", "ChuHoSo_tenCoQuanToChucCHS", "ChuHoSo_maSoThueChuHoSo", "ChuHoSo_ngaySinhChuHoSo",
    "ChuHoSo_soCMNDChuHoSo", "ChuHoSo_ngayCapCMNDCHS", "ChuHoSo_noiCapCMNDCHS", "ChuHoSo_maTinhThanhCHS",
    "ChuHoSo_maQuanHuyenCHS", "ChuHoSo_maPhuongXaCHS", "ChuHoSo_diaChiChuHoSo", "ChuHoSo_diDongLienLacCHS",
    "ChuHoSo_emailChuHoSo",
)  # fmt: skip
GENDERS = {"1": "Nam", "0": "Nữ"}

_REQUIRED = {
    "CongDan_diaChi": "Vui lòng nhập số nhà, đường, tổ, thôn, xóm",
    "CongDan_diDong": "Vui lòng nhập số điện thoại di động",
    "CongDan_ngayCapCmnd": "Vui lòng nhập ngày cấp CMND/CCCD",
    "CongDan_noiCapCmnd": "Vui lòng nhập nơi cấp CMND/CCCD",
}
_OWNER_ADDRESS = {
    "ChuHoSo_diaChiChuHoSo": "Vui lòng nhập địa chỉ của chủ hồ sơ",
    "ChuHoSo_diDongLienLacCHS": "Vui lòng nhập số điện thoại của chủ hồ sơ",
}
_IDENTITY = "Số CMND/CCCD phải gồm 9 hoặc 12 chữ số"


@dataclass(frozen=True, slots=True)
class ApplicantPage:
    """The page as sent: values of both parts, and what is wrong by field."""

    applicant: dict[str, str]
    owner: dict[str, str]
    errors: dict[str, str]


def prefilled(account: Account) -> dict[str, str]:
    """Values of a fresh page: what the account knows; birthdays and days of issue as ``dd/MM/yyyy``."""
    known = {
        "CongDan_tenCongDan": account.full_name,
        "CongDan_tenCoQuanToChuc": account.organisation,
        "CongDan_maSoThueNguoiNop": account.tax_code,
        "CongDan_ngaySinhCongDan": show_day(account.birthday),
        "CongDan_gioiTinhCongDan": "1" if account.gender == "male" else "0",
        "CongDan_danTocCongDan": "Kinh",
        "CongDan_soCmnd": account.identity_number,
        "CongDan_ngayCapCmnd": show_day(account.issued_on),
        "CongDan_noiCapCmnd": account.issued_by,
        "CongDan_diDong": account.phone,
        "CongDan_email": account.email,
    }
    return {name: known.get(name, "") for name in APPLICANT_FIELDS}


def read(
    environment: Environment, account: Account, field: Callable[[str], str], sent: Callable[[str], bool]
) -> ApplicantPage:
    """Read and check the page. Name and ID number are the account's; another value is an error, none is filled in."""
    applicant = {name: field(name) for name in APPLICANT_FIELDS}
    owner = {name: field(name) for name in OWNER_FIELDS} | {SAME_PERSON: "1" if sent(SAME_PERSON) else ""}
    errors: dict[str, str] = {}
    for name, fixed in (("CongDan_tenCongDan", account.full_name), ("CongDan_soCmnd", account.identity_number)):
        if sent(name) and applicant[name] != fixed:
            errors[name] = "Thông tin này lấy từ tài khoản và không được thay đổi"
        applicant[name] = fixed
    _check_required(applicant, _REQUIRED, errors)
    _check_common(environment, applicant, _APPLICANT_NAMES, errors)
    if owner[SAME_PERSON]:
        owner = {**owner, **_owner_of(applicant)}
    else:
        _check_owner(environment, owner, errors)
    return ApplicantPage(applicant, owner, errors)


@dataclass(frozen=True, slots=True)
class _Names:
    identity: str
    birthday: str
    issued: str
    phone: str
    email: str
    tax: str
    province: str
    district: str
    commune: str


_APPLICANT_NAMES = _Names(
    "CongDan_soCmnd", "CongDan_ngaySinhCongDan", "CongDan_ngayCapCmnd", "CongDan_diDong", "CongDan_email",
    "CongDan_maSoThueNguoiNop", "CongDan_maTinhThanh", "CongDan_maQuanHuyen", "CongDan_maPhuongXa",
)  # fmt: skip
_OWNER_NAMES = _Names(
    "ChuHoSo_soCMNDChuHoSo", "ChuHoSo_ngaySinhChuHoSo", "ChuHoSo_ngayCapCMNDCHS", "ChuHoSo_diDongLienLacCHS",
    "ChuHoSo_emailChuHoSo", "ChuHoSo_maSoThueChuHoSo", "ChuHoSo_maTinhThanhCHS", "ChuHoSo_maQuanHuyenCHS",
    "ChuHoSo_maPhuongXaCHS",
)  # fmt: skip


def _check_required(values: Mapping[str, str], required: Mapping[str, str], errors: dict[str, str]) -> None:
    for name, message in required.items():
        if not values[name]:
            errors.setdefault(name, message)


def _check_common(environment: Environment, values: Mapping[str, str], names: _Names, errors: dict[str, str]) -> None:
    if values[names.identity] and not re.fullmatch(r"\d{9}|\d{12}", values[names.identity]):
        errors.setdefault(names.identity, _IDENTITY)
    today = environment.clock.now().astimezone(LOCAL).date()
    for name in (names.birthday, names.issued):
        day = parse_day(values[name]) if values[name] else None
        if values[name] and (day is None or day > today):
            errors.setdefault(name, "Ngày không hợp lệ; nhập theo dạng dd/MM/yyyy và không sau ngày hôm nay")
    if values[names.phone] and not re.fullmatch(r"0\d{9,10}", values[names.phone]):
        errors.setdefault(names.phone, "Số điện thoại phải bắt đầu bằng 0 và gồm 10 hoặc 11 chữ số")
    if values[names.email] and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", values[names.email]):
        errors.setdefault(names.email, "Địa chỉ email không hợp lệ")
    if values[names.tax] and not _is_tax_code(values[names.tax]):
        errors.setdefault(names.tax, "Mã số thuế không hợp lệ")
    _check_units(environment, values, names, errors)


def _check_units(environment: Environment, values: Mapping[str, str], names: _Names, errors: dict[str, str]) -> None:
    province, district, commune = values[names.province], values[names.district], values[names.commune]
    if province not in {choice.key for choice in units.provinces(environment)}:
        errors.setdefault(names.province, "Vui lòng chọn tỉnh/thành phố")
        return
    if settings.load(environment).levels == 3 and district not in {
        choice.key for choice in units.districts(environment, province)
    }:
        errors.setdefault(names.district, "Vui lòng chọn huyện/thành phố thuộc tỉnh đã chọn")
        return
    if commune not in {choice.key for choice in units.communes(environment, province, district)}:
        errors.setdefault(names.commune, "Vui lòng chọn phường/xã/thị trấn thuộc địa bàn đã chọn")


def _is_tax_code(text: str) -> bool:
    from stdnum.vn import mst

    return bool(re.fullmatch(r"\d{12}", text) or mst.is_valid(text))


def _check_owner(environment: Environment, owner: Mapping[str, str], errors: dict[str, str]) -> None:
    if owner[KIND] == PERSON:
        required = {
            "ChuHoSo_tenChuHoSo": "Vui lòng nhập họ và tên chủ hồ sơ",
            "ChuHoSo_soCMNDChuHoSo": "Vui lòng nhập số CMND/CCCD của chủ hồ sơ",
        }
    elif owner[KIND] == ORGANISATION:
        required = {
            "ChuHoSo_tenCoQuanToChucCHS": "Vui lòng nhập tên cơ quan, tổ chức",
            "ChuHoSo_maSoThueChuHoSo": "Vui lòng nhập mã số thuế",
        }
    else:
        errors[KIND] = "Vui lòng chọn đối tượng nộp hồ sơ"
        return
    _check_required(owner, required | _OWNER_ADDRESS, errors)
    _check_common(environment, owner, _OWNER_NAMES, errors)


def _owner_of(applicant: Mapping[str, str]) -> dict[str, str]:
    organisation = applicant["CongDan_tenCoQuanToChuc"]
    return {
        KIND: ORGANISATION if organisation else PERSON,
        "ChuHoSo_tenChuHoSo": applicant["CongDan_tenCongDan"],
        "ChuHoSo_tenCoQuanToChucCHS": organisation,
        "ChuHoSo_maSoThueChuHoSo": applicant["CongDan_maSoThueNguoiNop"],
        "ChuHoSo_ngaySinhChuHoSo": applicant["CongDan_ngaySinhCongDan"],
        "ChuHoSo_soCMNDChuHoSo": applicant["CongDan_soCmnd"],
        "ChuHoSo_ngayCapCMNDCHS": applicant["CongDan_ngayCapCmnd"],
        "ChuHoSo_noiCapCMNDCHS": applicant["CongDan_noiCapCmnd"],
        "ChuHoSo_maTinhThanhCHS": applicant["CongDan_maTinhThanh"],
        "ChuHoSo_maQuanHuyenCHS": applicant["CongDan_maQuanHuyen"],
        "ChuHoSo_maPhuongXaCHS": applicant["CongDan_maPhuongXa"],
        "ChuHoSo_diaChiChuHoSo": applicant["CongDan_diaChi"],
        "ChuHoSo_diDongLienLacCHS": applicant["CongDan_diDong"],
        "ChuHoSo_emailChuHoSo": applicant["CongDan_email"],
    }
