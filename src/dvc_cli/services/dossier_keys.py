"""Keys of the dossier file, with their Vietnamese names; the same keys are the columns of a bulk manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from dvc_cli.model.folding import fold


class Kind(Enum):
    """What a value must be."""

    TEXT = "text"
    IDENTIFIER = "identifier"  # text only: as a number it has lost its leading zero
    DATE = "date"
    YES_NO = "yes-no"
    COUNT = "count"
    CHOICE = "choice"
    FILES = "files"
    TABLE = "table"
    TABLES = "tables"
    FREE = "free"  # a table with keys of the portal's own form


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what its value is, what it is called in Vietnamese, and the words a choice knows (word → canonical)."""

    kind: Kind
    vietnamese: tuple[str, ...] = ()
    choices: Mapping[str, str] | None = None


_GENDER = {"nam": "male", "nu": "female", "male": "male", "female": "female"}
_PAPER = {
    "original": "original",
    "copy": "copy",
    "certified-copy": "certified-copy",
    "ban chinh": "original",
    "ban sao": "copy",
    "ban sao chung thuc": "certified-copy",
}
_RECEIVE = {
    "online": "online",
    "postal": "postal",
    "in-person": "in-person",
    "truc tuyen": "online",
    "buu chinh": "postal",
    "truc tiep": "in-person",
}

PERSON: Mapping[str, Key] = {
    "full_name": Key(Kind.TEXT, ("ho_ten", "ho_va_ten")),
    "identity_number": Key(Kind.IDENTIFIER, ("so_dinh_danh", "so_cccd", "cccd", "so_cmnd", "cmnd", "so_giay_to")),
    "identity_type": Key(Kind.TEXT, ("loai_giay_to",)),
    "issued_on": Key(Kind.DATE, ("ngay_cap",)),
    "issued_by": Key(Kind.TEXT, ("noi_cap",)),
    "birthday": Key(Kind.DATE, ("ngay_sinh",)),
    "gender": Key(Kind.CHOICE, ("gioi_tinh",), _GENDER),
    "ethnicity": Key(Kind.TEXT, ("dan_toc",)),
    "phone": Key(Kind.IDENTIFIER, ("dien_thoai", "so_dien_thoai", "di_dong")),
    "fax": Key(Kind.IDENTIFIER, ("so_fax",)),
    "email": Key(Kind.TEXT, ("thu_dien_tu",)),
    "website": Key(Kind.TEXT, ("trang_web",)),
    "organisation": Key(Kind.TEXT, ("to_chuc", "ten_to_chuc", "co_quan_to_chuc")),
    "tax_code": Key(Kind.IDENTIFIER, ("ma_so_thue", "mst")),
    "licence_number": Key(Kind.IDENTIFIER, ("so_gcn_gp", "so_gcn", "so_giay_phep")),
    "province": Key(Kind.TEXT, ("tinh", "tinh_thanh", "tinh_thanh_pho")),
    "district": Key(Kind.TEXT, ("huyen", "quan_huyen")),
    "commune": Key(Kind.TEXT, ("xa", "phuong_xa")),
    "address": Key(Kind.TEXT, ("dia_chi",)),
}
OWNER: Mapping[str, Key] = {"same_as_applicant": Key(Kind.YES_NO, ("la_nguoi_nop",)), **PERSON}
SIGN: Mapping[str, Key] = {
    "signer": Key(Kind.TEXT, ("nguoi_ky",)),
    "at": Key(Kind.TEXT, ("vi_tri",)),
    "page": Key(Kind.IDENTIFIER, ("trang",)),
    "near": Key(Kind.TEXT, ("gan",)),
    "box": Key(Kind.TEXT, ("khung",)),
    "field_name": Key(Kind.TEXT, ("o_ky",)),
    "preset": Key(Kind.TEXT, ("mau",)),
    "reason": Key(Kind.TEXT, ("ly_do",)),
    "visible": Key(Kind.YES_NO, ("hien_thi",)),
}
COMPONENT: Mapping[str, Key] = {
    "row": Key(Kind.COUNT, ("stt", "dong")),
    "code": Key(Kind.IDENTIFIER, ("ma",)),
    "match": Key(Kind.TEXT, ("ten",)),
    "kind": Key(Kind.CHOICE, ("loai",), _PAPER),
    "copies": Key(Kind.COUNT, ("so_ban",)),
    "files": Key(Kind.FILES, ("tep", "cac_tep")),
    "as_is": Key(Kind.YES_NO, ("giu_nguyen",)),
    "sign": Key(Kind.TABLES, ("ky", "ky_so")),
}
EXTRA: Mapping[str, Key] = {
    "name": Key(Kind.TEXT, ("ten",)),
    "files": Key(Kind.FILES, ("tep", "cac_tep")),
    "catch_all": Key(Kind.YES_NO, ("tep_chung",)),
}
RECEIVE: Mapping[str, Key] = {"how": Key(Kind.CHOICE, ("cach", "hinh_thuc"), _RECEIVE)}
DOSSIER: Mapping[str, Key] = {
    "schema": Key(Kind.COUNT, ("phien_ban",)),
    "procedure": Key(Kind.IDENTIFIER, ("thu_tuc", "ma_thu_tuc")),
    "agency": Key(Kind.TEXT, ("co_quan", "noi_tiep_nhan")),
    "case": Key(Kind.TEXT, ("truong_hop",)),
    "subject": Key(Kind.TEXT, ("ve_viec",)),
    "note": Key(Kind.TEXT, ("ghi_chu",)),
    "key": Key(Kind.IDENTIFIER, ("khoa", "ma_rieng")),
    "period": Key(Kind.IDENTIFIER, ("ky", "ky_nop")),
    "applicant": Key(Kind.TABLE, ("nguoi_nop",)),
    "owner": Key(Kind.TABLE, ("chu_ho_so",)),
    "form": Key(Kind.FREE, ("bieu_mau",)),
    "receive": Key(Kind.TABLE, ("nhan_ket_qua",)),
    "component": Key(Kind.TABLES, ("thanh_phan",)),
    "extra": Key(Kind.TABLES, ("giay_to_khac",)),
}
#: Keys of the design that this version does not do yet: refused with a reason of their own.
LATER = frozenset({"fill", "from_store"})


def canonical(name: str, keys: Mapping[str, Key]) -> str | None:
    """The English key that `name` means (`Họ và tên`, `ho_ten`, `full_name`), or None."""
    if name in keys:
        return name
    folded = fold(name).replace(" ", "_").replace("-", "_").replace("/", "_")
    if folded in keys:
        return folded
    return next((key for key, spec in keys.items() if folded in spec.vietnamese), None)


def suggestion(name: str, keys: Mapping[str, Key]) -> str | None:
    """The known key most like `name`."""
    import difflib

    folded = fold(name).replace(" ", "_")
    known = [*keys, *(word for spec in keys.values() for word in spec.vietnamese)]
    close = difflib.get_close_matches(folded, known, n=1, cutoff=0.6)
    return close[0] if close else None
