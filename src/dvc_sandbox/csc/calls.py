"""The HTTP calls of CSC API 1.0.4.0 §11: POST, JSON in, JSON out (204 where the standard says so)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dvc_sandbox.csc import keys
from dvc_sandbox.csc.model import Caller, CscRefusal, TokenPair, invalid
from dvc_sandbox.csc.people import CscCredential
from dvc_sandbox.csc.service import CscService

BASE_PATH = "/csc/v1"
MAX_BODY = 1_000_000
METHODS = (
    "info", "auth/login", "auth/revoke", "oauth2/token", "credentials/list", "credentials/info",
    "credentials/sendOTP", "credentials/authorize", "signatures/signHash",
)  # fmt: skip

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its JSON (or form) fields and its Authorization header."""

    fields: Body
    authorization: str


Handler = Callable[[CscService, Call], Body | None]


def call_routes(service: CscService) -> list[Route]:
    """The routes of the API."""
    table: dict[str, Handler] = {
        "info": _info,
        "auth/login": _log_in,
        "auth/revoke": _revoke,
        "oauth2/token": _token,
        "credentials/list": _list,
        "credentials/info": _credential_info,
        "credentials/sendOTP": _send_otp,
        "credentials/authorize": _authorize,
        "signatures/signHash": _sign_hash,
    }
    return [
        Route(f"{BASE_PATH}/{path}", _endpoint(service, handler, is_form=path == "oauth2/token"), methods=["POST"])
        for path, handler in table.items()
    ]


def _info(service: CscService, _call: Call) -> Body:
    variants = service.variants()
    return {
        "specs": variants.specs,
        "name": "Ký số từ xa THỬ NGHIỆM (SANDBOX)",
        "logo": "",
        "region": "VN",
        "lang": "vi-VN",
        "description": "CSC API emulator of dvc-cli; nothing it signs has legal value",
        "authType": ["basic", "oauth2client"],
        "methods": [one for one in METHODS if not (variants.no_list and one == "credentials/list")],
    }


def _log_in(service: CscService, call: Call) -> Body:
    if "refresh_token" in call.fields:
        return _granted(service, service.refresh(_text(call.fields, "refresh_token")), "")
    user_id, password = _basic(call.authorization)
    return _granted(service, service.log_in(user_id, password, remember=call.fields.get("rememberMe") is True), "")


def _revoke(service: CscService, call: Call) -> None:
    service.caller(call.authorization)
    if not service.store.drop_token(_text(call.fields, "token")):
        raise invalid("Invalid string parameter token")


def _token(service: CscService, call: Call) -> Body:
    match call.fields.get("grant_type"):
        case "client_credentials":
            client_id, secret = _text(call.fields, "client_id"), _text(call.fields, "client_secret")
            return _granted(service, service.client_log_in(client_id, secret), "Bearer")
        case "refresh_token":
            return _granted(service, service.refresh(_text(call.fields, "refresh_token")), "Bearer")
    raise CscRefusal(400, "unsupported_grant_type", "The grant type is not supported")


def _granted(service: CscService, tokens: TokenPair, kind: str) -> Body:
    answer: Body = {"access_token": tokens.access, "expires_in": _number(service, tokens.seconds)}
    if tokens.refresh is not None:
        answer["refresh_token"] = tokens.refresh
    return {**answer, "token_type": kind} if kind else answer


def _list(service: CscService, call: Call) -> Body:
    variants = service.variants()
    if variants.no_list:
        raise CscRefusal(501, "not_implemented_method", "The method is not implemented")
    user_id = call.fields.get("userID")
    if user_id is not None and not isinstance(user_id, str):
        raise invalid("Invalid type of parameter userID")
    found = service.credentials(service.caller(call.authorization), user_id)
    page = call.fields.get("pageToken", "0")
    if not isinstance(page, str) or not page.isdecimal() or int(page) > len(found):
        raise invalid("Invalid parameter pageToken")
    start, size = int(page), variants.page_size or len(found)
    answer: Body = {"credentialIDs": found[start : start + size]}
    return {**answer, "nextPageToken": str(start + size)} if start + size < len(found) else answer


def _credential_info(service: CscService, call: Call) -> Body:
    credential = _credential(service, service.caller(call.authorization), call)
    wanted = call.fields.get("certificates", "single")
    if wanted not in ("none", "single", "chain"):
        raise invalid("Invalid parameter certificates")
    answer: Body = {
        "description": f"{credential.id} (THỬ NGHIỆM)",
        "key": _key(service, credential),
        "cert": _cert(service, credential, wanted, full=call.fields.get("certInfo") is True),
        "SCAL": credential.scal,
        "multisign": _number(service, service.multisign(credential)),
        "lang": "vi-VN",
    }
    if call.fields.get("authInfo") is True:
        answer |= _authorization(credential)
    answer["authMode"] = "implicit" if credential.implicit else "explicit"
    return answer


def _key(service: CscService, credential: CscCredential) -> Body:
    facts = keys.key_facts(service.certificate(credential))
    if algorithms := service.variants().algorithms:
        facts["algo"] = algorithms.split()
    return {**facts, "len": _number(service, int(str(facts["len"])))}


def _cert(service: CscService, credential: CscCredential, wanted: str, *, full: bool) -> Body:
    certificate = service.certificate(credential)
    code = certificate.status(service.clock.now())[1]
    chain = [certificate.der, certificate.issuer_der, certificate.root_der]
    count = {"none": 0, "single": 1, "chain": 1 if service.variants().single_certificate else 3}[wanted]
    answer: Body = {"status": {"VALID": "valid", "NOT_YET_VALID": "suspended"}.get(code, code.lower())}
    if count:
        answer["certificates"] = [base64.b64encode(one).decode() for one in chain[:count]]
    if full:
        answer |= {
            "subjectDN": certificate.subject,
            "serialNumber": certificate.serial_number,
            "validFrom": f"{certificate.valid_from:%Y%m%d%H%M%S}Z",
            "validTo": f"{certificate.valid_to:%Y%m%d%H%M%S}Z",
        }
    return answer


def _authorization(credential: CscCredential) -> Body:
    if credential.implicit:
        return {}
    label = {"format": "N", "label": "PIN", "description": "Mã PIN của khóa ký (THỬ NGHIỆM)"}
    answer: Body = {"PIN": {"presence": "true", **label} if credential.pin else {"presence": "false"}}
    if credential.otp:
        answer["OTP"] = {
            "presence": "true",
            "type": credential.otp,
            "format": "N",
            "label": "Mã OTP",
            "description": "Mã OTP 6 chữ số (THỬ NGHIỆM)",
            "ID": f"otp-{credential.id}",
            "provider": "sandbox",
        }
    else:
        answer["OTP"] = {"presence": "false"}
    return answer


def _send_otp(service: CscService, call: Call) -> None:
    service.send_otp(_credential(service, service.caller(call.authorization), call))


def _authorize(service: CscService, call: Call) -> Body:
    credential = _credential(service, service.caller(call.authorization), call)
    count = call.fields.get("numSignatures")
    if not isinstance(count, int) or isinstance(count, bool):
        raise invalid("Missing (or invalid type) integer parameter numSignatures")
    hashes = tuple(_texts(call.fields, "hash")) if "hash" in call.fields else None
    pin, otp = (_text(call.fields, name) if name in call.fields else None for name in ("PIN", "OTP"))
    activation = service.authorize(credential, count, hashes, pin, otp)
    return {"SAD": activation.sad, "expiresIn": _number(service, service.variants().sad_seconds)}


def _sign_hash(service: CscService, call: Call) -> Body:
    credential = _credential(service, service.caller(call.authorization), call)
    sad, algorithm = _text(call.fields, "SAD"), _text(call.fields, "signAlgo")
    hashes = _texts(call.fields, "hash")
    is_rsa = keys.is_rsa(service.certificate(credential))
    if algorithm not in ((keys.RSA, *keys.RSA_WITH) if is_rsa else keys.ECDSA_WITH):
        raise invalid("Invalid parameter signAlgo")
    if algorithm == keys.RSA and "hashAlgo" not in call.fields:
        raise invalid("Missing (or invalid type) string parameter hashAlgo")
    digest_name = keys.digest_of_algorithm(algorithm, call.fields.get("hashAlgo"))
    if digest_name is None:
        raise invalid("Invalid parameter hashAlgo")
    return {"signatures": service.sign(credential, sad, hashes, digest_name)}


def _credential(service: CscService, caller: Caller, call: Call) -> CscCredential:
    return service.credential(caller, _text(call.fields, "credentialID"))


def _text(fields: Body, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value or len(value) > 4000:
        raise invalid(f"Missing (or invalid type) string parameter {name}")
    return value


def _texts(fields: Body, name: str) -> list[str]:
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(f"Missing (or invalid type) array parameter {name}")
    if not value:
        raise invalid("Empty hash array")
    return value


def _number(service: CscService, number: int) -> int | str:
    return str(number) if service.variants().text_numbers else number


def _basic(header: str) -> tuple[str, str]:
    scheme, _, text = header.partition(" ")
    try:
        decoded = base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        decoded = ""
    user_id, colon, password = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise invalid("Malformed authorization header")
    return user_id, password


def _endpoint(service: CscService, handler: Handler, *, is_form: bool) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            fields = await (_form(request) if is_form else _json(request))
            call = Call(fields, request.headers.get("authorization", ""))
            answer = await run_in_threadpool(handler, service, call)
        except CscRefusal as refusal:
            content = {"error": refusal.error, "error_description": refusal.description}
            return JSONResponse(content, refusal.status)
        return Response(status_code=204) if answer is None else JSONResponse(answer)

    return endpoint


async def _raw(request: Request) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise invalid("The request is too large")
    return bytes(raw)


async def _form(request: Request) -> Body:
    return dict(parse_qsl((await _raw(request)).decode("utf-8", "replace")))


async def _json(request: Request) -> Body:
    raw = await _raw(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid("The request is not JSON")
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("The request is not a JSON object")
    return body
