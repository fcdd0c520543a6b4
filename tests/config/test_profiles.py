"""Profiles: what is written is what is read, and no secret ever stands in one."""

from __future__ import annotations

import string
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.config.paths import Paths, default_paths
from dvc_cli.config.profiles import (
    BadProfileName,
    NoSuchProfile,
    Profile,
    ProfileStore,
    SecretInFile,
    SignerSettings,
    check_profile_name,
    read_profile,
)
from dvc_cli.config.toml_file import BadValue, UnknownKey
from dvc_cli.files import OutputExists
from dvc_cli.model.secret import Secret
from dvc_cli.net.address import BadAddress
from dvc_cli.services.profiles import BadSignerOption, NewProfile, add_profile, export_profile, parse_signer


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return default_paths({"DVC_HOME": str(tmp_path / "home")})


@pytest.fixture
def store(paths: Paths) -> ProfileStore:
    return ProfileStore(paths)


def put(paths: Paths, text: str, name: str = "x") -> Path:
    folder = paths.config / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder / f"{name}.toml"


FULL = Profile(
    name="cong-ty",
    portal_url="https://dichvucong.example.gov.vn",
    dialect="igate1",
    account="0101234567",
    sandbox=True,
    default_signer="giam-doc",
    signers={
        "giam-doc": SignerSettings(
            name="giam-doc", kind="token", options={"module": "bit4id", "slot": 2, "pad": True, "pin_file": "/run/pin"}
        ),
        "Kế toán": SignerSettings(name="Kế toán", kind="p12", options={"file": "/khóa/kế toán.p12"}),
    },
    trust=(Path("/a/root.pem"), Path("/b/root.pem")),
    tsa=("https://tsa.example",),
    reference_key=Secret("reference"),
    password_command='pass show "portal"',
    extra_ca=Path("/ca.pem"),
    data_file=Path("/data.toml"),
    signature_profile="cms",
    send_reference=False,
)


def test_what_is_written_is_read(store: ProfileStore) -> None:
    assert store.write(FULL) == FULL
    assert store.load("cong-ty") == FULL
    assert store.names() == ["cong-ty"]
    assert store.path("cong-ty").stat().st_mode & 0o077 == 0


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
options = st.dictionaries(
    st.text(string.ascii_lowercase + "_", min_size=1, max_size=8).filter(
        lambda key: key not in ("kind", "file", "pin", "secret", "password") and not key.endswith("_file")
    ),
    words | st.integers(-(2**53), 2**53) | st.booleans(),
    max_size=4,
)


@given(account=words, tsa=st.lists(words, max_size=3), found=options, signer=words.filter(bool), key=words.filter(bool))
def test_any_text_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, account: str, tsa: list[str], found: dict, signer: str, key: str
) -> None:
    folder = tmp_path_factory.mktemp("profiles")
    store = ProfileStore(Paths(folder, folder, folder, folder))
    made = Profile(
        name="x",
        account=account,
        tsa=tuple(tsa),
        signers={signer: SignerSettings(name=signer, kind="token", options=found)},
        reference_key=Secret(key),
    )
    store.write(made)
    assert store.load("x") == made


def test_the_reference_key_is_made_once(store: ProfileStore) -> None:
    first = store.write(Profile(name="x")).reference_key
    assert first is not None
    assert len(first.reveal()) >= 43
    assert store.load("x").reference_key == first
    assert store.write(Profile(name="y")).reference_key != first
    store.write(store.load("x"), force=True)
    assert store.load("x").reference_key == first


def test_existing_profiles_are_not_replaced_by_accident(store: ProfileStore) -> None:
    store.write(Profile(name="Abc", account="first"))
    for name in ("Abc", "abc"):
        with pytest.raises(OutputExists):
            store.write(Profile(name=name))
    assert store.load("Abc").account == "first"


def test_use_current_and_remove(store: ProfileStore, paths: Paths) -> None:
    assert store.current() is None
    with pytest.raises(NoSuchProfile):
        store.use("x")
    store.write(Profile(name="x"))
    store.write(Profile(name="y"))
    assert store.current() is None
    store.use("x")
    store.use("y")
    assert store.current() == "y"
    store.remove("x")
    assert (store.names(), store.current()) == (["y"], "y")
    store.remove("y")
    assert (store.names(), store.current()) == ([], None)
    with pytest.raises(NoSuchProfile):
        store.remove("y")


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".x", "con", "COM1", "a b", "á", "x" * 65, "-x", "profiles"]
)
def test_names_that_are_no_file_names(name: str, store: ProfileStore) -> None:
    for action in (check_profile_name, store.load, store.path, store.remove, store.use):
        with pytest.raises(BadProfileName):
            action(name)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("portal = 'x'", r"x\.toml:1: unknown key `portal`; did you mean `portal_url`"),
        ("\nsandbox = 'yes'", r"x\.toml:2: bad value of `sandbox`: it must be `true`"),
        ("trust = 'a'", "list of texts"),
        ("tsa = [1]", "list of texts"),
        ("account = 1", "text in quotes"),
        ("signature_profile = 'xades'", "pades, cms"),
        ("signers = 1", "must be a table"),
        ("[signers]\na = 1", r"x\.toml:2: .*signers\.a.*must be a table"),
        ("[signers.a]\nmodule = 'x'", "has no `kind`"),
        ("[signers.a]\nkind = 'token'\nslots = [1]", r"x\.toml:3: bad value of `signers\.a\.slots`"),
        ("schema = 2", "newer version"),
    ],
)
def test_mistakes_are_told_with_their_place(store: ProfileStore, paths: Paths, text: str, complaint: str) -> None:
    put(paths, text)
    with pytest.raises((UnknownKey, BadValue), match=complaint):
        store.load("x")


@pytest.mark.parametrize("key", ["pin", "PIN", "password", "passphrase", "sp_password", "th_password", "otp_secret"])
def test_secrets_are_refused(store: ProfileStore, paths: Paths, key: str) -> None:
    for text in (f"{key} = 'canary'", f"[signers.a]\nkind = 'smartca'\n{key} = 'canary'"):
        put(paths, text)
        with pytest.raises(SecretInFile, match=key) as raised:
            store.load("x")
        assert "canary" not in raised.value.message + str(raised.value.hint)
    signer = SignerSettings(name="a", kind="smartca", options={key: "canary"})
    with pytest.raises(SecretInFile):
        store.write(Profile(name="z", signers={"a": signer}))
    assert "z" not in store.names()


def test_an_unsafe_portal_is_refused(store: ProfileStore, paths: Paths) -> None:
    put(paths, "portal_url = 'http://portal.example'")
    with pytest.raises(BadAddress):
        store.load("x")


def test_relative_paths_are_below_the_file(store: ProfileStore, paths: Paths) -> None:
    file = put(
        paths,
        "trust = ['roots/a.pem', '/abs.pem', '~/b.pem']\nextra_ca = 'ca.pem'\n"
        "[signers.a]\nkind = 'p12'\nfile = 'key.p12'\npassphrase_file = '~/pass'\nmodule = 'softhsm2'\n",
    )
    profile = store.load("x")
    assert profile.trust == (file.parent / "roots/a.pem", Path("/abs.pem"), Path("~/b.pem").expanduser())
    assert profile.extra_ca == file.parent / "ca.pem"
    assert profile.signers["a"].options == {
        "file": str(file.parent / "key.p12"),
        "passphrase_file": str(Path("~/pass").expanduser()),
        "module": "softhsm2",
    }


class TestAdding:
    """The options of `profile add`."""

    def test_an_exported_profile_comes_back_whole(self, store: ProfileStore, tmp_path: Path) -> None:
        store.write(FULL)
        file = tmp_path / "export.toml"
        export_profile(store, "cong-ty", file, force=False)
        assert file.stat().st_mode & 0o077 == 0
        assert read_profile(file, "cong-ty") == FULL
        changed = add_profile(store, NewProfile(name="other", source=file, account="new"), use=True, force=False)
        assert changed.current
        assert changed.sandbox
        assert store.load("other") == replace(FULL, name="other", account="new")
        assert Path("/ca.pem") in changed.missing_files
        with pytest.raises(OutputExists):
            export_profile(store, "cong-ty", file, force=False)

    def test_replacing_keeps_the_reference_key(self, store: ProfileStore) -> None:
        new = NewProfile(name="x", portal="https://a.example")
        add_profile(store, new, use=False, force=False)
        key = store.load("x").reference_key
        assert add_profile(store, new, use=False, force=True).action == "replaced"
        assert store.load("x").reference_key == key

    def test_the_first_signer_is_the_default(self, store: ProfileStore) -> None:
        new = NewProfile(name="x", portal="https://a.example", signers=("b=token", "a=token"))
        add_profile(store, new, use=False, force=False)
        assert store.load("x").default_signer == "b"
        with pytest.raises(BadSignerOption, match="no signer c"):
            NewProfile(name="x", portal="https://a.example", signers=("a=token",), default_signer="c").profile()

    def test_signers_on_the_command_line(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert parse_signer("giám đốc=token,serial=00ab,pad=true,pin_file=pin") == SignerSettings(
            name="giám đốc",
            kind="token",
            options={"serial": "00ab", "pad": True, "pin_file": str(tmp_path / "pin")},
        )
        for text in ("", "a", "a=", "=token", "a=token,", "a=token,serial", "a=token,=x"):
            with pytest.raises(BadSignerOption):
                parse_signer(text)

    def test_a_secret_on_the_command_line_is_refused(self, store: ProfileStore) -> None:
        new = NewProfile(name="x", portal="https://a.example", signers=("a=token,pin=1234",))
        with pytest.raises(SecretInFile):
            add_profile(store, new, use=False, force=False)
        assert store.names() == []


def test_profile_files_are_ordinary_toml(store: ProfileStore) -> None:
    store.write(FULL)
    data = tomllib.loads(store.path("cong-ty").read_text(encoding="utf-8"))
    assert data["schema"] == 1
    assert data["signers"]["Kế toán"] == {"kind": "p12", "file": "/khóa/kế toán.p12"}
