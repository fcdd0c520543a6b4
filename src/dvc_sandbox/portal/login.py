"""Log-in, log-out, captcha pictures and the account page (portal contract, rows 1 to 4)."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from dvc_sandbox.portal import captchas, sessions
from dvc_sandbox.portal.accounts import LoginResult, log_in
from dvc_sandbox.portal.calls import LOGIN, Call, Refusal, redirect, set_cookie
from dvc_sandbox.portal.text import show_moment

PURPOSE = "login"
_CAPTCHA = ("captcha", "Mã xác nhận không đúng hoặc đã hết hiệu lực. Vui lòng nhập mã mới")


def safe_return(path: str) -> str:
    """Return the path when it stays on this site, else the start page."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if inside else "/"


def show_login(call: Call) -> Response:
    """The log-in page; someone who is logged in goes on at once."""
    if call.account is not None:
        return redirect(safe_return(call.query("return-url")))
    return _page(call, "", None)


def _page(call: Call, name: str, error: tuple[str, str] | None) -> Response:
    return call.page(
        "login.html",
        csrf=call.token(PURPOSE),
        captcha_id=captchas.issue(call.environment, call.session),
        return_url=call.query("return-url"),
        name=name,
        error=error,
    )


def submit_login(call: Call) -> Response:
    """Check captcha, then password: a wrong captcha costs no password try."""
    name = call.text("tenDangNhap", 100)
    if not captchas.check(call.environment, call.session, call.text("captchaId"), call.text("maXacNhan")):
        return _page(call, name, _CAPTCHA)
    password = call.form.get("matKhau", "")
    result = log_in(call.environment, name, password[:200] if isinstance(password, str) else "")
    if result.account is None:
        return _page(call, name, _refusal(result))
    sessions.drop_session(call.environment, call.request.cookies.get(sessions.COOKIE, ""))
    response = RedirectResponse(safe_return(call.query("return-url")), 302)
    set_cookie(response, sessions.open_session(call.environment, result.account.id))
    return response


def _refusal(result: LoginResult) -> tuple[str, str]:
    if result.locked_until:
        until = show_moment(result.locked_until)
        return "locked", f"Tài khoản tạm khóa vì nhập sai mật khẩu 5 lần. Vui lòng thử lại sau {until}"
    return "password", "Tên đăng nhập hoặc mật khẩu không đúng. Nhập sai 5 lần liên tiếp, tài khoản sẽ bị tạm khóa"


def log_out(call: Call) -> Response:
    """End the session."""
    sessions.drop_session(call.environment, call.request.cookies.get(sessions.COOKIE, ""))
    response = redirect(LOGIN)
    response.delete_cookie(sessions.COOKIE, path="/")
    return response


def captcha_picture(call: Call) -> Response:
    """The PNG of a captcha; ``lam-moi`` in the address draws another text first."""
    number = call.request.path_params["number"]
    if call.query("lam-moi"):
        captchas.reload(call.environment, call.session, number)
    picture = captchas.picture(call.environment, call.session, number)
    if picture is None:
        raise Refusal(404, "not-found", "Không có mã xác nhận này")
    return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})


def show_account(call: Call) -> Response:
    """What the portal knows about the logged-in person."""
    return call.page("account.html", user=call.user)
