"""Taking a file from a request: size, kind and soundness are checked before it is stored."""

from __future__ import annotations

import io

from starlette.datastructures import UploadFile

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import file_kinds, store_uploads
from dvc_sandbox.portal.calls import Refusal
from dvc_sandbox.portal.store_uploads import Content, Upload
from dvc_sandbox.portal.text import show_size
from dvc_sandbox.signatures.check import check_signed


def is_file(value: object) -> bool:
    """Whether a form value is a file somebody chose: browsers send an empty one for an untouched input."""
    return isinstance(value, UploadFile) and bool(value.filename)


def content_of(value: object, slot: str) -> Content:
    """Check an uploaded file for its slot; refuses with 413 (size), 415 (type) or 422 (missing or broken)."""
    if not isinstance(value, UploadFile) or not value.filename:
        raise Refusal(422, "invalid", "Chưa có tệp tin nào được gửi lên")
    name = file_kinds.display_name(value.filename)
    limit = store_uploads.limit_of(slot)
    if (value.size or 0) > limit:
        raise Refusal(413, "too-large", f"Tệp tin {name} vượt quá dung lượng cho phép {show_size(limit)}")
    try:
        kind = file_kinds.kind_of(value.file, name)
    except file_kinds.WrongType:
        raise Refusal(
            415,
            "type",
            f"Tệp tin {name} không đúng định dạng; chỉ nhận .doc, .docx, .pdf, .jpg hoặc tệp nén .zip, .rar, .7z",
        ) from None
    except file_kinds.BrokenFile:
        raise Refusal(422, "broken", f"Tệp tin {name} bị hỏng hoặc không mở được") from None
    return Content(value.file, name, kind.extension, kind.media_type)


def put_signed(environment: Environment, upload: Upload, stored: bytes, signed: bytes, way: str) -> None:
    """Check a signed PDF against the stored file and put it in its place.

    Refuses with 422 ``signature`` when the check fails, 409 when the stored file has changed meanwhile.
    """
    if len(signed) > store_uploads.limit_of(upload.slot):
        limit = show_size(store_uploads.limit_of(upload.slot))
        raise Refusal(413, "too-large", f"Tệp tin đã ký vượt quá dung lượng cho phép {limit}")
    verdict = check_signed(environment, stored, signed)
    if not verdict.ok:
        raise Refusal(422, "signature", verdict.reason_vi)
    if not store_uploads.put_signed(environment, upload, io.BytesIO(signed), way, verdict.signer_name):
        raise Refusal(409, "conflict", "Tệp tin đã được thay đổi trong lúc ký. Vui lòng ký lại")
