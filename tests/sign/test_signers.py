"""`dvc-cli signers list` and `signers test`: the profile's signers as people and scripts see them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dvc_cli.config.paths import default_paths
from dvc_cli.config.profiles import Profile, ProfileStore, SignerSettings
from dvc_cli.services.sandbox_profile import write_sandbox_profile
from dvc_cli.services.signers import list_signers
from dvc_cli.sign.kinds import KINDS
from dvc_cli.sign.registry import BUILT_IN
from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, start_thread

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> ProfileStore:
    return ProfileStore(default_paths({"DVC_HOME": str(home)}))


@pytest.fixture
def dvc(home: Path) -> Run:
    """Run the program with the profile of the test; gives status, stdout and stderr."""

    def run(*arguments: str, lang: str = "en") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "dvc_cli", *arguments, "--no-input", "--lang", lang],
            capture_output=True,
            env={**os.environ, "DVC_HOME": str(home)},
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    return run


@pytest.fixture
def sandbox_profile(running: Running, store: ProfileStore) -> None:
    write_sandbox_profile(store, running.state, portal=running.urls.portal, smartca=running.urls.smartca)
    store.use("sandbox")
    with AdminClient(running.urls.admin, running.admin_token) as admin:
        admin.csc_reset()


def test_every_kind_is_described() -> None:
    assert tuple(KINDS) == BUILT_IN


@pytest.mark.usefixtures("sandbox_profile")
def test_list_shows_what_each_needs_and_with_what_it_was_tried(dvc: Run) -> None:
    status, out, _err = dvc("signers", "list")
    assert status == 0
    rows = {line.split("\t")[0]: line.split("\t") for line in out.splitlines() if line.count("\t") == 4}
    assert rows["smartca (default)"][1] == "VNPT SmartCA"
    assert "never live" in rows["csc"][3]
    assert rows["p12"][4] == "set up"
    status, out, _err = dvc("signers", "list", "--json")
    report = json.loads(out)
    assert (report["schema"], report["profile"], report["sandbox"]) == ("dvc.signers.list/1", "sandbox", True)
    assert {one["name"]: one["tried"] for one in report["signers"]} == {
        "smartca": "emulator",
        "p12": "sandbox-file",
        "csc": "emulator",
    }
    assert not any(one["tried_live"] for one in report["signers"])
    assert "sandbox-sp-password" not in out


def test_list_tells_what_is_missing(tmp_path: Path) -> None:
    signers = [
        SignerSettings(name="a", kind="mysign", options={"client_id": "x"}),
        SignerSettings(name="b", kind="csc", options={"url": "https://x.example.vn", "login": "oauth2"}),
        SignerSettings(name="c", kind="p12", options={"file": str(tmp_path / "none.p12")}),
        SignerSettings(name="d", kind="other", options={}),
        SignerSettings(name="e", kind="token", options={}),
    ]
    listed = list_signers(Profile(name="p", signers={one.name: one for one in signers}, default_signer="e")).signers
    assert [one.missing for one in listed] == [("user_id",), ("client_id",), (str(tmp_path / "none.p12"),), (), ()]
    assert [one.default for one in listed] == [False, False, False, False, True]
    assert listed[3].tried.value == "unknown"


def test_list_of_an_empty_profile_is_no_error(dvc: Run, store: ProfileStore) -> None:
    store.write(Profile(name="p", portal_url="https://portal.example.vn"))
    store.use("p")
    status, out, _err = dvc("signers", "list", "--json")
    assert (status, json.loads(out)["signers"]) == (0, [])
    assert dvc("signers", "test")[0] == 13


@pytest.mark.usefixtures("sandbox_profile")
def test_test_shows_certificates_without_a_signature_or_a_pin(dvc: Run, running: Running) -> None:
    with AdminClient(running.urls.admin, running.admin_token) as admin:
        before = len(admin.csc()["signings"])
    status, out, _err = dvc("signers", "test", "csc")
    assert status == 0
    assert "EC 256" in out
    assert "offered" in out
    assert "digitalSignature" in out
    assert "nothing was signed" in out
    assert "034199000123" not in out, "the citizen's number is masked"
    with AdminClient(running.urls.admin, running.admin_token) as admin:
        state = admin.csc()
    assert len(state["signings"]) == before
    assert all(row["wrong_pin"] == 0 for row in state["credentials"])


@pytest.mark.usefixtures("sandbox_profile")
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_test_says_why_one_is_not_offered(dvc: Run, store: ProfileStore, running: Running, lang: str) -> None:
    status, out, _err = dvc("signers", "test", "smartca", "--json", lang=lang)
    report = json.loads(out)
    assert (status, report["schema"], report["kind"]) == (0, "dvc.signers.test/1", "smartca")
    assert [one["offered"] for one in report["certificates"]] == [True, False], "the seal is not meant"
    assert report["certificates"][1]["reason"]
    assert "der" not in report["certificates"][0]["certificate"]
    expired = SignerSettings(
        name="old",
        kind="p12",
        options={
            "file": str(running.state / "pki" / "p12" / "expired.p12"),
            "passphrase_file": str(running.state / "secrets" / "passphrase"),
        },
    )
    store.write(Profile(name="sandbox", signers={"old": expired}, default_signer="old"), force=True)
    status, out, _err = dvc("signers", "test", lang=lang)
    assert status == 6
    assert ("not offered: expired on" in out) == (lang == "en")
    assert ("hết hạn" in out) == (lang == "vi")


@pytest.mark.usefixtures("sandbox_profile")
def test_signing_by_the_remote_service_and_its_verdict(dvc: Run, running: Running, tmp_path: Path) -> None:
    from dvc_cli.testing.small_pdf import small_pdf

    source = tmp_path / "đơn.pdf"
    source.write_bytes(small_pdf("ĐƠN ĐỀ NGHỊ"))
    status, _out, err = dvc("sign", str(source), "--signer", "csc")
    assert status == 0, err
    status, out, _err = dvc("verify", str(tmp_path / "đơn.signed.pdf"))
    assert (status, "VALID" in out) == (0, True)
    with AdminClient(running.urls.admin, running.admin_token) as admin:
        assert admin.csc()["signings"][0]["credential"] == "citizen-ec"
