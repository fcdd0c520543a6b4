"""Accounts and certificates: settings, refusals, choice, and where secrets go."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dvc_cli.errors import ConfigurationProblem, DvcError, ExitCode
from dvc_cli.model.secret import Secret
from dvc_cli.net.redact import RedactingFormatter
from dvc_cli.sign.base import CertificateAmbiguous, CertificateUnusable
from dvc_cli.sign.smartca.otp import otp_key
from dvc_cli.sign.smartca.problems import AccountRefused
from tests.sign.smartca.conftest import CITIZEN, ORGANISATION, SECRETS, TH, Desk


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"url": ""}, "url"),
        ({"url": "gwsca.vnpt.vn"}, "url"),
        ({"url": "https://user:pw@gwsca.vnpt.vn"}, "url"),
        ({"sp_id": " "}, "sp_id"),
        ({"user_id": 5}, "user_id"),
        ({"account_kind": "fax"}, "account_kind"),
        ({"otp": "guess"}, "otp"),
        ({"service": "both"}, "service"),
        ({"max_batch": 51}, "max_batch"),
        ({"max_batch": 0}, "max_batch"),
        ({"max_batch": "10"}, "max_batch"),
        ({"max_batch": True}, "max_batch"),
    ],
)
def test_wrong_settings_are_named(desk: Desk, options: dict[str, str | int], named: str) -> None:
    with pytest.raises(ConfigurationProblem, match=f"`{named}`") as caught:
        desk.signer(**options)
    assert "director" in caught.value.message
    assert "user:pw" not in str(caught.value.hint)


def test_the_address_may_carry_the_path(desk: Desk) -> None:
    assert len(desk.signer(url=f"{desk.url}/sca/sp769/").certificates()) == 2


@pytest.mark.parametrize("secret", ["", "   ", "not base64!"])
def test_a_damaged_otp_secret_is_a_configuration_problem(secret: str) -> None:
    with pytest.raises(ConfigurationProblem) as caught:
        otp_key(Secret(secret))
    assert secret.strip() == "" or secret not in caught.value.message


@pytest.mark.parametrize("variants", [{}, {"errors": "json"}])
@pytest.mark.parametrize(
    ("options", "secrets"),
    [({}, {"sp_password": "wrong"}), ({"sp_id": "nobody"}, {}), ({"user_id": "000000000000"}, {})],
)
def test_a_refused_account_names_both_parties(
    desk: Desk, variants: dict[str, object], options: dict[str, str], secrets: dict[str, str]
) -> None:
    desk.admin.smartca_mode("manual", variants=variants)
    desk.secrets.update(secrets)
    with pytest.raises(AccountRefused) as caught:
        desk.sign("a", **options)
    assert caught.value.exit_code is ExitCode.LOGIN_NEEDED
    assert options.get("sp_id", "sandbox-sp") in caught.value.message
    assert options.get("user_id", CITIZEN) in caught.value.message
    assert len(desk.calls) == 1, "a refused password is never tried twice"


def test_certificates_are_listed_with_their_problems(desk: Desk) -> None:
    personal, seal = desk.signer().certificates()
    assert (personal.problem, seal.problem) == (None, None)
    assert personal.identity == CITIZEN
    assert len(personal.chain) == 2
    assert personal.key_id
    (organisation,) = desk.signer(user_id=ORGANISATION).certificates()
    assert organisation.tax_code == ORGANISATION
    assert len(organisation.chain) == 1, "the service gives no root for this one"


@pytest.mark.parametrize("variants", [{}, {"no_cert_status_code": True}])
@pytest.mark.parametrize(("user_id", "word"), [("033185000789", "expired"), ("001090000321", "thu hồi")])
def test_expired_and_revoked_certificates_are_refused_before_any_transaction(
    desk: Desk, variants: dict[str, object], user_id: str, word: str
) -> None:
    desk.admin.smartca_mode("approve", variants=variants)
    (certificate,) = desk.signer(user_id=user_id).certificates()
    assert word in (certificate.problem or "")
    with pytest.raises(CertificateUnusable, match=word):
        desk.sign("a", user_id=user_id)
    assert desk.transactions() == []


def test_a_subscriber_without_certificates_is_told_so(desk: Desk) -> None:
    with pytest.raises(CertificateUnusable, match="034000000999"):
        desk.sign("a", user_id="034000000999")


def test_a_certificate_that_is_refused_while_signing_says_so(desk: Desk) -> None:
    with desk.signer().open(desk.talk, desk.talk) as session:
        serial = session.certificate.serial
    assert serial
    desk.admin.smartca_mode("manual", variants={"quota": True, "message_codes": False})
    with pytest.raises(CertificateUnusable) as caught:
        desk.sign("a", cert=serial)
    assert caught.value.exit_code is ExitCode.SIGNING_REFUSED


def test_the_certificate_is_chosen_by_service_serial_fingerprint_or_subject(desk: Desk) -> None:
    personal, seal = desk.signer().certificates()
    choices: dict[str, dict[str, str]] = {
        "default": {},
        "seal": {"service": "seal"},
        "serial": {"cert": seal.serial.upper()},
        "fingerprint": {"cert": ":".join(seal.fingerprint[n : n + 2] for n in range(0, 64, 2))},
        "subject": {"cert": "THỊ ĐƯỢC", "service": "seal"},
    }
    chosen = {}
    for name, options in choices.items():
        desk.talk.answers = [0] if name == "subject" else []
        with desk.signer(**options).open(desk.talk, desk.talk) as session:
            chosen[name] = session.certificate.serial
    assert chosen["default"] == personal.serial
    assert {chosen["seal"], chosen["serial"], chosen["fingerprint"]} == {seal.serial}
    assert chosen["subject"] in (personal.serial, seal.serial)


def test_several_fitting_certificates_are_listed_and_asked_for(desk: Desk) -> None:
    with pytest.raises(CertificateAmbiguous) as caught:
        desk.sign("a", service="any")
    assert len(caught.value.details) == 2
    assert "--cert" in (caught.value.hint or "")
    desk.talk.answers = [1]
    with desk.signer(service="any").open(desk.talk, desk.talk) as session:
        assert session.certificate.serial in desk.talk.asked[1]
    with pytest.raises(CertificateUnusable) as none:
        desk.sign("a", user_id=ORGANISATION, service="seal")
    assert len(none.value.details) == 1


def test_no_fitting_certificate_shows_what_there_is(desk: Desk) -> None:
    with pytest.raises(CertificateAmbiguous) as caught:
        desk.sign("a", cert="người khác")
    assert "người khác" in caught.value.message
    assert len(caught.value.details) == 2


# -- secrets -----------------------------------------------------------------------------------------------------------


@contextmanager
def elsewhere(status: int, location: str = "") -> Iterator[tuple[str, list[bytes]]]:
    """A host that answers everything with `status` and keeps what it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name is http.server's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", bodies
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_password_goes_to_the_configured_host_only(desk: Desk, status: int) -> None:
    with elsewhere(200) as (thief, stolen), elsewhere(status, f"{thief}/sca/sp769/v1/x") as (redirecting, sent):
        with pytest.raises(DvcError) as caught:
            desk.sign("a", url=redirecting)
        assert stolen == []
        assert all(json.loads(body)["sp_password"] == SECRETS["sp_password"] for body in sent)
        assert sent
    assert caught.value.exit_code is ExitCode.TEMPORARY


@pytest.mark.parametrize("account", [{}, TH], ids=["phone", "th"])
def test_logs_and_errors_show_no_secret(desk: Desk, account: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(RedactingFormatter())
    desk.admin.smartca_mode("reject", delay_seconds=4, variants={"no_sad": True})
    with pytest.raises(DvcError) as caught:
        desk.sign("a", **account)
    (transaction,) = desk.transactions()
    shown = caplog.text + repr(vars(caught.value)) + repr(desk.talk)
    assert "signatures/sign" in shown, "the calls themselves are logged"
    for secret in (*SECRETS.values(), transaction["transaction_id"], transaction["tran_code"]):
        assert secret not in shown
