"""Public look-up of a dossier by its code, behind a captcha (portal contract, row 16)."""

from __future__ import annotations

from starlette.responses import Response

from dvc_sandbox.portal import captchas, store_dossiers
from dvc_sandbox.portal.calls import Call

PAGE = "/dichvucong/tracuu"
PURPOSE = "lookup"


def _page(
    call: Call, code: str, error: tuple[str, str] | None = None, dossier: store_dossiers.Dossier | None = None
) -> Response:
    return call.page(
        "lookup.html",
        code=code,
        dossier=dossier,
        events=store_dossiers.history(call.environment, code) if dossier else [],
        applicant=_masked(dossier.applicant_name) if dossier else "",
        csrf=call.token(PURPOSE),
        captcha_id=captchas.issue(call.environment, call.session),
        error=error,
    )


def _masked(name: str) -> str:
    """The applicant's name as strangers may see it: family name and initials."""
    first, *rest = name.split()
    return " ".join([first, *(f"{word[0]}***" for word in rest)])


def show_lookup(call: Call) -> Response:
    """The form; a code in the address is filled in."""
    return _page(call, call.query("ma-ho-so")[:60])


def submit_lookup(call: Call) -> Response:
    """Check the captcha, then show the dossier's public facts."""
    code = call.text("maHoSo", 60)
    if not captchas.check(call.environment, call.session, call.text("captchaId"), call.text("maXacNhan")):
        return _page(call, code, ("captcha", "Mã xác nhận không đúng hoặc đã hết hiệu lực. Vui lòng nhập mã mới"))
    dossier = store_dossiers.find(call.environment, code)
    if dossier is None:
        return _page(call, code, ("not-found", f"Không tìm thấy hồ sơ có mã {code}. Vui lòng kiểm tra lại mã hồ sơ"))
    return _page(call, code, None, dossier)
