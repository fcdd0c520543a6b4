"""Unencrypted http goes to this computer, and to the one scanner that the user named: nowhere else (ADR 6)."""

from __future__ import annotations

import pytest

from dvc_cli.context import Context
from dvc_cli.net import NetSettings
from dvc_cli.net.address import BadAddress, check_address
from dvc_cli.net.client import open_client
from dvc_cli.scan.escl import EsclScanner
from dvc_cli.scan.sane import SaneScanner
from dvc_cli.services.scanners import open_scanner


def test_the_named_host_only():
    assert check_address("http://192.168.1.20/eSCL", plain_host="192.168.1.20") == "http://192.168.1.20/eSCL"
    assert check_address("http://Printer.local/eSCL", plain_host="printer.local")
    for url in ("http://192.168.1.21/eSCL", "http://printer.local.evil.example/", "http://evil/?192.168.1.20"):
        with pytest.raises(BadAddress):
            check_address(url, plain_host="192.168.1.20")
    with pytest.raises(BadAddress):
        check_address("http://192.168.1.20/eSCL")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2001:4860:4860::8888]"])
def test_never_an_address_in_the_internet(host):
    with pytest.raises(BadAddress):
        check_address(f"http://{host}/eSCL", plain_host=host.strip("[]"))
    assert check_address(f"https://{host}/eSCL")


def test_a_job_or_page_at_another_host_is_never_asked_for():
    client = open_client("http://192.0.2.7/eSCL", NetSettings(plain_host="192.0.2.7", proxy=""))
    with pytest.raises(BadAddress):
        client.get("http://192.0.2.8/eSCL/ScanJobs/1/NextDocument")
    client.close()


def test_devices_by_their_names(monkeypatch, capsys):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    run = Context()
    scanner = open_scanner(run, "escl:192.168.1.20")
    assert isinstance(scanner, EsclScanner)
    assert "unencrypted" in capsys.readouterr().err
    scanner.close()
    open_scanner(run, "escl:127.0.0.1:8080").close()
    assert capsys.readouterr().err == ""
    assert open_scanner(run, "sane:escl:http://192.168.1.20:80").device == "escl:http://192.168.1.20:80"
    assert isinstance(open_scanner(run, "epson2:libusb:001:004"), SaneScanner)
    with pytest.raises(BadAddress):
        open_scanner(run, "escl:http://1.1.1.1/eSCL")
