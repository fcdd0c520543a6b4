"""The five HTTP calls (contract smartca.md §1): POST, JSON in, JSON out."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import TypeGuard

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dvc_sandbox.smartca import answers
from dvc_sandbox.smartca.answers import Answer
from dvc_sandbox.smartca.model import Document, Refusal, Transaction
from dvc_sandbox.smartca.people import Provider, Subscriber
from dvc_sandbox.smartca.service import MAX_DOCUMENTS, SigningService

BASE_PATH = "/sca/sp769"
MAX_BODY = 1_000_000  # bytes; 50 documents need 10 kB
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_OTP = re.compile(r"[0-9]{6}")
_FILE_TYPES = ("pdf", "xml", "json", "docx", "xlsx")

Body = dict[str, object]
Handler = Callable[[SigningService, Body, dict[str, str]], Answer]


def call_routes(service: SigningService) -> list[Route]:
    """The routes of the `sp769` API."""
    table: dict[str, Handler] = {
        "/v1/credentials/get_certificate": get_certificate,
        "/v1/signatures/sign": sign_by_phone,
        "/v1/signatures/sign/{transaction_id}/status": signing_status,
        "/v2/signatures/sign": sign_by_otp,
        "/v2/signatures/confirm": confirm,
    }
    return [Route(BASE_PATH + path, _endpoint(service, handler), methods=["POST"]) for path, handler in table.items()]


def get_certificate(service: SigningService, body: Body, _path: dict[str, str]) -> Answer:
    """`/v1/credentials/get_certificate`: the subscriber's certificates, all or one."""
    _text(body, "transaction_id")
    serial_number = _text(body, "serial_number", may_be_empty=True)
    _, subscriber = _parties(service, body)
    named = not service.behaviour().variants.no_cert_status_code
    now = service.clock.now()
    rows = [one.entry(now, with_status_code=named) for one in service.certificates(subscriber, serial_number)]
    return answers.success("Success", {"user_certificates": rows})


def sign_by_phone(service: SigningService, body: Body, _path: dict[str, str]) -> Answer:
    """`/v1/signatures/sign`: open a transaction that waits for the tap."""
    return _opened(service, _open(service, body, by_otp=False))


def sign_by_otp(service: SigningService, body: Body, _path: dict[str, str]) -> Answer:
    """`/v2/signatures/sign`: password and OTP; answers with `sad`, or (variant) falls back to the phone."""
    password, otp = _text(body, "password"), _text(body, "otp")
    if not _OTP.fullmatch(otp):
        raise Refusal(400, 30000, "otp phải gồm 6 chữ số")
    _, subscriber = _parties(service, body)
    service.check_otp(subscriber, password, otp)
    falls_back = service.behaviour().variants.no_sad
    return _opened(service, _open(service, body, by_otp=not falls_back))


def confirm(service: SigningService, body: Body, _path: dict[str, str]) -> Answer:
    """`/v2/signatures/confirm`: the signatures of an activated transaction, at once."""
    transaction_id, sad, password = (_text(body, name) for name in ("transaction_id", "sad", "password"))
    _, subscriber = _parties(service, body)
    service.check_password(subscriber, password)
    return _status(service, service.confirm(subscriber, transaction_id, sad))


def signing_status(service: SigningService, _body: Body, path: dict[str, str]) -> Answer:
    """`/v1/signatures/sign/{transaction_id}/status`: no secret but the id itself."""
    found = service.query(path["transaction_id"])
    if found is None:
        raise Refusal(400, 62000, "Không tìm thấy giao dịch")
    return _status(service, found)


def _open(service: SigningService, body: Body, *, by_otp: bool) -> Transaction:
    serial_number = _text(body, "serial_number", may_be_empty=not by_otp)
    transaction_id, description = _text(body, "transaction_id"), _text(body, "transaction_desc")
    documents = _documents(body)
    provider, subscriber = _parties(service, body)
    return service.open(provider, subscriber, serial_number, transaction_id, description, documents, by_otp=by_otp)


def _opened(service: SigningService, transaction: Transaction) -> Answer:
    return answers.opened(transaction, service.clock.now(), service.behaviour().variants)


def _status(service: SigningService, transaction: Transaction) -> Answer:
    certificate = service.certificate(transaction.certificate)
    return answers.status(transaction, certificate, service.behaviour().variants)


def _parties(service: SigningService, body: Body) -> tuple[Provider, Subscriber]:
    sp_id, sp_password, user_id = (_text(body, name) for name in ("sp_id", "sp_password", "user_id"))
    return service.provider(sp_id, sp_password), service.subscriber(user_id)


def _documents(body: Body) -> tuple[Document, ...]:
    rows = body.get("sign_files")
    if not _is_rows(rows) or not 1 <= len(rows) <= MAX_DOCUMENTS:
        raise Refusal(400, 30000, f"sign_files phải có từ 1 đến {MAX_DOCUMENTS} tệp")
    documents = tuple(_document(row) for row in rows)
    if len({one.doc_id for one in documents}) != len(documents):
        raise Refusal(400, 30000, "doc_id bị trùng")
    return documents


def _document(row: Body) -> Document:
    digest, doc_id, file_type, sign_type = (
        _text(row, name) for name in ("data_to_be_signed", "doc_id", "file_type", "sign_type")
    )
    if sign_type != "hash":
        raise Refusal(400, 62010, "sign_type phải là hash")
    if file_type not in _FILE_TYPES:
        raise Refusal(400, 62010, "file_type không được hỗ trợ")
    if not _DIGEST.fullmatch(digest):
        raise Refusal(400, 62010, "data_to_be_signed phải là chuỗi hex SHA-256")
    return Document(doc_id, digest.lower(), file_type)


def _is_rows(value: object) -> TypeGuard[list[Body]]:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _text(body: Body, name: str, *, may_be_empty: bool = False) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not (value or may_be_empty) or len(value) > 4000:
        raise Refusal(400, 30000, f"Thiếu hoặc sai trường {name}")
    return value


def _endpoint(service: SigningService, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await _json(request)
            answer = await run_in_threadpool(handler, service, body, dict(request.path_params))
        except Refusal as problem:
            answer = answers.refusal(problem, service.behaviour().variants)
        return JSONResponse(answer.body, answer.http_status)

    return endpoint


async def _json(request: Request) -> Body:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(400, 30000, "Chỉ nhận application/json")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise Refusal(400, 30000, "Yêu cầu quá lớn")
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal(400, 30000, "JSON không hợp lệ") from None
    if not isinstance(body, dict):
        raise Refusal(400, 30000, "JSON phải là một đối tượng")
    return body
