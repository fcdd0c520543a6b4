"""Named fail-points as wrappers of the ports: the process is killed there. The product has no switch for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dvc_cli.errors import DvcError
from dvc_cli.services.desk import Desk
from dvc_cli.services.submit import submit
from tests.submission.stage import Stage, kill

#: Crash points of submission.md §6 that a single dossier has: name → where exactly. `event` is in the journal, `portal` a
#: request, `convert`, `sign`, `save` the other ports; `<` before it, `>` after it (its answer is never heard).
POINTS = {
    "before the plan is imported": "event<Planned",
    "after the plan is imported": "event>Planned",
    "before conversion": "convert<",
    "converted but not renamed": "convert~",
    "converted, not journalled": "event<Prepared",
    "before sign": "sign<",
    "after sign, before embed": "raw>",
    "signed file written, not journalled": "event<FileSigned",
    "all signed, not journalled": "event<Signed",
    "log-in reply lost": "portal>finish_login",
    "before the wizard is opened": "portal<open_dossier",
    "wizard opened, not journalled": "event<Opened",
    "upload about to begin": "event>Uploading",
    "upload mid-body": "portal<upload",
    "upload done, reply lost": "portal>upload",
    "upload answered, not journalled": "event<Uploaded",
    "signed bytes sent, reply lost": "portal>replace_signed",
    "all staged, not journalled": "event<Staged",
    "staged": "event>Staged",
    "form posted, reply lost": "portal>prepare_commit",
    "ready, not journalled": "event<Ready",
    "before the intent": "event<CommitIntended",
    "intent journalled, nothing sent": "event>CommitIntended",
    "commit half sent": "portal<commit",
    "committed, reply not received": "portal>commit",
    "reply received, not journalled": "event<Committed",
    "reply journalled": "event>Committed",
    "refusal to send not journalled": "event<CommitNotSent",
    "no answer, not journalled": "event<CommitUnanswered",
    "during settling": "event>SettlingStarted",
    "look-up answered, not journalled": "event<LookedUp",
    "look-up journalled": "event>LookedUp",
    "receipt fetched, not saved": "save<receipt",
    "receipt saved, state not": "event<ReceiptSaved",
    "all done, not said": "event>ReceiptSaved",
}


class _Run:
    def __init__(self, inner: object, at: Callable[[str], None]) -> None:
        self._inner, self._at = inner, at

    def append(self, reference: str, event: object, payload: object = None) -> object:
        name = type(event).__name__
        self._at(f"event<{name}")
        row = self._inner.append(reference, event, payload)
        self._at(f"event>{name}")
        return row


class _Journal:
    def __init__(self, inner: object, at: Callable[[str], None]) -> None:
        self._inner, self._at = inner, at

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    @contextmanager
    def run(self, account: str, plan_sha256: str) -> Iterator[_Run]:
        with self._inner.run(account, plan_sha256) as run:
            yield _Run(run, self._at)


class _Session:
    def __init__(self, inner: object, at: Callable[[str], None]) -> None:
        self.certificate, self._inner, self._at = inner.certificate, inner, at

    def sign(self, digests: Sequence[object], *, description: str) -> Iterator[object]:
        for value in self._inner.sign(digests, description=description):
            self._at("raw>")
            yield value


class _Signer:
    def __init__(self, inner: object, at: Callable[[str], None]) -> None:
        self.name, self.capabilities, self._inner, self._at = inner.name, inner.capabilities, inner, at

    def certificates(self) -> object:
        return self._inner.certificates()

    @contextmanager
    def open(self, prompter: object, progress: object) -> Iterator[_Session]:
        with self._inner.open(prompter, progress) as session:
            yield _Session(session, self._at)


def with_point(desk: Desk, point: str, action: Callable[[], None] = kill) -> Desk:
    """The desk with `action` at the fail-point, the first time it is reached."""

    def at(place: str) -> None:
        if place == point:
            action()

    for name in ("finish_login", "open_dossier", "upload", "replace_signed", "prepare_commit", "commit", "receipt"):
        setattr(desk.portal, name, _around(getattr(desk.portal, name), name, at))

    def convert(inputs: Sequence[Path], output: Path, progress: object) -> None:
        at("convert<")
        if point == "convert~":
            (output.parent / ".left-over.dvc-tmp").write_bytes(b"half a file")
        at("convert~")
        desk.convert(inputs, output, progress)

    def sign_files(*arguments: object, **named: object) -> Iterator[object]:
        at("sign<")
        yield from desk.sign_files(*arguments, **named)

    def save(path: Path, data: bytes, mode: int = 0o600, overwrite: bool = False) -> int:
        at(f"save<{'receipt' if path.parent.name == 'receipts' else 'work'}")
        return desk.save(path, data, mode, overwrite)

    return replace(
        desk,
        journal=_Journal(desk.journal, at),
        signer=lambda name: _Signer(desk.signer(name), at),
        convert=convert,
        sign_files=sign_files,
        save=save,
    )


def _around(call: Callable[..., object], name: str, at: Callable[[str], None]) -> Callable[..., object]:
    def around(*arguments: object, **named: object) -> object:
        at(f"portal<{name}")
        answer = call(*arguments, **named)
        at(f"portal>{name}")
        return answer

    return around


def play(folder: str, point: str, fates: Sequence[str], options: dict[str, object]) -> None:
    """Entry of the child process: submit, be killed at `point`, or end with the error's exit code."""
    stage = Stage(Path(folder))
    desk = stage.desk(fates, **options)
    status = 0
    try:
        submit(with_point(desk, point), stage.request(), lambda plan: None)
    except DvcError as error:
        status = int(error.exit_code)
    desk.journal.close()
    sys.exit(status)
