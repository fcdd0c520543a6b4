"""What the sandbox's PKI holds: subjects, validity, extensions and services, as a certomancer configuration."""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Literal, TypeAlias, cast

ARCHITECTURE = "dvc"
AUTHORITIES = ("root", "ca", "smartca-ca", "ocsp", "smartca-ocsp", "tsa")
REVOKED_BEFORE = timedelta(days=10)
EXPIRED_BEFORE = timedelta(days=30)
VALID_BEFORE = timedelta(days=30)
VALID_FOR = timedelta(days=730)

Tree: TypeAlias = dict[str, object]
KeyKind = Literal["rsa-2048", "rsa-3072", "p-256"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A subscriber's certificate: whose, from which authority, with which key, and its fate."""

    subject: Tree
    issuer: str = "ca"
    key: KeyKind = "rsa-2048"
    fate: Literal["good", "expired", "revoked"] = "good"


def people() -> Tree:
    """The invented people of `seed/people.toml`."""
    return tomllib.loads(files("dvc_sandbox").joinpath("seed/people.toml").read_text(encoding="utf-8"))


def holders(seed: Tree) -> dict[str, Holder]:
    """Every subscriber's certificate by its name; the same person may hold several."""
    accounts = {str(row["certificate"]): row for row in _rows(seed, "account")}
    citizen = _person(accounts["citizen"])
    organisation = _organisation(
        str(accounts["organisation"]["organisation"]), str(accounts["organisation"]["tax_code"])
    )
    expired, revoked = _person(accounts["expired"]), _person(accounts["revoked"])
    # Since 2025 a household business uses its owner's ID number as tax code.
    household = _organisation(
        f"Hộ kinh doanh {accounts['citizen']['full_name']}", str(accounts["citizen"]["identity_number"])
    )
    agency = cast("Tree", seed["agency"])
    return {
        "citizen": Holder(citizen),
        "citizen-ec": Holder(citizen, key="p-256"),
        "citizen-3072": Holder(citizen, key="rsa-3072"),
        "organisation": Holder(organisation),
        "expired": Holder(expired, fate="expired"),
        "revoked": Holder(revoked, fate="revoked"),
        "agency": Holder(_organisation(str(agency["name"]), "1000000009")),
        "smartca-citizen": Holder(citizen, issuer="smartca-ca"),
        "smartca-seal": Holder(household, issuer="smartca-ca"),
        "smartca-organisation": Holder(organisation, issuer="smartca-ca"),
        "smartca-expired": Holder(expired, issuer="smartca-ca", fate="expired"),
        "smartca-revoked": Holder(revoked, issuer="smartca-ca", fate="revoked"),
    }


def new_serial() -> int:
    """A random serial number of 15 bytes, so that certificates issued anew never share one."""
    return 0x54 << 112 | secrets.randbits(112)


def configuration(base_url: str, created: datetime, subscribers: dict[str, Holder]) -> Tree:
    """The certomancer configuration; certificates carry addresses below `base_url`."""
    names = (*AUTHORITIES, *subscribers)
    certificates: dict[str, Tree] = {
        "root": _authority("root", created, years=(10, 25), issuer_services=False),
        "ca": _authority("root", created, years=(5, 10)),
        "smartca-ca": _authority("root", created, years=(5, 10)),
        "ocsp": _responder("ca", created),
        "smartca-ocsp": _responder("smartca-ca", created),
        "tsa": _time_stamper(created),
    }
    for name, holder in subscribers.items():
        certificates[name] = _subscriber(holder, created)
    for name, certificate in certificates.items():
        certificate.update({"subject": name, "subject-key": name, "serial": new_serial()})
    return {
        "external-url-prefix": base_url,
        "keysets": {ARCHITECTURE: {"keys": {name: _key_entry(name) for name in names}}},
        "pki-architectures": {
            ARCHITECTURE: {
                "keyset": ARCHITECTURE,
                "entity-defaults": {"country-name": "VN"},
                "entities": {**_AUTHORITY_NAMES, **{name: holder.subject for name, holder in subscribers.items()}},
                "certs": certificates,
                "services": _SERVICES,
            }
        },
    }


def stamp(moment: datetime) -> str:
    """A moment as certomancer reads it, whole seconds, UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


_AUTHORITY_NAMES: Tree = {
    "root": {
        "organization-name": "THỬ NGHIỆM - SANDBOX",
        "organizational-unit-name": "Trung tâm Chứng thực điện tử quốc gia (THỬ NGHIỆM)",
        "common-name": "Vietnam National Root CA SANDBOX",
    },
    "ca": {"organization-name": "THỬ NGHIỆM - SANDBOX", "common-name": "SANDBOX-CA SHA-256"},
    "smartca-ca": {"organization-name": "THỬ NGHIỆM - SANDBOX", "common-name": "SANDBOX SmartCA SHA-256"},
    "ocsp": {"organization-name": "THỬ NGHIỆM - SANDBOX", "common-name": "SANDBOX-CA OCSP"},
    "smartca-ocsp": {"organization-name": "THỬ NGHIỆM - SANDBOX", "common-name": "SANDBOX SmartCA OCSP"},
    "tsa": {"organization-name": "THỬ NGHIỆM - SANDBOX", "common-name": "SANDBOX TSA"},
}

_SERVICES: Tree = {
    "ocsp": {
        "ca": {"for-issuer": "ca", "responder-cert": "ocsp", "signing-key": "ocsp"},
        "smartca-ca": {"for-issuer": "smartca-ca", "responder-cert": "smartca-ocsp", "signing-key": "smartca-ocsp"},
    },
    "crl-repo": {
        "root": {"for-issuer": "root", "signing-key": "root", "simulated-update-schedule": "P90D"},
        "ca": {"for-issuer": "ca", "signing-key": "ca", "simulated-update-schedule": "P1D"},
        "smartca-ca": {"for-issuer": "smartca-ca", "signing-key": "smartca-ca", "simulated-update-schedule": "P1D"},
    },
    "cert-repo": {
        "root": {"for-issuer": "root", "publish-issued-certs": True},
        "ca": {"for-issuer": "ca", "publish-issued-certs": False},
        "smartca-ca": {"for-issuer": "smartca-ca", "publish-issued-certs": False},
    },
    "time-stamping": {"tsa": {"signing-key": "tsa", "signing-cert": "tsa", "certs-to-embed": ["ca"]}},
}


def _key_entry(name: str) -> Tree:
    # Loading a private key costs 60 ms; the servers need only the authorities' own.
    if name in AUTHORITIES:
        return {"path": f"keys/{name}.pem"}
    return {"path": f"public/{name}.pem", "public-only": True}


def _rows(seed: Tree, name: str) -> list[Tree]:
    return cast("list[Tree]", seed[name])


def _person(account: Tree) -> Tree:
    return {
        "state-or-province-name": "HƯNG YÊN",
        "common-name": str(account["full_name"]).upper(),
        "user-id": f"CCCD:{account['identity_number']}",
    }


def _organisation(name: str, tax_code: str) -> Tree:
    return {"state-or-province-name": "HƯNG YÊN", "common-name": name.upper(), "user-id": f"MST:{tax_code}"}


def _validity(start: datetime, end: datetime) -> Tree:
    return {"valid-from": stamp(start), "valid-to": stamp(end)}


def _years(created: datetime, years: tuple[int, int]) -> Tree:
    return _validity(created - timedelta(days=365 * years[0]), created + timedelta(days=365 * years[1]))


def _usage(*bits: str) -> Tree:
    return {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": list(bits)}}


def _extended_usage(*purposes: str, critical: bool = False) -> Tree:
    return {"id": "extended_key_usage", "critical": critical, "value": list(purposes)}


def _addresses(issuer: str, *, ocsp: bool) -> list[Tree]:
    access: Tree = {"ca-issuer-links": [{"repo": issuer}]}
    if ocsp:
        access["ocsp-responder-names"] = [issuer]
    return [
        {
            "id": "crl_distribution_points",
            "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": [issuer]}},
        },
        {"id": "authority_information_access", "smart-value": {"schema": "aia-urls", "params": access}},
    ]


def _authority(issuer: str, created: datetime, *, years: tuple[int, int], issuer_services: bool = True) -> Tree:
    constraints: Tree = {"ca": True, "path-len-constraint": 0} if issuer_services else {"ca": True}
    return {
        "issuer": issuer,
        "validity": _years(created, years),
        "extensions": [
            {"id": "basic_constraints", "critical": True, "value": constraints},
            _usage("key_cert_sign", "crl_sign"),
            *(_addresses(issuer, ocsp=False) if issuer_services else []),
        ],
    }


def _responder(issuer: str, created: datetime) -> Tree:
    return {
        "issuer": issuer,
        "validity": _years(created, (2, 10)),
        "extensions": [
            _usage("digital_signature"),
            _extended_usage("ocsp_signing", critical=True),
            {"id": "ocsp_no_check"},
        ],
    }


def _time_stamper(created: datetime) -> Tree:
    return {
        "issuer": "ca",
        "validity": _years(created, (2, 10)),
        "extensions": [
            _usage("digital_signature"),
            _extended_usage("time_stamping", critical=True),
            *_addresses("ca", ocsp=True),
        ],
    }


def _subscriber(holder: Holder, created: datetime) -> Tree:
    if holder.fate == "expired":
        validity = _validity(created - EXPIRED_BEFORE - VALID_FOR, created - EXPIRED_BEFORE)
    else:
        validity = _validity(created - VALID_BEFORE, created + VALID_FOR)
    # An EC key cannot encipher, so a real authority would not certify that use.
    usage = ["digital_signature", "non_repudiation"]
    if holder.key != "p-256":
        usage.append("key_encipherment")
    certificate: Tree = {
        "issuer": holder.issuer,
        "validity": validity,
        "extensions": [
            {"id": "basic_constraints", "critical": True, "value": {"ca": False}},
            _usage(*usage),
            _extended_usage("client_auth", "email_protection"),
            *_addresses(holder.issuer, ocsp=True),
        ],
    }
    if holder.fate == "revoked":
        certificate["revocation"] = {"revoked-since": stamp(created - REVOKED_BEFORE), "reason": "key_compromise"}
    return certificate
