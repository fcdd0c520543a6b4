"""Identifiers of the field: text always, parsed tolerantly, printed canonically (contracts/portal.md §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

_PROCEDURE = re.compile(r"(\d{1,2}\.\d{6})((?:\.\d{2,3}){3})?(?:\.([A-Z]\d{2}))?")
_DOSSIER = re.compile(r"([A-Z0-9.]+?)-(\d{6}|\d{8})-(\d{4,7})", re.ASCII)
_TAX = re.compile(r"(\d{10})(?:-?(\d{3}))?")


@dataclass(frozen=True, slots=True)
class ProcedureCode:
    """Code of a procedure (mã thủ tục): `1.001612`, with the local suffix `000.00.00.H31` or `H31` when given."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code; raises ValueError when `text` is none."""
        cleaned = text.strip().upper()
        if not _PROCEDURE.fullmatch(cleaned):
            raise ValueError(text)
        return cls(cleaned)

    @property
    def national(self) -> str:
        """The national part, without the suffix."""
        match = _PROCEDURE.fullmatch(self.text)
        return match.group(1) if match else self.text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class DossierCode:
    """Code of a dossier (mã hồ sơ): agency, `-`, 6 or 8 digits of the date, `-`, 4 to 7 digits."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code; raises ValueError when `text` is none."""
        cleaned = text.strip().upper()
        if not _DOSSIER.fullmatch(cleaned):
            raise ValueError(text)
        return cls(cleaned)

    @property
    def agency(self) -> str:
        """The part before the date."""
        return self.text.rsplit("-", 2)[0]

    @property
    def number(self) -> str:
        """The running number."""
        return self.text.rsplit("-", 1)[1]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class CitizenId:
    """Personal identification number (số định danh / CCCD, 12 digits) or the old CMND (9 digits).

    There is no check digit, so a doubtful number is a warning, never a refusal (contract §4). `repr` masks.
    """

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number; raises ValueError when `text` has not 9 or 12 digits."""
        cleaned = re.sub(r"[ .]", "", text.strip())
        if not re.fullmatch(r"\d{9}|\d{12}", cleaned, re.ASCII):
            raise ValueError(text)
        return cls(cleaned)

    @property
    def is_old(self) -> bool:
        """A 9-digit CMND; no longer valid since 2025-01-01."""
        return len(self.digits) == 9

    @property
    def is_female(self) -> bool | None:
        """The sex the number tells, None for a CMND."""
        return None if self.is_old else int(self.digits[3]) % 2 == 1

    @property
    def birth_year(self) -> int | None:
        """The year of birth the number tells, None for a CMND."""
        if self.is_old:
            return None
        return 1900 + 100 * (int(self.digits[3]) // 2) + int(self.digits[4:6])

    def disagrees_with(self, birthday: date | None, *, female: bool | None) -> bool:
        """Whether birthday or sex do not fit the number; worth a warning."""
        if self.is_old:
            return False
        wrong_year = birthday is not None and birthday.year != self.birth_year
        return wrong_year or (female is not None and female != self.is_female)

    @property
    def masked(self) -> str:
        """For people who need to recognise it: only the last three digits."""
        return "*" * (len(self.digits) - 3) + self.digits[-3:]

    def __str__(self) -> str:
        return self.digits

    def __repr__(self) -> str:
        return f"CitizenId({self.masked})"


@dataclass(frozen=True, slots=True)
class TaxCode:
    """Tax code (mã số thuế): 10 digits, 10-3 for a branch, or a 12-digit personal number. Canonical: `0101234565-001`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code; raises ValueError for a wrong shape or check digit."""
        from stdnum.vn import mst

        cleaned = re.sub(r"[ .]", "", text.strip())
        if re.fullmatch(r"\d{12}", cleaned, re.ASCII):
            return cls(cleaned)
        match = _TAX.fullmatch(cleaned)
        if not match or not mst.is_valid(match.group(1)):
            raise ValueError(text)
        return cls(match.group(1) + (f"-{match.group(2)}" if match.group(2) else ""))

    def __str__(self) -> str:
        return self.text
