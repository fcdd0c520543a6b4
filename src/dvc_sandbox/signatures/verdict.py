"""The verdict of the signature check: a stable slug, its Vietnamese text, and who signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "ok": "Chữ ký số hợp lệ",
        "not-the-stored-file": "Tệp đã ký không phải là tệp đang lưu: phần đầu không trùng khớp từng byte với tệp đã tải lên",
        "unreadable": "Không đọc được tệp PDF đã ký",
        "encrypted": "Tệp PDF đã ký đang được bảo vệ bằng mật khẩu",
        "unsigned": "Tệp PDF không có chữ ký số mới",
        "byte-range": "Phạm vi ký (ByteRange) không đúng: chữ ký phải bao trùm toàn bộ tệp, trừ đúng phần chứa chữ ký",
        "changed-after-signing": "Tệp đã bị thay đổi sau khi ký: có dữ liệu nằm ngoài phạm vi ký ở cuối tệp",
        "changed-content": "Phần bổ sung khi ký làm thay đổi nội dung của tài liệu gốc",
        "format": "Định dạng chữ ký không được chấp nhận; chỉ nhận ETSI.CAdES.detached và adbe.pkcs7.detached",
        "cms": "Cấu trúc chữ ký (CMS) bị hỏng hoặc không đầy đủ",
        "weak-digest": "Thuật toán băm không an toàn; yêu cầu SHA-256 trở lên",
        "weak-key": "Khóa ký quá ngắn; yêu cầu RSA từ 2048 bit hoặc EC từ 256 bit",
        "digest": "Nội dung tệp đã bị thay đổi: giá trị băm không khớp với chữ ký",
        "signature": "Giá trị chữ ký không đúng với chứng thư chữ ký số",
        "untrusted": "Chứng thư chữ ký số không thuộc hệ thống chứng thực được tin cậy",
        "expired": "Chứng thư chữ ký số đã hết hạn",
        "not-yet-valid": "Chứng thư chữ ký số chưa có hiệu lực",
        "revoked": "Chứng thư chữ ký số đã bị thu hồi",
        "key-usage": "Chứng thư không được cấp để ký văn bản",
        "other-person": "Chứng thư chữ ký số không phải của người nộp hoặc chủ hồ sơ",
    }
)


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """What the check found. `identity` is the number in the certificate's UID without its prefix (CCCD:, CMND:, MST:),
    `identity_kind` that prefix in lower case, `way` says whose key signed: `smartca` or `token` (any other)."""

    ok: bool
    reason: str
    reason_vi: str
    signer_name: str = ""
    identity: str = ""
    way: Literal["", "token", "smartca"] = ""
    identity_kind: str = ""


class Refused(Exception):
    """A rule is broken; `reason` is a key of REASONS."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


def refused(reason: str) -> SignatureVerdict:
    """The verdict for a broken rule."""
    return SignatureVerdict(False, reason, REASONS[reason])
