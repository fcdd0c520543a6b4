"""Settings: precedence, origins, refusals with file and line, and comments that survive a change."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.config.keys import KEYS, Key
from dvc_cli.config.paths import Paths, default_paths
from dvc_cli.config.settings import (
    NoProfile,
    NoSuchSetting,
    NotForProjects,
    OriginKind,
    Settings,
    UnfitValue,
    load_settings,
    parse_setting,
)
from dvc_cli.config.toml_file import BadSettingsFile, BadValue, TomlFile, UnknownKey, set_value, unset_value
from dvc_cli.errors import ExitCode


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = default_paths({"DVC_HOME": str(tmp_path / "home")})
    found.config.mkdir(parents=True)
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def load(paths: Paths, project: Path, environ: dict[str, str] | None = None, **options: str) -> Settings:
    return load_settings(paths, environ or {}, project, {key.replace("__", "."): text for key, text in options.items()})


def write_user(paths: Paths, text: str) -> None:
    (paths.config / "config.toml").write_text(text, encoding="utf-8")


def write_project(project: Path, text: str) -> None:
    (project / "dvc.toml").write_text(text, encoding="utf-8")


def test_defaults_need_no_file(paths: Paths, project: Path) -> None:
    settings = load(paths, project)
    assert {setting.key.name: setting.value for setting in settings} == {key.name: key.default for key in KEYS.values()}
    assert {setting.origin.kind for setting in settings} == {OriginKind.DEFAULT}


def test_each_place_beats_the_weaker_ones(paths: Paths, project: Path) -> None:
    key = "scan.page_size"
    file = paths.config / "config.toml"
    write_user(paths, "# mine\n[scan]\npage_size = 'A3'\n")
    assert (load(paths, project).value(key), load(paths, project).origin(key).detail) == ("A3", f"{file}:3")
    write_project(project, "scan.page_size = 'A5'\n")
    settings = load(paths, project)
    assert (settings.value(key), settings.origin(key).kind) == ("A5", OriginKind.PROJECT)
    assert settings.origin(key).detail == f"{project / 'dvc.toml'}:1"
    settings = load(paths, project, {"DVC_PAGE_SIZE": "letter"})
    assert (settings.value(key), settings.origin(key).kind, settings.origin(key).detail) == (
        "letter",
        OriginKind.ENVIRONMENT,
        "DVC_PAGE_SIZE",
    )
    settings = load(paths, project, {"DVC_PAGE_SIZE": "letter"}, scan__page_size="image")
    assert (settings.value(key), settings.origin(key).detail) == ("image", "--page-size")


def test_the_language_variable_comes_after_the_files(paths: Paths, project: Path) -> None:
    assert load(paths, project, {"DVC_LANG": "vi_VN.UTF-8"}).value("output.language") == "vi"
    write_user(paths, "output.language = 'en'")
    settings = load(paths, project, {"DVC_LANG": "vi"})
    assert (settings.value("output.language"), settings.origin("output.language").kind) == ("en", OriginKind.USER)


def test_variables_of_other_programs_are_left_alone(paths: Paths, project: Path) -> None:
    settings = load(paths, project, {"DVC_STUDIO_TOKEN": "x", "DVC_NO_ANALYTICS": "1", "DVC_PAGER": "less"})
    assert {setting.origin.kind for setting in settings} == {OriginKind.DEFAULT}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1\n", ":1: unknown key `x`"),
        ("\n[output]\nlanguige = 'vi'\n", ":3: unknown key `output.languige`; did you mean `output.language`?"),
        ("language = 'vi'\n", ":1: unknown key `language`; did you mean `output.language`?"),
        ("[network]\n# proxy\nproxi = 'x'  # y\n", ":3: unknown key `network.proxi`; did you mean `network.proxy`?"),
        ("[nonsense.deeper]\na = 1\n", ":2: unknown key `nonsense.deeper.a`"),
        ('"output".colour = "auto"\n', ":1: unknown key `output.colour`; did you mean `output.color`?"),
        ("output = 3\n", ":1: unknown key `output`"),
        ("output = {languige = 'vi'}\n", ":1: unknown key `output.languige`"),
    ],
)
def test_unknown_keys_are_refused_with_their_place(paths: Paths, project: Path, text: str, complaint: str) -> None:
    write_user(paths, text)
    with pytest.raises(UnknownKey) as raised:
        load(paths, project)
    assert complaint in raised.value.message
    assert str(paths.config / "config.toml") in raised.value.message
    assert raised.value.exit_code is ExitCode.CONFIGURATION


def test_all_unknown_keys_are_named_at_once(paths: Paths, project: Path) -> None:
    write_user(paths, "a = 1\nb = 2\nc = 3\n")
    with pytest.raises(UnknownKey) as raised:
        load(paths, project)
    assert len(raised.value.details) == 2


def test_empty_tables_are_harmless(paths: Paths, project: Path) -> None:
    write_user(paths, "[output]\n[network]\n")
    load(paths, project)
    write_user(paths, "[outpt]\n")
    with pytest.raises(UnknownKey, match="outpt"):
        load(paths, project)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("output.language = 'fr'", "vi, en"),
        ("output.language = 1", "text in quotes"),
        ("output.language = ''", "text in quotes"),
        ("credentials.keyring = 'yes'", "`true` or `false`"),
        ("credentials.keyring = 1", "`true` or `false`"),
        ("network.read_timeout = true", "number from 0.1"),
        ("network.read_timeout = -1", "number from 0.1"),
        ("network.read_timeout = nan", "number from 0.1"),
        ("network.read_timeout = inf", "number from 0.1"),
        ("network.read_timeout = '5'", "number from 0.1"),
        ("network.proxy = 2026-01-01", "text in quotes"),
        ("network.proxy = ['a']", "text in quotes"),
    ],
)
def test_bad_values_are_refused_with_their_place(paths: Paths, project: Path, text: str, reason: str) -> None:
    write_user(paths, f"# one\n\n{text}\n")
    with pytest.raises(BadValue, match=reason) as raised:
        load(paths, project)
    assert "config.toml:3:" in raised.value.message


def test_bad_values_of_variables_and_options(paths: Paths, project: Path) -> None:
    with pytest.raises(BadValue, match="DVC_READ_TIMEOUT"):
        load(paths, project, {"DVC_READ_TIMEOUT": "soon"})
    with pytest.raises(UnfitValue) as raised:
        load(paths, project, network__read_timeout="soon")
    assert raised.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("key", [key.name for key in KEYS.values() if not key.project])
def test_a_project_may_not_set_what_runs_loads_or_contacts(paths: Paths, project: Path, key: str) -> None:
    write_project(project, f"{key} = 'x'\n")
    with pytest.raises(NotForProjects, match=key) as raised:
        load(paths, project)
    assert "dvc.toml:1:" in raised.value.message


def test_what_projects_may_set() -> None:
    allowed = {key.name.split(".")[0] for key in KEYS.values() if key.project}
    assert allowed == {"output", "dossier", "stamp", "scan"}
    assert not [
        key.name for key in KEYS.values() if key.project and key.name.split(".")[-1].endswith(("file", "command"))
    ]


def test_broken_files_are_told(paths: Paths, project: Path) -> None:
    write_user(paths, "a = 1\nb = \n")
    with pytest.raises(BadSettingsFile, match="line 2"):
        load(paths, project)
    (paths.config / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSettingsFile, match=r"config\.toml"):
        load(paths, project)
    (paths.config / "config.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(BadSettingsFile, match="too large"):
        load(paths, project)
    (paths.config / "config.toml").unlink()
    (paths.config / "config.toml").mkdir()
    with pytest.raises(BadSettingsFile, match="folder"):
        load(paths, project)


def test_a_file_from_notepad_is_read(paths: Paths, project: Path) -> None:
    (paths.config / "config.toml").write_bytes(b"\xef\xbb\xbf[output]\r\nlanguage = 'vi'\r\n")
    settings = load(paths, project)
    assert settings.value("output.language") == "vi"
    assert settings.origin("output.language").detail.endswith(":2")


def test_no_profile_is_ever_taken_by_itself(paths: Paths, project: Path) -> None:
    profiles = paths.config / "profiles"
    profiles.mkdir()
    (profiles / "only.toml").write_text("portal_url = 'https://a.example'", encoding="utf-8")
    with pytest.raises(NoProfile) as raised:
        load(paths, project).profile()
    assert raised.value.exit_code is ExitCode.CONFIGURATION
    assert load(paths, project).profile("only").name == "only"
    assert load(paths, project, {"DVC_PROFILE": "only"}).profile().name == "only"
    assert load(paths, project, profile="only").profile().name == "only"


def test_network_settings(paths: Paths, project: Path) -> None:
    write_user(paths, "[network]\nproxy = 'none'\nca_file = 'ca.pem'\nconnect_timeout = 2\n")
    found = load(paths, project).network()
    assert (found.proxy, found.ca_file, found.connect_timeout, found.read_timeout) == (
        "",
        paths.config / "ca.pem",
        2.0,
        60.0,
    )
    assert load(paths, project).network(Path("/x.pem")).ca_file == Path("/x.pem")
    (paths.config / "config.toml").unlink()
    assert load(paths, project).network().proxy is None


class TestChanging:
    """The user's file edited in place."""

    def test_comments_and_order_stay(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text(
            "# first\nprofile = 'a'  # why\n\n[network]\n# slow line\nread_timeout = 90\n", encoding="utf-8"
        )
        set_value(path, "network.read_timeout", 120.0)
        set_value(path, "output.language", "vi")
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# first\nprofile = 'a'  # why\n\n[network]\n# slow line\nread_timeout = 120.0\n")
        assert tomllib.loads(text)["output"] == {"language": "vi"}
        assert unset_value(path, "output.language")
        assert not unset_value(path, "output.language")
        assert not unset_value(path, "output.color")
        assert path.read_text(encoding="utf-8").rstrip() == text[: text.index("[output]")].rstrip()

    def test_private_and_made_with_its_folder(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "config.toml"
        set_value(path, "profile", "tên có dấu")
        assert tomllib.loads(path.read_text(encoding="utf-8")) == {"profile": "tên có dấu"}
        assert path.stat().st_mode & 0o077 == 0

    def test_a_broken_file_is_not_overwritten(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text("broken = ", encoding="utf-8")
        with pytest.raises(BadSettingsFile):
            set_value(path, "profile", "x")
        assert path.read_text(encoding="utf-8") == "broken = "

    @given(data=st.data())
    def test_what_is_set_is_read_and_what_is_unset_is_gone(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        folder = tmp_path_factory.mktemp("settings")
        paths = Paths(folder, folder, folder, folder)
        wanted: dict[str, object] = {}
        names = data.draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=8))
        for name in names:
            value = data.draw(values(KEYS[name]))
            set_value(folder / "config.toml", name, value)
            wanted[name] = value
        for name in data.draw(st.lists(st.sampled_from(names), max_size=3)):
            assert unset_value(folder / "config.toml", name) is (name in wanted)
            wanted.pop(name, None)
        settings = load_settings(paths, {}, folder / "project", {})
        for key in KEYS.values():
            assert settings.value(key.name) == wanted.get(key.name, key.default)
            assert settings.origin(key.name).kind is (OriginKind.USER if key.name in wanted else OriginKind.DEFAULT)


def values(key: Key) -> st.SearchStrategy[str | float | bool]:
    if isinstance(key.default, bool):
        return st.booleans()
    if isinstance(key.default, float):
        return st.floats(key.least, key.most)
    if key.choices:
        return st.sampled_from(key.choices)
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(data=st.data())
def test_text_and_value_are_the_same_setting(data: st.DataObject) -> None:
    key = KEYS[data.draw(st.sampled_from(sorted(KEYS)))]
    value = data.draw(values(key))
    assert parse_setting(key.name, str(value).lower() if isinstance(value, bool) else str(value)) == value


@given(
    keys=st.lists(
        st.lists(st.text(string.ascii_lowercase + "_-", min_size=1, max_size=6), min_size=1, max_size=3),
        min_size=1,
        max_size=8,
    ),
    blanks=st.lists(st.integers(0, 3), min_size=8, max_size=8),
)
def test_lines_are_right(tmp_path_factory: pytest.TempPathFactory, keys: list[list[str]], blanks: list[int]) -> None:
    path = tmp_path_factory.mktemp("lines") / "x.toml"
    lines: list[str] = []
    expected: dict[str, int] = {}
    for number, parts in enumerate(keys):
        lines += ["# comment = 1"] * blanks[number]
        key = ".".join([f"k{number}", *parts])
        lines.append(f"{key} = {number}")
        expected[key] = len(lines)
    path.write_text("\n".join(lines), encoding="utf-8")
    file = TomlFile(path)
    assert {key: file.place(key) for key in file.flat()} == {key: f"{path}:{line}" for key, line in expected.items()}


@pytest.mark.parametrize(
    ("name", "other"),
    [("output.languige", "output.language"), ("language", "output.language"), ("read_timeout", "network.read_timeout")],
)
def test_a_mistyped_key_on_the_command_line(paths: Paths, project: Path, name: str, other: str) -> None:
    with pytest.raises(NoSuchSetting) as raised:
        load(paths, project).value(name)
    assert other in str(raised.value.hint)
    assert raised.value.exit_code is ExitCode.USAGE


def test_paths_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("config", "state", "cache", "data"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    found = default_paths({})
    assert len({found.config, found.state, found.cache, found.data}) == 4
    assert all("dvc-cli" in str(path) for path in (found.config, found.state, found.cache, found.data))
    assert default_paths({"DVC_HOME": "~/x"}).config == Path("~/x/config").expanduser()
