"""A further signature must leave the earlier ones as they were (signatures.md §2 rule 10)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from dvc_cli.errors import SigningRefused
from dvc_cli.i18n import _
from dvc_cli.sign.pades.verify import verify_stream

if TYPE_CHECKING:
    from dvc_cli.sign.pades.prepare import PreparedDocument

_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)  # only integrity is asked for here, no certificate is judged


class EarlierSignatureDamaged(SigningRefused):
    """A further signature would make an earlier one invalid; nothing was written."""

    slug = "earlier-signature-damaged"


def sound_signatures(file: BinaryIO, name: str) -> tuple[tuple[str, bool], ...]:
    """Field name of every signature, and whether it is intact with nothing suspicious after it."""
    verdict = verify_stream(file, name, name, (), _ANY_MOMENT)
    return tuple((one.field_name, one.intact and one.changes_after != "suspicious") for one in verdict.signatures)


def check_earlier(file: BinaryIO, prepared: PreparedDocument) -> None:
    """Compare the earlier signatures in the signed `file` with how they were before.

    Raises:
        EarlierSignatureDamaged: one that was sound is not any more.
    """
    if not prepared.earlier:
        return
    name = prepared.document.display_name
    now = dict(sound_signatures(file, name))
    damaged = [field for field, was_sound in prepared.earlier if was_sound and not now.get(field, False)]
    if damaged:
        raise EarlierSignatureDamaged(
            _("Signing `{name}` would make its earlier signature `{field}` invalid").format(
                name=name, field=damaged[0]
            ),
            hint=_("Ask the author for a version that may still be signed"),
        )


def check_added(file: BinaryIO, prepared: PreparedDocument) -> None:
    """Our own signature with validation data after it is sound.

    Raises:
        OutputNotValid: it is not.
    """
    from dvc_cli.sign.pades.integrity import OutputNotValid

    name = prepared.document.display_name
    if not dict(sound_signatures(file, name)).get(prepared.field_name, False):
        raise OutputNotValid(_("The signed copy of `{name}` is not valid").format(name=name))
