"""Dialect data files, the registry, and drivers of others."""

from __future__ import annotations

import tomllib

import pytest

from dvc_cli.output.clock import SystemClock
from dvc_cli.portal.base import PortalAddress
from dvc_cli.portal.data_file import BadDialectData, load_data
from dvc_cli.portal.dialects.igate1.client import FOLDER, capabilities_of
from dvc_cli.portal.dialects.igate1.outcome import Meaning
from dvc_cli.portal.registry import UnknownDialect, WrongApiVersion, open_portal, shipped_data_file

SHIPPED = FOLDER / "igate1.toml"


def own(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(f'schema = 1\ndialect = "igate1"\n{text}', encoding="utf-8")
    return path


def test_a_live_portal_promises_no_settle_bound():
    capabilities = capabilities_of(load_data(SHIPPED, None))
    assert capabilities.settle_seconds is None
    assert capabilities.token_burned == "unknown"
    assert capabilities.commits


def test_the_sandbox_declares_its_bound():
    capabilities = capabilities_of(load_data(SHIPPED, shipped_data_file("igate1", "sandbox")))
    assert capabilities.settle_seconds == 2
    assert capabilities.token_burned == "with"


def test_a_deployments_differences_lie_over_the_shipped_names(tmp_path):
    data = load_data(SHIPPED, own(tmp_path, '[login]\nuser = "username"\n[statuses]\n"cho tiep nhan" = 1\n'))
    assert data.text("login.user") == "username"
    assert data.text("login.password") == "matKhau"
    assert data.get("statuses")["cho tiep nhan"] == 1


def test_a_deployments_answers_are_asked_first(tmp_path):
    data = load_data(SHIPPED, own(tmp_path, '[[answer]]\nstatus = [429]\nmeaning = "temporary"\n'))
    assert data.rows("answer")[0]["meaning"] == "temporary"
    assert len(data.rows("answer")) > 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[login]\nusr = "x"\n', "login.usr"),
        ('[logn]\nuser = "x"\n', "logn"),
        ("[login\n", "not valid TOML"),
    ],
)
def test_unknown_keys_and_bad_files_are_refused(tmp_path, text, words):
    with pytest.raises(BadDialectData, match=words):
        load_data(SHIPPED, own(tmp_path, text))


def test_a_typing_mistake_gets_a_suggestion(tmp_path):
    with pytest.raises(BadDialectData) as caught:
        load_data(SHIPPED, own(tmp_path, '[login]\nusr = "x"\n'))
    assert "user" in (caught.value.hint or "")


def test_a_file_for_another_dialect_or_schema_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    for text in ("schema = 2\n", 'schema = 1\ndialect = "igate2"\n'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadDialectData):
            load_data(SHIPPED, path)
    with pytest.raises(BadDialectData):
        load_data(SHIPPED, tmp_path / "missing.toml")


def test_a_value_of_the_wrong_kind_names_its_key(tmp_path):
    data = load_data(SHIPPED, own(tmp_path, "[login]\nuser = 5\n"))
    with pytest.raises(BadDialectData, match=r"login\.user"):
        data.text("login.user")


def test_every_answer_of_the_shipped_file_has_a_known_meaning():
    for row in tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["answer"]:
        assert Meaning(row["meaning"])
        assert Meaning(row.get("commit", row["meaning"]))
        assert set(row) <= {"status", "slug", "text", "meaning", "commit"}


def opened(dialect):
    return open_portal(PortalAddress(url="https://x.example", dialect=dialect), lambda _url: None, SystemClock())


def test_an_unknown_dialect_is_named_with_a_suggestion():
    with pytest.raises(UnknownDialect) as caught:
        opened("igate11")
    assert "igate1" in (caught.value.hint or "")
    with pytest.raises(UnknownDialect):
        shipped_data_file("igate1", "nowhere")


def install_driver(folder, monkeypatch, version):
    """A driver of somebody else, installed beside us with its entry point."""
    name = f"other_driver_{version}"
    (folder / f"{name}.py").write_text(
        f"def open_it(address, http_factory, clock):\n    return address.url\n\nopen_it.api_version = {version}\n",
        encoding="utf-8",
    )
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[dvc_cli.portals]\nother{version} = {name}:open_it\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))


def test_a_driver_of_others_is_found_by_its_entry_point(tmp_path, monkeypatch):
    install_driver(tmp_path, monkeypatch, 1)
    assert opened("other1") == "https://x.example"


def test_a_driver_for_another_interface_is_refused(tmp_path, monkeypatch):
    install_driver(tmp_path, monkeypatch, 2)
    with pytest.raises(WrongApiVersion):
        opened("other2")
