"""The admin API: the switches of tests and demos, behind the sandbox's random token."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from dvc_sandbox.environment import Environment
from dvc_sandbox.errors import SandboxError
from dvc_sandbox.faults import FaultRule

if TYPE_CHECKING:
    from dvc_sandbox.server import AdminHooks

Fields: TypeAlias = dict[str, Any]
Action: TypeAlias = Callable[[Environment, Fields, Fields], object]  # environment, path parameters, JSON body

_STATUS = {"not-found": 404, "unauthorized": 401}


class _Refused(SandboxError):
    """An answer of the admin API that is not 200."""


def build_app(environment: Environment, hooks: AdminHooks) -> Starlette:
    """The server `admin`: every route is under /v1 and needs `Authorization: Bearer <token>`."""
    actions: list[tuple[str, str, Action]] = [
        ("GET", "/clock", _clock),
        ("POST", "/clock", _move_clock),
        ("GET", "/captcha/{id}", _captcha),
        ("GET", "/faults", _list_faults),
        ("POST", "/faults", _add_fault),
        ("DELETE", "/faults", _clear_faults),
        ("GET", "/portal/settings", _portal_settings),
        ("POST", "/portal/settings", _change_portal_settings),
        ("POST", "/officer/{code}/{action}", _officer),
        ("GET", "/dossiers", _dossiers),
        ("GET", "/dossiers/{code}", _dossier),
        ("GET", "/smartca/transactions", _transactions),
        ("GET", "/smartca/mode", _smartca_mode),
        ("POST", "/smartca/mode", _set_smartca_mode),
        ("POST", "/smartca/{transaction}/{decision}", _decide),
        ("GET", "/csc", _csc),
        ("POST", "/csc/variants", _set_csc_variants),
        ("POST", "/csc/reset", _reset_csc),
        ("POST", "/reset", lambda _environment, _path, _body: hooks.reset()),
        ("POST", "/stop", lambda _environment, _path, _body: hooks.stop()),
    ]
    routes: list[BaseRoute] = [
        Route(path, _endpoint(environment, hooks.token, action), methods=[method]) for method, path, action in actions
    ]
    routes.append(Route("/blobs/{sha256}", _blob_endpoint(environment, hooks.token), methods=["GET"]))
    return Starlette(routes=[Mount("/v1", routes=routes)])


def _endpoint(environment: Environment, token: str, action: Action) -> Callable[[Request], Any]:
    @wraps(action)
    async def endpoint(request: Request) -> Response:
        if not _is_authorized(request, token):
            return _refusal(401, "unauthorized", "the admin token is missing or wrong")
        try:
            body = await _json_body(request)
            # Actions touch the database and may sign papers: never on the event loop.
            result = await run_in_threadpool(action, environment, dict(request.path_params), body)
        except _Refused as error:
            return _refusal(_STATUS.get(error.slug, 400), error.slug, error.message)
        except SandboxError as error:
            return _refusal(400, error.slug, error.message)
        except (LookupError, ValueError, TypeError) as error:
            return _refusal(400, "refused", str(error))
        content = result if isinstance(result, dict) else {"result": result}
        return JSONResponse({"sandbox": True, **content})

    return endpoint


def _blob_endpoint(environment: Environment, token: str) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        from dvc_sandbox.portal import store_blobs

        if not _is_authorized(request, token):
            return _refusal(401, "unauthorized", "the admin token is missing or wrong")
        try:
            content = store_blobs.read_blob(environment, request.path_params["sha256"])
        except KeyError:
            return _refusal(404, "not-found", "the portal stores no bytes with this SHA-256")
        return Response(content, media_type="application/octet-stream")

    return endpoint


def _is_authorized(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return secrets.compare_digest(given.encode("utf-8"), f"Bearer {token}".encode())


def _refusal(status: int, slug: str, message: str) -> JSONResponse:
    return JSONResponse({"sandbox": True, "error": slug, "message": message}, status_code=status)


async def _json_body(request: Request) -> Fields:
    if not await request.body():
        return {}
    try:
        content = await request.json()
    except ValueError as error:
        raise _Refused("invalid", "the body is not JSON") from error
    if not isinstance(content, dict):
        raise _Refused("invalid", "the body is not a JSON object")
    return content


def _clock(environment: Environment, _path: Fields, _body: Fields) -> Fields:
    clock = environment.clock
    return {"now": clock.now().isoformat(), "offset_seconds": clock.offset.total_seconds()}


def _move_clock(environment: Environment, path: Fields, body: Fields) -> Fields:
    match body:
        case {"shift_seconds": int() | float() as seconds}:
            environment.clock.shift(timedelta(seconds=seconds))
        case {"set": str() as moment}:
            environment.clock.set(datetime.fromisoformat(moment))
        case _:
            raise _Refused("invalid", "give `shift_seconds` (a number) or `set` (an ISO 8601 moment with its zone)")
    return _clock(environment, path, body)


def _captcha(environment: Environment, path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.portal import captchas

    answer = captchas.answer(environment, path["id"])
    if answer is None:
        raise _Refused("not-found", f"there is no captcha {path['id']!r}")
    return {"answer": answer}


def _list_faults(environment: Environment, _path: Fields, _body: Fields) -> Fields:
    hits = {str(number): count for number, count in environment.faults.hits().items()}
    return {"faults": [asdict(rule) for rule in environment.faults.list()], "hits": hits}


def _add_fault(environment: Environment, _path: Fields, body: Fields) -> Fields:
    unknown = set(body) - {field.name for field in fields(FaultRule)}
    if unknown:
        raise _Refused("invalid", f"unknown field of a fault: {', '.join(sorted(unknown))}")
    return {"id": environment.faults.add(FaultRule(**body))}


def _clear_faults(environment: Environment, _path: Fields, _body: Fields) -> None:
    environment.faults.clear()


def _portal_settings(environment: Environment, _path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.portal import settings

    return asdict(settings.load(environment))


def _change_portal_settings(environment: Environment, _path: Fields, body: Fields) -> Fields:
    from dvc_sandbox.portal import settings

    return asdict(settings.change(environment, **body))


def _officer(environment: Environment, path: Fields, body: Fields) -> Fields:
    from dvc_sandbox.officer import actions
    from dvc_sandbox.portal import store_dossiers

    try:
        result = actions.perform(environment, path["code"], path["action"], **body)
    except store_dossiers.DossierMissing as error:
        raise _Refused("not-found", f"there is no dossier {path['code']!r}") from error
    except store_dossiers.StatusRefused as error:
        raise _Refused("status-refused", str(error)) from error
    except actions.ActionRefused as error:
        raise _Refused(error.slug, error.message) from error
    done = _plain(result)
    return done if isinstance(done, dict) else {"result": done}


def _dossiers(environment: Environment, _path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.portal import store_dossiers

    found, _ = store_dossiers.search(environment, size=-1)
    return {"dossiers": [_dossier_row(dossier) for dossier in found]}


def _dossier(environment: Environment, path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.portal import store_dossiers

    dossier = store_dossiers.find(environment, path["code"])
    if dossier is None:
        raise _Refused("not-found", f"there is no dossier {path['code']!r}")
    return {
        **_dossier_row(dossier),
        "subject": dossier.subject,
        "note": dossier.note,
        "applicant": dict(dossier.applicant),
        "owner": dict(dossier.owner),
        "files": _plain(store_dossiers.files(environment, dossier.code)),
        "history": _plain(store_dossiers.history(environment, dossier.code)),
    }


def _dossier_row(dossier: Any) -> Fields:
    return {
        "code": dossier.code,
        "status": dossier.status,
        "status_name": dossier.status_name,
        "account": dossier.account,
        "applicant_name": dossier.applicant_name,
        "procedure_code": dossier.procedure_code,
        "submitted_at": dossier.submitted_at.isoformat(),
        "reference": dossier.reference,
    }


def _transactions(environment: Environment, _path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.smartca import actions

    return {"transactions": actions.transactions(environment)}


def _smartca_mode(environment: Environment, _path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.smartca import actions

    return actions.behaviour(environment)


def _set_smartca_mode(environment: Environment, path: Fields, body: Fields) -> Fields:
    from dvc_sandbox.smartca import actions

    if not {"mode", "variants"} & set(body):
        raise _Refused("invalid", "give `mode`, `variants` or both")
    if "variants" in body:
        actions.set_variants(environment, body["variants"])
    if "mode" in body:
        actions.set_mode(environment, body["mode"], body.get("delay_seconds", 0.0))
    return _smartca_mode(environment, path, body)


def _decide(environment: Environment, path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.smartca import actions

    decisions: dict[str, Callable[[Environment, str], Fields]] = {
        "approve": actions.approve,
        "reject": actions.reject,
        "expire": actions.expire,
        "fail": actions.fail,
    }
    decide = decisions.get(path["decision"])
    if decide is None:
        raise _Refused("not-found", f"unknown decision {path['decision']!r}: use one of {', '.join(decisions)}")
    return decide(environment, path["transaction"])


def _csc(environment: Environment, _path: Fields, _body: Fields) -> Fields:
    from dvc_sandbox.csc import actions

    return actions.state(environment)


def _set_csc_variants(environment: Environment, _path: Fields, body: Fields) -> Fields:
    from dvc_sandbox.csc import actions

    return actions.set_variants(environment, body)


def _reset_csc(environment: Environment, path: Fields, body: Fields) -> Fields:
    from dvc_sandbox.csc import actions

    actions.reset(environment)
    return _csc(environment, path, body)


def _plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
