"""eSCL in particular: what is sent, what is read tolerantly, states that only this protocol has, an independent client."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from dvc_cli.errors import DvcError
from dvc_cli.net import NotSent
from dvc_cli.scan.escl import BadScannerAddress, EsclScanner, parse_address
from dvc_cli.scan.escl_messages import BadMessage, read_capabilities, read_status, write_settings
from dvc_cli.scan.scanner import (
    CoverOpen,
    DoubleFeed,
    NoScanner,
    ScanMode,
    ScannerBusy,
    ScannerFault,
    ScannerLocked,
    ScannerRefused,
    ScannerSilent,
    ScanRequest,
    ScanSource,
)
from dvc_cli.testing.scanner_contract import request as small
from dvc_sandbox.scanner.escl import capabilities
from tests.capture.conftest import sane_environment

CAPABILITIES = read_capabilities(capabilities().encode())


def value(body: bytes, name: str) -> str:
    (element,) = [item for item in etree.fromstring(body).iter() if etree.QName(item).localname == name]
    return element.text


def test_settings_say_what_was_asked(escl, device, tmp_path):
    wanted = ScanRequest(
        source=ScanSource.DUPLEX, mode=ScanMode.GRAY, resolution=200, width_mm=210, height_mm=297, pages=3
    )
    assert len(list(escl.scan(wanted, tmp_path))) == 3
    (body,) = device.settings_seen
    assert value(body, "InputSource") == "Feeder"
    assert value(body, "Duplex") == "true"
    assert value(body, "ColorMode") == "Grayscale8"
    assert value(body, "XResolution") == value(body, "YResolution") == "200"
    assert value(body, "Width") == "2480"
    assert value(body, "Height") == "3508"
    assert value(body, "DocumentFormatExt") == "image/jpeg"
    assert device.deleted == ["1"]


def test_a_scan_from_the_glass_says_nothing_of_sides(escl, device, tmp_path):
    list(escl.scan(small(ScanSource.FLATBED), tmp_path))
    assert b"Duplex" not in device.settings_seen[0]
    assert value(device.settings_seen[0], "InputSource") == "Platen"


def test_a_jammed_feeder_does_not_keep_from_the_glass(escl, device, tmp_path):
    device.fault = "jam"
    assert device.feeder_state == "ScannerAdfJam"
    device.fault_after = 5
    assert len(list(escl.scan(small(ScanSource.FLATBED), tmp_path))) == 1


def test_pages_before_a_jam_stay_whole(escl, device, tmp_path):
    device.fault, device.fault_after = "jam", 1
    pages = []
    with pytest.raises(DvcError, match="jammed"):
        pages.extend(escl.scan(small(), tmp_path))
    device_pages = list(tmp_path.rglob("*.jpg"))
    assert len(device_pages) == 1
    with Image.open(device_pages[0]) as image:
        image.load()
    assert device.deleted == ["1"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("multipick", DoubleFeed),
        ("hatch", CoverOpen),
        ("aborted", ScannerFault),
        ("no-picture", ScannerFault),
        ("no-xml", ScannerFault),
        ("bomb", ScannerFault),
        ("refused", ScannerRefused),
        ("forbidden", ScannerLocked),
        ("missing", NoScanner),
        ("silent", ScannerSilent),
        ("busy", ScannerBusy),
        ("gone", ScannerFault),
    ],
)
def test_faults_of_the_protocol(escl, device, tmp_path, fault, kind):
    device.fault = fault
    with pytest.raises(kind):
        list(escl.scan(small(), tmp_path))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("fault", ["busy-once", "warming-up"])
def test_waits_end_when_the_device_is_ready(escl, device, clock, tmp_path, fault):
    device.fault = fault
    assert len(list(escl.scan(small(), tmp_path))) == 2
    assert 0 < clock.time < 30


def test_a_job_at_another_host_is_looked_for_at_ours(escl, device, tmp_path):
    device.fault = "foreign-location"
    assert len(list(escl.scan(small(), tmp_path))) == 2


def test_a_mode_it_does_not_have_is_refused_before_anything_is_sent(escl, device, tmp_path, monkeypatch):
    told = read_capabilities(capabilities().replace("<scan:ColorMode>RGB24</scan:ColorMode>", "").encode())
    monkeypatch.setitem(escl.__dict__, "_told", told)
    with pytest.raises(ScannerRefused):
        list(escl.scan(small(), tmp_path))
    assert device.settings_seen == []


def test_nobody_at_the_address(clock, tmp_path):
    from dvc_cli.net import NetSettings
    from dvc_cli.net.client import open_client

    client = open_client("http://127.0.0.1:9/eSCL", NetSettings(proxy=""))
    with pytest.raises(NotSent):
        EsclScanner("escl:127.0.0.1:9", client, clock).capabilities()
    client.close()


# -- messages --------------------------------------------------------------------------------------------------------


def test_ranges_of_resolutions_and_other_prefixes_are_read():
    text = re.sub(
        r"<scan:SupportedResolutions>.*?</scan:SupportedResolutions>",
        "<scan:SupportedResolutions><scan:ResolutionRange><scan:XResolutionRange><scan:Min>75</scan:Min>"
        "<scan:Max>1200</scan:Max><scan:Normal>300</scan:Normal><scan:Step>1</scan:Step></scan:XResolutionRange>"
        "</scan:ResolutionRange></scan:SupportedResolutions>",
        capabilities(),
    )
    text = (
        text.replace("scan:", "ns1:")
        .replace("xmlns:scan", "xmlns:ns1")
        .replace("pwg:", "p:")
        .replace("xmlns:pwg", "xmlns:p")
    )
    told = read_capabilities(text.encode())
    assert told.name.startswith("DVC Sandbox")
    assert {one.resolutions.most for one in told.sources} == {1200}


def test_a_version_cannot_smuggle_markup():
    text = capabilities().replace("2.63", "&lt;evil/&gt;")
    assert b"evil" not in write_settings(read_capabilities(text.encode()), small())


@given(st.binary(max_size=300))
def test_any_answer_is_read_or_refused(content):
    for read in (read_capabilities, read_status):
        with pytest.raises(BadMessage):
            read(content)


@given(
    width=st.floats(0, 2000),
    height=st.floats(0, 2000),
    source=st.sampled_from(ScanSource),
    mode=st.sampled_from(ScanMode),
    resolution=st.integers(1, 2400),
)
def test_settings_are_always_well_formed_and_inside_the_device(width, height, source, mode, resolution):
    wanted = ScanRequest(source=source, mode=mode, resolution=resolution, width_mm=width, height_mm=height)
    body = write_settings(CAPABILITIES, wanted)
    assert 1 <= int(value(body, "Width")) <= 2550
    assert 1 <= int(value(body, "Height")) <= 3508
    assert value(body, "XResolution") == str(resolution)


# -- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("escl:192.168.1.20", "http://192.168.1.20/eSCL"),
        ("escl:printer.local:8080", "http://printer.local:8080/eSCL"),
        ("escl:https://printer.local/eSCL/", "https://printer.local/eSCL"),
        ("escl:http://printer/other", "http://printer/other"),
        ("escl:[fe80::1]:80", "http://[fe80::1]:80/eSCL"),
    ],
)
def test_addresses(name, base):
    assert parse_address(name).base == base


@pytest.mark.parametrize(
    "name", ["escl:", "escl:a b", "escl:user@host", "escl:host:0", "escl:host:99999", "escl:/x", "escl:ftp://x"]
)
def test_what_is_no_address(name):
    with pytest.raises(BadScannerAddress):
        parse_address(name)


# -- the emulator, judged by another client ---------------------------------------------------------------------------


@pytest.mark.skipif(
    not list(Path("/usr/lib").glob("*/sane/libsane-airscan.so*")), reason="sane-airscan is not installed"
)
def test_sane_airscan_scans_from_the_emulated_device(device, served, tmp_path):
    environ = sane_environment(tmp_path / "conf", "airscan")
    (tmp_path / "conf" / "airscan.conf").write_text(
        f'[options]\ndiscovery = disable\n[devices]\n"DVC" = {parse_address(served).base}, eSCL\n',
        encoding="utf-8",
    )
    devices = subprocess.run(
        ["scanimage", "-f", "%d"], env=environ, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert devices.startswith("airscan:")
    subprocess.run(
        [
            "scanimage",
            "-d",
            devices,
            "--source",
            "ADF",
            "--resolution",
            "100",
            f"--batch={tmp_path}/p%d.png",
            "--format=png",
        ],
        env=environ,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert len(list(tmp_path.glob("p*.png"))) == 2
    assert shutil.which("scanimage")
    assert device.settings_seen
