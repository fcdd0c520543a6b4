"""Canaries in every secret: none sings in an output, a log, a file that is left, or the process list."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from dvc_cli.config.profiles import SignerSettings
from dvc_sandbox.demo.dossiers import dossier_text
from dvc_sandbox.pki import Pki
from dvc_sandbox.portal.accounts import hash_password
from dvc_sandbox.token import find_softhsm, make_token
from tests.journey.operator import Operator, guide_dossier, pdf

PASSWORD, PASSPHRASE, PIN = "Chim-hoàng-yến:7f3a", "Chim-sẻ-đồng&51c9", "73519048"
SP_PASSWORD = "sandbox-sp-password"
CANARIES = {"password": PASSWORD, "passphrase": PASSPHRASE, "PIN": PIN, "sp_password": SP_PASSWORD}
ID_NUMBER = "034199000123"

pytestmark = pytest.mark.parametrize("language", ["en"])


class Watch:
    """Looks at all processes while commands run: their command lines, and the environment they were given."""

    def __init__(self) -> None:
        self.seen: dict[str, bytes] = {}
        self._stop = threading.Event()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Look until the block ends."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.01):
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        content = (process / name).read_bytes()
                    except OSError:
                        continue
                    if content:
                        self.seen[f"{process.name}/{name}"] = content


def forms_of(secret: str) -> set[bytes]:
    """A secret as it is, and as it travels."""
    plain = secret.encode()
    texts = {secret, quote(secret), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return {plain, base64.b64encode(plain).rstrip(b"="), plain.hex().encode(), *(text.encode() for text in texts)}


def singing(content: bytes) -> list[str]:
    """Names of the secrets that stand in `content`."""
    return [name for name, secret in CANARIES.items() if any(form in content for form in forms_of(secret))]


def dvc(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """A process of its own, as talkative as it gets."""
    line = [sys.executable, "-m", "dvc_cli", *words, "-vv", "--no-input"]
    done = subprocess.run(line, capture_output=True, encoding="utf-8", input=stdin, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    return done


def keep_secret(folder: Path, name: str, secret: str) -> Path:
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(secret, encoding="utf-8")
    return path


def give_signers(operator: Operator, secrets: Path) -> list[str]:
    """Signers of every kind with canaries; returns their names."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
    from cryptography.x509 import load_pem_x509_certificate

    found = Pki(operator.sandbox.state / "pki").credential("citizen")
    key = load_pem_private_key(found.key.read_bytes(), None)
    certificate = load_pem_x509_certificate(found.certificate.read_bytes())
    p12 = secrets / "citizen.p12"
    encryption = BestAvailableEncryption(PASSPHRASE.encode())
    p12.write_bytes(pkcs12.serialize_key_and_certificates(b"citizen", key, certificate, None, encryption))
    passphrase = keep_secret(secrets, "passphrase", PASSPHRASE)
    profile = operator.profiles.load("sandbox")
    signers = {"smartca": profile.signers["smartca"]}
    options: dict[str, str | int | bool] = {"file": str(p12), "passphrase_file": str(passphrase)}
    signers["p12"] = SignerSettings(name="p12", kind="p12", options=options)
    if find_softhsm() is not None:
        made = make_token(operator.sandbox.state, pin=PIN, label="chim")
        pin = keep_secret(secrets, "pin", PIN)
        options = {"module": str(made.module), "token": made.label, "serial": made.serial}
        options |= {"softhsm2_conf": str(made.conf), "pin_file": str(pin)}
        signers["token"] = SignerSettings(name="token", kind="token", options=options)
    operator.profiles.write(replace(profile, signers=signers), force=True)
    return list(signers)


def walk(operator: Operator, secrets: Path) -> list[subprocess.CompletedProcess[str]]:
    """A journey with every secret in use, rightly and wrongly; all that the commands printed."""
    (operator.folder / "don.pdf").write_bytes(pdf())
    password = keep_secret(secrets, "password", PASSWORD)
    done = [dvc("login", "--captcha-out", "captcha.png", "--json")]
    challenge, answer = json.loads(done[0].stdout)["id"], operator.admin.captcha_answer("latest")
    done.append(dvc("login", "--challenge", challenge, "--captcha", answer, "--password-file", str(password)))
    signers = give_signers(operator, secrets)
    done += [dvc("sign", "don.pdf", "--signer", name, "-o", f"don-{name}.pdf") for name in signers]
    operator.dossier(dossier_text("p12").replace("TRINH-DIEN", "BI-MAT"))
    done += [dvc("submit", "ho-so.toml", "--yes"), dvc("whoami"), dvc("dossier", "list"), dvc("doctor")]
    assert [one.returncode for one in done[:-1]] == [0] * (len(done) - 1), [one.stderr for one in done]
    done.append(dvc("logout"))
    done.append(dvc("login", "--captcha-out", "captcha.png", "--json", "-f"))
    challenge = json.loads(done[-1].stdout)["id"]
    done.append(dvc("login", "--challenge", challenge, "--captcha", "SAI", "--password-stdin", stdin=PASSWORD + "\n"))
    assert done[-1].returncode == 4
    operator.admin.smartca_mode("reject")
    done.append(dvc("sign", "don.pdf", "--signer", "smartca", "-o", "khong.pdf"))
    assert done[-1].returncode == 6
    operator.admin.smartca_mode("approve")
    return done


@pytest.fixture
def account(operator: Operator) -> Iterator[None]:
    """The citizen's password is a canary for one test."""
    before = operator.read("SELECT password_hash FROM account WHERE username = 'congdan'")[0][0]
    operator.write("UPDATE account SET password_hash = ? WHERE username = 'congdan'", hash_password(PASSWORD))
    yield
    operator.write("UPDATE account SET password_hash = ?, failed_passwords = 0 WHERE username = 'congdan'", before)


@pytest.mark.usefixtures("account")
def test_no_secret_is_printed_logged_left_or_in_the_process_list(operator: Operator, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    watch = Watch()
    with watch.on():
        done = walk(operator, secrets)
    for one in done:
        words = " ".join(one.args[3:])
        assert singing((one.stdout + one.stderr).encode()) == [], words
        assert ID_NUMBER not in one.stderr, words
    kept = [path for path in Path(os.environ["DVC_HOME"]).rglob("*") if path.is_file()]
    assert {"journal.sqlite3", "guard.sqlite3"} <= {path.name for path in kept}
    for path in (*kept, *operator.folder.iterdir()):
        assert singing(path.read_bytes()) == [], path
    if Path("/proc/self/cmdline").exists():
        own = [key for key, content in watch.seen.items() if key.endswith("cmdline") and b"dvc_cli" in content]
        assert own, "the watch saw no command"
        assert [one for one in watch.seen.values() if singing(one)] == []


@pytest.mark.usefixtures("account")
def test_the_network_log_has_no_cookie(operator: Operator) -> None:
    assert operator.log_in(password=PASSWORD).status == 0
    kept = operator.paths.state / "sandbox" / "session.json"
    token = json.loads(kept.read_text(encoding="utf-8"))["token"]
    cookies = re.findall(r"[0-9A-Za-z_-]{24,}", token)
    assert cookies, "the kept session holds no cookie: this test looks for the wrong thing"
    assert kept.stat().st_mode & 0o077 == 0
    told = operator.run("whoami", "-vv")
    assert told.status == 0
    assert "GET" in told.err, "there is no network log"
    assert not [one for one in cookies if one in told.err + told.out]


def test_a_crash_file_masks_what_it_is_handed(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    from dvc_cli.portal.dialects.igate1 import client

    def fail(_portal: object, _challenge: object, account: str, password: object, _captcha: str | None) -> None:
        raise RuntimeError(f"{account} {password} {password!r} JSESSIONID=4d0c8e7f6a5b4c3d2e1f")

    owner = next(one for one in vars(client).values() if isinstance(one, type) and "finish_login" in vars(one))
    monkeypatch.setattr(owner, "finish_login", fail)
    ended = operator.log_in(password=PASSWORD)
    assert ended.status == 1
    assert "Traceback" not in ended.err
    (crash,) = operator.paths.state.rglob("crashes/*")
    content = crash.read_bytes()
    assert b"RuntimeError" in content
    assert singing(content + ended.err.encode()) == []
    assert b"4d0c8e7f6a5b4c3d2e1f" not in content
    assert crash.stat().st_mode & 0o077 == 0


def test_a_secret_in_the_wrong_place_is_refused_not_kept(operator: Operator) -> None:
    """A password in a settings file or a dossier file is not a way in, and does not come back in the message."""
    (operator.paths.config / "config.toml").write_text(f'password = "{PASSWORD}"\n', encoding="utf-8")
    told = operator.run("config", "list")
    assert told.status == 13
    assert singing((told.err + told.out).encode()) == []
    (operator.paths.config / "config.toml").unlink()
    operator.dossier(guide_dossier().replace("[applicant]", f'[applicant]\npassword = "{PASSWORD}"'), don__pdf=pdf())
    told = operator.run("dossier", "check", "ho-so.toml")
    assert told.status == 10
    assert singing((told.err + told.out).encode()) == []
