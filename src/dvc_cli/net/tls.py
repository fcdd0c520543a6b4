"""TLS through the system's trust store plus one extra CA file; nothing here can turn checks off."""

from __future__ import annotations

import ssl
from pathlib import Path

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _


class BadCaFile(ConfigurationProblem):
    """The file of extra certification authorities cannot be used."""

    slug = "bad-ca-file"


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A context that trusts the system store and `ca_file`, TLS 1.2 at least, host names checked.

    Raises:
        BadCaFile: `ca_file` is missing or holds no PEM certificate.
    """
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise BadCaFile(
                _("The CA file `{path}` cannot be read as PEM certificates").format(path=ca_file),
                hint=_("Check `extra_ca` of the profile or `network.ca_file` of the settings"),
            ) from error
    return context


def no_tls() -> ssl.SSLContext:
    """A context that trusts nobody, for clients of loopback http addresses."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
