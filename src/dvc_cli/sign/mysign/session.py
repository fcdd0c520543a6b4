"""A MySign session: batches of digests in, verified raw signatures out; one confirmation in the app per batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dvc_cli.errors import DvcError, InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress, Task
from dvc_cli.model.signing import DocumentDigest, RawSignature, SigningCertificate
from dvc_cli.net.base import NotSent
from dvc_cli.sign.base import SignatureRejected, SignerUnavailable
from dvc_cli.sign.cloud.reply import LostReplyError
from dvc_cli.sign.cloud.values import check_values
from dvc_cli.sign.mysign.account import MySignAccount
from dvc_cli.sign.mysign.calls import Calls, Progressed, Status, certificate_refused, quota_exhausted
from dvc_cli.sign.mysign.names import distinct
from dvc_cli.sign.mysign.problems import MySignExpired, MySignFailed, MySignPending, MySignReplyLost
from dvc_cli.sign.mysign.record import OpenRequest, OpenRequests

FIRST_PAUSE = 3.0
PAUSE = 5.0
FORGOTTEN_AFTER = 600.0  # a request that is still undecided so long after its time is given up
GRACE = 15.0  # the service's clock decides; its last word is asked for a little after ours has run out


class MySignSession:
    """Signs batches with one certificate. One request at a time."""

    def __init__(
        self,
        account: MySignAccount,
        certificate: SigningCertificate,
        calls: Calls,
        requests: OpenRequests,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self._account = account
        self._certificate = certificate
        self._calls = calls
        self._requests = requests
        self._progress = progress
        self._clock = clock

    @property
    def certificate(self) -> SigningCertificate:
        """The one certificate this session signs with."""
        return self._certificate

    def sign(self, digests: Sequence[DocumentDigest], *, description: str) -> Iterator[RawSignature]:
        """Sign a batch (see `SigningSession.sign`); an approved request of an interrupted run is used first.

        The stored request is removed after the last value was taken from the iterator.

        Raises:
            SignatureRejected, MySignExpired, MySignFailed, MySignPending, MySignReplyLost, MySignQuota, BadSignature,
            CertificateUnusable, MySignRequestRefused, MySignAccountRefused, PinLocked, SignerUnavailable, NotSent.
        """
        if not digests:
            return
        self._check(digests)
        request = self._resumed(digests) or self._opened(digests, description)
        status = self._decided(request)
        if status.progressed is not Progressed.SIGNED:
            self._requests.drop(request)
            raise self._ended(status)
        checked = check_values(digests, status.values, self._certificate)
        yield from checked.good
        self._requests.drop(request)
        checked.require_complete("MySign")

    def _check(self, digests: Sequence[DocumentDigest]) -> None:
        most = self._account.max_batch
        if len(digests) > most:
            raise InvalidInput(
                _("This signer takes 1 to {most} documents at once, not {count}").format(most=most, count=len(digests))
            )
        if len({one.doc_id for one in digests}) != len(digests):
            raise InvalidInput(_("Two documents of the batch have the same id"))

    def _resumed(self, digests: Sequence[DocumentDigest]) -> OpenRequest | None:
        """The request of an interrupted run over the same digests; others of the account are tidied."""
        wanted = tuple(one.digest.hex() for one in digests)
        found: OpenRequest | None = None
        for request in self._requests.all():
            status = self._asked(request)
            is_alive = status.progressed is Progressed.WAITING and self._left(request) > -FORGOTTEN_AFTER
            is_useful = is_alive or status.progressed is Progressed.SIGNED
            is_same = (request.credential, request.digests) == (self._certificate.key_id, wanted)
            if is_useful and is_same and found is None:
                self._progress.say(_("Going on with the MySign request of an earlier run"))
                found = request
            elif status.progressed is Progressed.WAITING and self._left(request) > 0:
                self._progress.warn(
                    _("An earlier request is still open in the MySign app, reject it there: {description}").format(
                        description=request.description
                    )
                )
            else:
                self._requests.drop(request)
        return found

    def _opened(self, digests: Sequence[DocumentDigest], description: str) -> OpenRequest:
        names = distinct([one.display_name or one.doc_id for one in digests])
        documents = [(name, one.digest) for name, one in zip(names, digests, strict=True)]
        try:
            transaction = self._calls.open(self._certificate.key_id, documents, description)
        except LostReplyError as error:
            raise MySignReplyLost(
                _("The answer of MySign was lost, so it is not known whether the app asks for a confirmation"),
                hint=_("Reject the request in the app if there is one, then run the same command again"),
            ) from error
        request = OpenRequest(
            id=transaction,
            account=self._account.key,
            credential=self._certificate.key_id,
            description=" ".join(description.split()),
            digests=tuple(one.digest.hex() for one in digests),
            opened_at=self._clock.now(),
        )
        self._requests.keep(request)
        return request

    def _decided(self, request: OpenRequest) -> Status:
        """Wait for the app.

        Raises:
            MySignPending: the time is over and the service still says that it waits.
        """
        left = max(0.0, self._left(request))
        deadline = self._clock.monotonic() + left
        with self._progress.task(_("Waiting for the confirmation in the MySign app"), self._account.wait) as task:
            task.advance(self._account.wait - left)
            pause = FIRST_PAUSE
            while True:
                status = self._asked(request)
                if status.progressed is not Progressed.WAITING:
                    return status
                if self._clock.monotonic() >= deadline + GRACE:
                    raise self._too_late()
                self._pause(task, pause, deadline)
                pause = PAUSE

    def _asked(self, request: OpenRequest) -> Status:
        """The status now; a fault on the way counts as still waiting."""
        try:
            return self._calls.status(request.id)
        except (LostReplyError, NotSent, SignerUnavailable):
            self._progress.say(_("MySign does not answer at the moment; still waiting"))
            return Status(Progressed.WAITING)

    def _pause(self, task: Task, seconds: float, deadline: float) -> None:
        try:
            for _second in range(int(seconds)):
                left = max(0, round(deadline - self._clock.monotonic()))
                task.update(
                    _("Confirm in the MySign app: {left} left").format(left=f"{left // 60:02d}:{left % 60:02d}")
                )
                self._clock.sleep(1.0)
                task.advance(1.0)
        except KeyboardInterrupt:
            self._progress.warn(
                _("Stopped waiting; the request is still open in the MySign app until it is rejected there")
            )
            raise

    def _left(self, request: OpenRequest) -> float:
        return request.seconds_left(self._account.wait, self._clock.now())

    def _too_late(self) -> MySignPending:
        return MySignPending(
            _("The time to confirm is over, and MySign has not said how it ended"),
            hint=_("Run the same command again: it goes on with the same request"),
        )

    def _ended(self, status: Status) -> DvcError:
        said = (_("MySign says: {message}").format(message=status.number),)
        match status.progressed:
            case Progressed.REJECTED:
                return SignatureRejected(
                    _("The request was rejected in the MySign app; nothing was signed"),
                    hint=_("Run the same command again to ask once more"),
                )
            case Progressed.EXPIRED:
                return MySignExpired(
                    _("Nobody confirmed the MySign request in time; nothing was signed"),
                    hint=_("Have the phone at hand and run the same command again"),
                )
            case Progressed.QUOTA:
                return quota_exhausted(self._account, said)
            case Progressed.CERTIFICATE:
                return certificate_refused(self._account, said)
        return MySignFailed(
            _("MySign ended the request without signing"), hint=_("Run the same command again"), details=said
        )
