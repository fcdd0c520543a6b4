"""The contract of scanners, on SANE's test device and on the emulated eSCL device."""

from __future__ import annotations

import pytest

from dvc_cli.scan.sane import SaneScanner
from dvc_cli.testing.scanner_contract import ScannerContract


class TestSane(ScannerContract):
    @pytest.fixture
    def scanner(self, sane):
        return SaneScanner("test:0", sane)

    @pytest.fixture
    def sheets_in_feeder(self):
        return 10  # what SANE's test device has in its feeder

    @pytest.fixture
    def faulty(self, scanner):
        words = {
            "jam": "JAMMED",
            "empty": "NO_DOCS",
            "cover": "COVER_OPEN",
            "busy": "DEVICE_BUSY",
            "broken": "IO_ERROR",
            "locked": "ACCESS_DENIED",
            "cancelled": "CANCELLED",
        }
        return lambda fault: (scanner, {"read-return-value": f"SANE_STATUS_{words[fault]}"})


class TestEscl(ScannerContract):
    @pytest.fixture
    def scanner(self, escl):
        return escl

    @pytest.fixture
    def sheets_in_feeder(self, device):
        return len(device.feeder)

    @pytest.fixture(autouse=True)
    def refill(self, request, device):
        """The glass and the feeder are used in one test."""
        if request.function.__name__ == "test_it_can_be_stopped_and_used_again":
            device.feeder = device.feeder * 2

    @pytest.fixture
    def faulty(self, escl, device):
        words = {
            "jam": "jam",
            "cover": "hatch",
            "busy": "busy",
            "broken": "gone",
            "locked": "forbidden",
            "cancelled": "cancelled",
        }

        def arrange(fault):
            if fault == "empty":
                device.feeder = []
            else:
                device.fault = words[fault]
                device.fault_after = 1 if fault in ("jam", "broken", "cancelled") else 0
            return escl, {}

        return arrange
