"""Portal-mediated SmartCA (portal contract, row 12b): prepare the files, open the transaction, put the signed files in place."""

from __future__ import annotations

import io
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dvc_sandbox.clock import LOCAL
from dvc_sandbox.portal import smartca_store, store_uploads
from dvc_sandbox.portal.calls import Refusal
from dvc_sandbox.portal.receiving import put_signed
from dvc_sandbox.portal.smartca_client import (
    Outcome,
    SmartcaClient,
    SmartcaRefused,
    SmartcaUnreachable,
    SubscriberChoice,
)
from dvc_sandbox.portal.smartca_store import RequestFile, SigningRequest
from dvc_sandbox.portal.store_blobs import read_blob
from dvc_sandbox.portal.store_uploads import Upload
from dvc_sandbox.portal.text import show_moment
from dvc_sandbox.signatures.prepare import CannotPrepare, Prepared, embed, prepare
from dvc_sandbox.signatures.signer_info import Signed
from dvc_sandbox.signatures.stamp import Stamp, displayed_size
from dvc_sandbox.signatures.trust import check_trust, identity_of
from dvc_sandbox.signatures.verdict import REASONS, Refused

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

MOST_FILES = 10
PLACES = {
    "duoi-phai": "Góc dưới bên phải",
    "duoi-trai": "Góc dưới bên trái",
    "tren-phai": "Góc trên bên phải",
    "tren-trai": "Góc trên bên trái",
    "khong": "Không hiển thị chữ ký trên trang",
}
PAGES = {"cuoi": "Trang cuối", "dau": "Trang đầu"}
_WIDTH, _HEIGHT, _MARGIN = 180.0, 62.0, 34.0  # points
_GRACE = timedelta(seconds=60)
_UNREACHABLE = "Chưa kết nối được với VNPT SmartCA. Vui lòng thử lại sau ít phút"
_ENDINGS = {
    Outcome.REJECTED: "Yêu cầu ký số đã bị từ chối trên điện thoại",
    Outcome.EXPIRED: "Yêu cầu ký số đã hết thời gian chờ xác nhận",
    Outcome.FAILED: "VNPT SmartCA báo ký số không thành công",
    Outcome.UNKNOWN: "VNPT SmartCA không tìm thấy yêu cầu ký số này. Vui lòng ký lại",
}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the visible signature goes: keys of PLACES and PAGES."""

    place: str = "duoi-phai"
    page: str = "cuoi"


def choices(environment: Environment, user: str) -> list[SubscriberChoice]:
    """The certificates of a SmartCA subscriber. Refuses with 502 `smartca`, or 422 when SmartCA says no."""
    client = SmartcaClient(environment.urls.smartca)
    try:
        return client.certificates(user, str(uuid.uuid4()))
    except SmartcaUnreachable:
        raise Refusal(502, "smartca", _UNREACHABLE) from None
    except SmartcaRefused as refused:
        raise Refusal(422, "smartca", f"VNPT SmartCA không chấp nhận tài khoản {user}: {refused.message}") from None


def choose(environment: Environment, user: str, serial: str) -> SubscriberChoice:
    """The certificate to sign with: the named one, else the first active personal one, else the first active one.

    Refuses with 422 `smartca` when there is none, or it is not trusted, expired or revoked.
    """
    found = choices(environment, user)
    active = [one for one in found if one.active]
    if serial:
        named = [one for one in found if one.serial.lower() == serial.lower()]
    else:
        named = sorted(active, key=lambda one: one.kind != "SMARTCA") or found
    if not named:
        raise Refusal(422, "smartca", f"Tài khoản VNPT SmartCA {user} không có chứng thư chữ ký số phù hợp")
    try:
        check_trust(environment, Signed(named[0].certificate, named[0].chain))
    except Refused as refused:
        raise Refusal(422, "smartca", REASONS[refused.reason]) from None
    if not named[0].active:
        raise Refusal(422, "smartca", f"Chứng thư chữ ký số không dùng được: {named[0].status}")
    return named[0]


def start(
    environment: Environment,
    account: int,
    uploads: Sequence[Upload],
    user: str,
    choice: SubscriberChoice,
    placement: Placement,
    description: str,
) -> SigningRequest:
    """Prepare the files and open one transaction for them; it is kept before it is sent.

    Refuses with 409 `conflict` while another one waits, 422 `broken` for a PDF that cannot be signed, 422 `smartca` when
    SmartCA refuses. A lost answer is no refusal: the transaction is kept and settled by its status.
    """
    for other in smartca_store.waiting_of(environment, account):
        settle(environment, other)
    now = environment.clock.now()
    who = identity_of(choice.certificate)
    files = tuple(_prepared(environment, one, choice, placement, who.name, now) for one in uploads)
    request = SigningRequest(
        reference=secrets.token_hex(16),
        transaction_id=str(uuid.uuid4()),
        sid=uploads[0].sid,
        account=account,
        tran_code="",
        signer=who.name,
        certificate=choice.certificate,
        chain=choice.chain,
        state="waiting",
        message="",
        created_at=now,
        expires_at=now + timedelta(seconds=300),
        files=files,
    )
    if not smartca_store.add(environment, request):
        raise Refusal(
            409, "conflict", "Bạn đang có một yêu cầu ký số chờ xác nhận trên điện thoại. Vui lòng hoàn tất trước"
        )
    _send(environment, request, user, choice.serial, description)
    return smartca_store.find(environment, request.reference, request.sid) or request


def settle(environment: Environment, request: SigningRequest) -> SigningRequest:
    """Ask SmartCA how the transaction stands and, once it is signed, put the signed files in place. Never refuses."""
    if request.state != "waiting":
        return request
    client = SmartcaClient(environment.urls.smartca)
    overdue = environment.clock.now() > request.expires_at + _GRACE
    try:
        status = client.status(request.transaction_id, request.tran_code)
    except SmartcaUnreachable:
        if overdue:
            smartca_store.end(environment, request.reference, "expired", _ENDINGS[Outcome.EXPIRED])
        return _again(environment, request)
    if status.outcome is Outcome.SIGNED:
        for file in request.files:
            _finish(environment, request, file, status.values.get(file.doc_id, b""))
        done = _again(environment, request)
        good = all(file.state == "signed" for file in done.files)
        message = "" if good else "Có tệp tin ký số không thành công"
        smartca_store.end(environment, request.reference, "signed" if good else "failed", message)
    elif status.outcome is Outcome.WAITING:
        if overdue:
            smartca_store.end(environment, request.reference, "expired", _ENDINGS[Outcome.EXPIRED])
    else:
        state = "failed" if status.outcome is Outcome.UNKNOWN else status.outcome.value
        smartca_store.end(environment, request.reference, state, _ENDINGS[status.outcome])
    return _again(environment, request)


def _again(environment: Environment, request: SigningRequest) -> SigningRequest:
    return smartca_store.find(environment, request.reference, request.sid) or request


def _send(environment: Environment, request: SigningRequest, user: str, serial: str, description: str) -> None:
    digests = {file.doc_id: _whole(b"", file).digest for file in request.files}
    client = SmartcaClient(environment.urls.smartca)
    try:
        opened = client.sign(user, serial, request.transaction_id, description, digests)
    except SmartcaRefused as refused:
        smartca_store.end(environment, request.reference, "failed", refused.message)
        raise Refusal(422, "smartca", f"VNPT SmartCA từ chối yêu cầu ký số: {refused.message}") from None
    except SmartcaUnreachable:
        return
    expires = environment.clock.now() + timedelta(seconds=opened.expires_in)
    smartca_store.opened(environment, request.reference, opened.tran_code, expires)


def _prepared(
    environment: Environment, upload: Upload, choice: SubscriberChoice, placement: Placement, name: str, now: datetime
) -> RequestFile:
    stored = read_blob(environment, upload.sha256)
    moment = now.astimezone(LOCAL).replace(microsecond=0)
    lines = (f"Ký bởi: {name}", f"Ngày ký: {show_moment(moment)}", "Ký qua VNPT SmartCA (THỬ NGHIỆM)")
    try:
        ready = prepare(stored, choice.certificate, choice.chain, moment, _stamp(stored, placement, lines))
    except CannotPrepare:
        raise Refusal(
            422, "broken", f"Không ký số được tệp tin {upload.original_name}: PDF bị khóa hoặc bị hỏng"
        ) from None
    if not ready.document.startswith(stored):
        raise Refusal(422, "broken", f"Không ký số được tệp tin {upload.original_name}: PDF bị hỏng")
    return RequestFile(
        upload=upload.id,
        doc_id=f"{upload.id}-{upload.original_name}",
        stored_sha256=upload.sha256,
        increment=ready.document[len(stored) :],
        gap_start=ready.gap_start,
        gap_end=ready.gap_end,
        attributes=ready.attributes,
    )


def _stamp(pdf: bytes, placement: Placement, lines: tuple[str, ...]) -> Stamp | None:
    """The visible signature in a corner of the first or last page as it is displayed; None for an invisible one."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError

    if placement.place == "khong":
        return None
    try:
        writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        page = int(writer.root["/Pages"]["/Count"]) - 1 if placement.page == "cuoi" else 0
        width, height = displayed_size(writer, page)
    except (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise CannotPrepare(type(error).__name__) from error
    x = width - _MARGIN - _WIDTH if placement.place.endswith("phai") else _MARGIN
    y = height - _MARGIN - _HEIGHT if placement.place.startswith("tren") else _MARGIN
    x, y = max(x, 0.0), max(y, 0.0)
    return Stamp(page, (x, y, min(x + _WIDTH, width), min(y + _HEIGHT, height)), lines)


def _whole(stored: bytes, file: RequestFile) -> Prepared:
    return Prepared(stored + file.increment, file.gap_start, file.gap_end, file.attributes)


def _finish(environment: Environment, request: SigningRequest, file: RequestFile, value: bytes) -> None:
    """Check one returned value, embed it and put the signed file in place; doing it twice changes nothing."""
    if file.state != "waiting":
        return
    reference = request.reference
    upload = store_uploads.find(environment, request.sid, file.upload)
    if upload is not None and upload.unsigned_sha256 == file.stored_sha256 and upload.signed_way == "smartca":
        smartca_store.end_file(environment, reference, file.doc_id, "signed")
        return
    if upload is None or upload.sha256 != file.stored_sha256:
        smartca_store.end_file(environment, reference, file.doc_id, "failed", "Tệp tin đã được thay đổi trong lúc ký")
        return
    stored = read_blob(environment, file.stored_sha256)
    try:
        signed = embed(_whole(stored, file), request.certificate, request.chain, value)
    except ValueError:
        message = "Chữ ký do VNPT SmartCA trả về không đúng với tệp tin"
        smartca_store.end_file(environment, reference, file.doc_id, "failed", message)
        return
    try:
        put_signed(environment, upload, stored, signed, "smartca")
    except Refusal as refusal:
        if _signed_meanwhile(environment, request, file):
            smartca_store.end_file(environment, reference, file.doc_id, "signed")
        else:
            smartca_store.end_file(environment, reference, file.doc_id, "failed", refusal.message)
        return
    smartca_store.end_file(environment, reference, file.doc_id, "signed")


def _signed_meanwhile(environment: Environment, request: SigningRequest, file: RequestFile) -> bool:
    """Whether another status request finished the same file a moment earlier."""
    upload = store_uploads.find(environment, request.sid, file.upload)
    return upload is not None and upload.unsigned_sha256 == file.stored_sha256 and upload.signed_way == "smartca"
