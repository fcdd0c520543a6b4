"""Procedures: list, show, download their forms; from the portal, or from the copy kept of what was seen before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, TypeVar

from dvc_cli.errors import Temporary
from dvc_cli.files import check_output, write_atomically
from dvc_cli.i18n import _, ngettext
from dvc_cli.model.file_names import inside
from dvc_cli.model.folding import contains_words
from dvc_cli.model.ports import Clock, Progress
from dvc_cli.model.procedure import Procedure, ProcedurePage
from dvc_cli.portal.base import Portal
from dvc_cli.portal.procedure_cache import ProcedureCache

STALE = timedelta(days=7)
_LARGEST_PAGE = 50
_MOST_PAGES = 20
_Result = TypeVar("_Result")


class NothingCached(Temporary):
    """The offline copy does not have what was asked for."""

    slug = "nothing-cached"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWishes:
    """What to list. Words are compared without accents; `per_page` at most 50."""

    query: str = ""
    agency: str = ""
    field: str = ""
    page: int = 1
    per_page: int = 20
    everything: bool = False
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadedForm:
    """A form template that was saved."""

    name: str
    component: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsReport:
    """What `procedures forms` saved."""

    schema: ClassVar[str] = "dvc.procedures.forms/1"
    procedure: str
    name: str
    forms: tuple[DownloadedForm, ...]
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where procedures come from. `portal` is opened only when it is asked."""

    open_portal: Callable[[], Portal]
    cache: ProcedureCache
    clock: Clock
    progress: Progress

    # -- list --------------------------------------------------------------------------------------------------------

    def list_procedures(self, wishes: ListWishes) -> ProcedurePage:
        """A page of the list, or all of it.

        Raises:
            NothingCached: offline, or the portal does not answer, and nothing fits was seen before.
            UnknownFilter: the portal has no such field or agency.
        """
        if wishes.offline:
            return self._from_cache(wishes)
        return self._or_cached(lambda: self._from_portal(wishes), lambda: self._from_cache(wishes))

    def _from_portal(self, wishes: ListWishes) -> ProcedurePage:
        found = self._fetch(wishes)
        if found.total == 0 and wishes.query and wishes.page == 1:
            # Some portals search with accents only: look through the list ourselves.
            whole = self._fetch(replace(wishes, query="", everything=True))
            rows = [one for one in whole.items if contains_words(f"{one.code} {one.name}", wishes.query)]
            return _cut(replace(whole, items=tuple(rows)), wishes)
        return found

    def _fetch(self, wishes: ListWishes) -> ProcedurePage:
        if not wishes.everything:
            return self._page(wishes, wishes.page, min(wishes.per_page, _LARGEST_PAGE))
        first = self._page(wishes, 1, _LARGEST_PAGE)
        items = list(first.items)
        with self.progress.task(_("Reading the list of procedures"), total=first.pages) as task:
            task.advance()
            for number in range(2, min(first.pages, _MOST_PAGES) + 1):
                items += self._page(wishes, number, _LARGEST_PAGE).items
                task.advance()
        return replace(first, items=tuple(items), page=1, pages=1)

    def _page(self, wishes: ListWishes, number: int, size: int) -> ProcedurePage:
        found = self.open_portal().procedures(
            query=wishes.query, agency=wishes.agency, field=wishes.field, page=number, per_page=size
        )
        self.cache.remember(found.items, found.fetched_at, sandbox=found.sandbox)
        return found

    def _from_cache(self, wishes: ListWishes) -> ProcedurePage:
        known = self.cache.summaries()
        fitting = [
            one
            for one in known
            if contains_words(f"{one.summary.code} {one.summary.name}", wishes.query)
            and contains_words(one.summary.agency, wishes.agency)
            and contains_words(one.summary.field, wishes.field)
        ]
        if not known:
            raise NothingCached(
                _("No list of procedures has been read from this portal yet"),
                hint=_("Read it once with a network: `dvc-cli procedures list --all`"),
            )
        oldest = min((one.fetched_at for one in fitting or known), default=self.clock.now())
        self._tell_age(oldest)
        page = ProcedurePage(
            items=tuple(one.summary for one in fitting),
            page=1,
            pages=1,
            total=len(fitting),
            fetched_at=oldest,
            from_cache=True,
            sandbox=self.cache.is_sandbox,
        )
        return _cut(page, wishes)

    # -- show --------------------------------------------------------------------------------------------------------

    def show_procedure(self, code: str, *, offline: bool = False) -> Procedure:
        """A procedure in full. Raises NoSuchProcedure, NothingCached."""
        if offline:
            return self._full_from_cache(code)
        return self._or_cached(lambda: self._full_from_portal(code), lambda: self._full_from_cache(code))

    def _full_from_portal(self, code: str) -> Procedure:
        found = self.open_portal().procedure(code)
        self.cache.remember_full(found)
        return found

    def _full_from_cache(self, code: str) -> Procedure:
        found = self.cache.procedure(code)
        if found is None:
            raise NothingCached(
                _("Procedure {code} has not been read from this portal yet").format(code=code),
                hint=_("Read it once with a network: `dvc-cli procedures show {code}`").format(code=code),
            )
        self._tell_age(found.fetched_at)
        return found

    # -- forms -------------------------------------------------------------------------------------------------------

    def download_forms(self, code: str, folder: Path, *, overwrite: bool) -> FormsReport:
        """Save the procedure's form templates into `folder`; all are checked before the first is written.

        Raises:
            NoSuchProcedure, OutputExists, NoSuchFolder, NotSent, Temporary.
        """
        procedure = self._full_from_portal(code)
        wanted = [(spec, form) for spec in procedure.components for form in spec.forms]
        contents: dict[Path, bytes] = {}
        rows = []
        with self.progress.task(_("Downloading forms"), total=len(wanted)) as task:
            for spec, form in wanted:
                name, content = self.open_portal().download_form(form)
                path = _free(inside(folder, name), contents)
                contents[path] = content
                digest = hashlib.sha256(content).hexdigest()
                rows.append(
                    DownloadedForm(name=form.name, component=spec.name, path=path, size=len(content), sha256=digest)
                )
                task.advance()
        folder.mkdir(parents=True, exist_ok=True)
        for path in contents:
            check_output(path, overwrite=overwrite)
        for path, content in contents.items():
            write_atomically(path, content, overwrite=overwrite)
        return FormsReport(procedure=procedure.code, name=procedure.name, forms=tuple(rows), sandbox=procedure.sandbox)

    # -- the copy ----------------------------------------------------------------------------------------------------

    def _or_cached(self, ask: Callable[[], _Result], cached: Callable[[], _Result]) -> _Result:
        """Ask the portal; when it does not answer, say so and use the copy; without a copy the portal's error stands."""
        try:
            return ask()
        except Temporary as error:
            try:
                found = cached()
            except NothingCached:
                raise error from None
            self.progress.warn(_("{problem}; this is the copy kept from before").format(problem=error.message))
            return found

    def _tell_age(self, fetched_at: datetime) -> None:
        age = self.clock.now() - fetched_at
        if age >= STALE:
            text = ngettext("The copy is {days} day old", "The copy is {days} days old", age.days)
            self.progress.warn(text.format(days=age.days))


def _free(path: Path, taken: dict[Path, bytes]) -> Path:
    """Two forms of one procedure may have the same name: the second gets a number."""
    number, candidate = 2, path
    while candidate in taken:
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate


def _cut(page: ProcedurePage, wishes: ListWishes) -> ProcedurePage:
    """The wanted page of a whole list."""
    count = len(page.items)
    if wishes.everything:
        return replace(page, total=count)
    size = max(1, wishes.per_page)
    start = (wishes.page - 1) * size
    return replace(
        page,
        items=page.items[start : start + size],
        page=wishes.page,
        pages=max(1, -(-count // size)),
        total=count,
    )
