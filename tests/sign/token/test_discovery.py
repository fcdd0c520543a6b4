"""Finding modules and tokens, and saying why one cannot be used."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from dvc_cli.errors import ExitCode
from dvc_cli.sign.token.architecture import exports_pkcs11, own_processor, processors_of
from dvc_cli.sign.token.discovery import find_modules, named_module, unfit_reason
from dvc_cli.sign.token.search import NoModule, NoToken, TokenAmbiguous, find_token, try_modules
from dvc_cli.testing.talk import PreparedTalk
from tests.sign.softhsm import PIN


def elf(machine):
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(40)


def windows(machine):
    head = bytearray(b"MZ" + bytes(62))
    struct.pack_into("<I", head, 60, 64)
    return bytes(head) + b"PE\0\0" + struct.pack("<H", machine) + bytes(40)


def universal(*kinds):
    return (
        b"\xca\xfe\xba\xbe"
        + struct.pack(">I", len(kinds))
        + b"".join(struct.pack(">I", kind) + bytes(16) for kind in kinds)
    )


@pytest.mark.parametrize(
    ("content", "processors"),
    [
        (elf(62), {"x86_64"}),
        (elf(3), {"x86"}),
        (elf(183), {"aarch64"}),
        (windows(0x8664), {"x86_64"}),
        (windows(0x14C), {"x86"}),
        (b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C) + bytes(20), {"aarch64"}),
        (universal(0x01000007, 0x0100000C), {"x86_64", "aarch64"}),
        (b"text", set()),
        (b"", set()),
        (b"MZ", set()),
        (b"\x7fELF", set()),
    ],
)
def test_the_processor_is_read_from_the_header(content, processors, tmp_path):
    path = tmp_path / "module"
    path.write_bytes(content)
    assert processors_of(path) == processors


def test_this_pythons_own_libraries_fit_it(token):
    assert own_processor() in processors_of(token.module)
    assert exports_pkcs11(token.module)
    assert unfit_reason(token.module) is None


@pytest.mark.skipif(own_processor() != "x86_64", reason="speaks of 32-bit libraries on x86_64")
def test_a_32_bit_library_is_told_apart_before_loading(tmp_path):
    path = tmp_path / "vnptca_p11_v8.so"
    path.write_bytes(elf(3))
    assert unfit_reason(path) == "it is a 32-bit library (x86) and this program is 64-bit"
    with pytest.raises(NoModule, match="32-bit library") as caught:
        find_token(path, "", "", {}, PreparedTalk())
    assert caught.value.exit_code is ExitCode.CONFIGURATION


def test_what_was_named_and_is_missing_is_said(tmp_path):
    assert named_module(tmp_path / "none.so").unfit == "the file does not exist"
    path = tmp_path / "text.so"
    path.write_text("no library", encoding="utf-8")
    assert named_module(path).unfit == "it is not a program library"


@pytest.mark.skipif(sys.platform == "win32", reason="p11-kit's files are found on Linux and macOS")
def test_own_p11_kit_files_come_first_and_each_module_once(token, tmp_path):
    folder = tmp_path / ".config" / "pkcs11" / "modules"
    folder.mkdir(parents=True)
    (folder / "mine.module").write_text(f"# comment\nmodule: {token.module}\npriority: 3\n", encoding="utf-8")
    (folder / "gone.module").write_text("module: /nowhere/lib.so\n", encoding="utf-8")
    (folder / "nss.module").write_text(f"module: {token.module}\nx-init-reserved: configdir='x'\n", encoding="utf-8")
    found = find_modules({"HOME": str(tmp_path)})
    assert (found[0].path, found[0].family, found[0].origin) == (token.module, "mine", "p11-kit")
    paths = [one.path.resolve() for one in found]
    assert len(paths) == len(set(paths))
    assert Path("/nowhere/lib.so") not in paths


def test_the_table_names_the_field_for_all_systems():
    import tomllib
    from importlib.resources import files

    table = tomllib.loads((files("dvc_cli.sign.token") / "modules.toml").read_text(encoding="utf-8"))
    names = {family["name"] for family in table["family"]}
    assert {"VNPT-CA", "Viettel-CA", "FPT-CA", "BkavCA", "EFY-CA", "MISA-CA", "SoftHSM2", "OpenSC"} <= names
    for family in table["family"]:
        assert family["confidence"] in ("confirmed", "reported")
        assert any(family.get(system) for system in ("windows", "macos", "linux"))


def test_the_token_is_found_by_label_and_by_serial(token):
    (facts,) = try_modules(token.module, token.environ)[0].tokens
    for label, serial in (("", ""), ("dvc-thu", ""), (facts.serial, ""), ("", facts.serial)):
        assert find_token(token.module, label, serial, token.environ, PreparedTalk()).facts.serial == facts.serial


def test_a_token_that_is_not_there_lists_those_that_are(token):
    with pytest.raises(NoToken, match="There is no token other") as caught:
        find_token(token.module, "other", "", token.environ, PreparedTalk())
    assert "dvc-thu" in caught.value.details[0]
    assert caught.value.exit_code is ExitCode.CONFIGURATION


def test_no_token_at_all_is_said(token, tmp_path):
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n", encoding="utf-8")
    with pytest.raises(NoToken, match="No token is plugged in"):
        find_token(
            token.module, "", "", {**token.environ, "SOFTHSM2_CONF": str(tmp_path / "softhsm2.conf")}, PreparedTalk()
        )


def test_a_module_that_fails_says_how(token, tmp_path):
    with pytest.raises(NoModule, match="cannot be used: it failed with GeneralError"):
        find_token(token.module, "", "", {**token.environ, "SOFTHSM2_CONF": str(tmp_path / "none")}, PreparedTalk())


def test_several_tokens_are_listed_or_asked_for(own_token):
    own_token.run("softhsm2-util", "--init-token", "--free", "--label", "zweit", "--so-pin", "12345678", "--pin", PIN)
    with pytest.raises(TokenAmbiguous, match="choose one") as caught:
        find_token(own_token.module, "", "", own_token.environ, PreparedTalk())
    assert len(caught.value.details) == 2
    talk = PreparedTalk(answers=[1])
    chosen = find_token(own_token.module, "", "", own_token.environ, talk)
    assert chosen.facts.label in talk.asked[1]
