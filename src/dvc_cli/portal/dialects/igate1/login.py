"""Logging in, contract rows 1-4: the form is read, the captcha is handed to a person, cookies are the session."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret
from dvc_cli.portal.base import LoginChallenge, PortalSession, WrongPassword
from dvc_cli.portal.dialects.igate1 import outcome
from dvc_cli.portal.dialects.igate1.forms import Field, Form
from dvc_cli.portal.dialects.igate1.outcome import Intent, Meaning
from dvc_cli.portal.dialects.igate1.pages import Page, captcha_roles, login_roles
from dvc_cli.portal.dialects.igate1.site import Site


def begin(site: Site) -> LoginChallenge:
    """Open the log-in page in a fresh session and get its captcha."""
    what = _("open the log-in page")
    site.http.set_cookies([])
    page = site.read(site.path("login"), what, params={site.data.text("login.return_url"): ""}, login=True)
    form = page.login_form()
    names = [site.data.text(f"login.{name}") for name in ("user", "password", "captcha")]
    roles = login_roles(page, form, names, site.data.text("login.captcha_image")) if form else None
    if form is None or roles is None or (roles.image and roles.captcha is None):
        raise outcome.unexpected(what)
    return _challenge(
        site, form, {"user": roles.user, "password": roles.password, "captcha": roles.captcha}, roles.image
    )


def begin_lookup(site: Site) -> LoginChallenge:
    """Open the public look-up and get its captcha (row 16)."""
    what = _("open the public look-up")
    page = site.read(site.path("lookup"), what)
    for form in page.forms:
        image, captcha = captcha_roles(
            page, form, site.data.text("login.captcha"), site.data.text("login.captcha_image")
        )
        texts = [one for one in form.fields if one.is_text and one is not captcha]
        code = form.field(site.data.text("lookup.code")) or (texts[0] if len(texts) == 1 else None)
        if code is not None and not form.of_kind("password") and (captcha is not None or image is None):
            return _challenge(site, form, {"code": code, "captcha": captcha}, image)
    raise outcome.unexpected(what)


def _challenge(site: Site, form: Form, roles: dict[str, Field | None], image: str | None) -> LoginChallenge:
    picture = site.fetch(image, _("get the captcha picture")).content if image else None
    state = {
        "action": site.local(form.action, _("send the form")),
        "entries": json.dumps(form.entries({})),
        "cookies": json.dumps(site.http.cookies()),
        "image": image or "",
        **{name: one.name for name, one in roles.items() if one is not None},
    }
    return LoginChallenge(id=secrets.token_urlsafe(12), captcha_png=picture, state=state, created_at=site.clock.now())


def answered_form(challenge: LoginChallenge, values: dict[str, str]) -> tuple[Form, list[tuple[str, str]]]:
    """The challenge's form again, with the roles of `values` filled in."""
    names = {challenge.state[role]: value for role, value in values.items() if role in challenge.state}
    kept = [(str(name), str(value)) for name, value in json.loads(challenge.state["entries"]) if name not in names]
    form = Form(action=challenge.state["action"], method="post", identifier="", fields=())
    return form, [*kept, *names.items()]


def finish(
    site: Site, challenge: LoginChallenge, username: str, password: Secret, captcha: str | None
) -> PortalSession:
    """Send the log-in form.

    Raises:
        WrongCaptcha, WrongPassword, AccountLocked, SessionEnded (the form is too old), NotSent, Unanswered.
    """
    what = _("log in")
    site.http.set_cookies(json.loads(challenge.state["cookies"]))
    values = {"user": username, "password": password.reveal(), "captcha": captcha or ""}
    form, entries = answered_form(challenge, values)
    page, answer = site.send(form, entries, what, login=True)
    if answer.meaning is not Meaning.FINE:
        if answer.meaning is Meaning.UNKNOWN and page.login_form():
            raise WrongPassword(_("The portal refused the log-in"), details=(answer.words,) if answer.words else ())
        return outcome.refuse(answer, Intent.CHANGE, what)
    if _still_asked(site, page):
        raise WrongPassword(_("The portal showed its log-in page again without a reason"))
    try:
        return whoami(site, username)
    except DvcError as error:
        # The password has been judged by now; what went wrong afterwards does not tell how.
        raise outcome.unanswered(what) from error


def _still_asked(site: Site, page: Page) -> bool:
    form = page.login_form()
    return (
        form is not None
        and site.local(form.action, "").split("?")[0] == site.local(site.path("login"), "").split("?")[0]
    )


def whoami(site: Site, username: str = "") -> PortalSession:
    """Read the account's page: whose session is it?"""
    page = site.read(site.path("account"), _("read the account's page"))
    name = page.text(site.data.texts("login.account_name"))
    identity = page.text(site.data.texts("login.account_identity"))
    if not name and not identity:
        raise outcome.unexpected(_("read the account's page"))
    digits = "".join(char for char in identity if char.isdigit())
    return as_session(site, username, name, digits)


def as_session(site: Site, account: str, name: str, identity: str) -> PortalSession:
    """The cookies as they are now, as a session."""
    now = site.clock.now()
    idle = site.data.number("session.idle_minutes")
    return PortalSession(
        account=account,
        display_name=name,
        identity_number=identity,
        token=Secret(json.dumps(site.http.cookies())),
        started_at=now,
        expires_at=now + timedelta(minutes=idle) if idle else None,
    )


def logout(site: Site) -> None:
    """End the session at the portal and forget its cookies."""
    site.read(site.path("logout"), _("log out"), login=True)
    site.http.set_cookies([])
