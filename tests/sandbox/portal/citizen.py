"""A person at the portal: reads the pages and fills in their forms; knows no more than a browser does."""

from __future__ import annotations

import io
import zipfile
from urllib.parse import parse_qs, urlsplit

import httpx
import lxml.html

from dvc_sandbox.client import AdminClient

WIZARD = "/dich-vu-cong/tiep-nhan-online"
LOGIN = "/dich-vu-cong/cong-dan/dang-nhap"
OWN = "/dich-vu-cong/cong-dan/ho-so"
ARTICLE, HOUSEHOLD, ALLOWANCE, COPY, NO_PAPERS, SAME_NAMES = 1001, 1002, 1009, 1014, 1015, 1013


def pdf(text: str = "x", size: int = 0) -> bytes:
    """A sound one-page PDF, filled up to ``size`` bytes."""
    import pikepdf

    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    document.docinfo["/Title"] = text
    out = io.BytesIO()
    document.save(out)
    if size:
        document.Root.Filler = pikepdf.Stream(document, b"\0" * (size - len(out.getvalue()) - 1000))
        out = io.BytesIO()
        document.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        rest = size - len(out.getvalue())
        assert 0 <= rest < 2000, "the filler must leave a small rest"
        out.write(b" " * rest)
    return out.getvalue()


def jpg() -> bytes:
    """A small sound JPEG."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


def png() -> bytes:
    """A small sound PNG."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


def archive(**entries: bytes) -> bytes:
    """A sound ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


class Page:
    """One answer, read as HTML."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.tree = lxml.html.fromstring(response.text) if response.text else lxml.html.fromstring("<html/>")

    @property
    def error(self) -> str | None:
        """Slug of the page's error."""
        found = self.tree.xpath("//*[contains(@class, 'alert-danger')]/@data-error")
        return found[0] if found else None

    @property
    def field_errors(self) -> set[str]:
        """Names of the fields that are marked as wrong."""
        return set(self.tree.xpath("//*[@class='field-error']/@data-field"))

    def text(self, path: str) -> str:
        """Text of the first element of an XPath, or an assertion failure."""
        found = self.tree.xpath(path)
        assert found, f"nothing at {path}"
        return " ".join(found[0].text_content().split())

    def form(self, form_id: str) -> tuple[str, dict[str, str]]:
        """Action and present values of a form."""
        form = self.tree.get_element_by_id(form_id)
        return form.get("action"), dict(form.form_values())


class Citizen:
    """One browser at the portal."""

    def __init__(self, portal: str, admin: AdminClient) -> None:
        self.admin = admin
        self.http = httpx.Client(base_url=portal, headers={"Accept": "text/html"}, timeout=30, trust_env=False)

    def get(self, address: str, **query: object) -> Page:
        """Open a page; redirects are not followed."""
        return Page(self.http.get(address, params=query or None))

    def send(self, page: Page, form_id: str, files: object = None, **changes: str | None) -> Page:
        """Send a form of a page, with some fields changed or (None) left out."""
        action, values = page.form(form_id)
        values.update({name: value for name, value in changes.items() if value is not None})
        for name in [name for name, value in changes.items() if value is None]:
            values.pop(name, None)
        return Page(self.http.post(action, data=values, files=files))

    def solve(self, page: Page) -> str:
        """The answer of the page's captcha, as the admin API tells it."""
        return self.admin.captcha_answer(page.tree.xpath("//input[@name='captchaId']/@value")[0])

    def log_in(self, name: str = "congdan", password: str = "CongDan@123", captcha: str | None = None) -> Page:
        """Fill in the log-in page; a right captcha unless another is given."""
        page = self.get(LOGIN)
        text = self.solve(page) if captcha is None else captcha
        return self.send(page, "loginForm", tenDangNhap=name, matKhau=password, maXacNhan=text)

    def start(self, procedure: int = ARTICLE, **choice: str) -> str:
        """Open a draft and return its sid."""
        page = self.get(f"{WIZARD}/chon-truong-hop-ho-so", **{"ma-thu-tuc-public": procedure})
        if page.status == 200:
            page = self.send(page, "chonTruongHop", **choice)
        assert page.status == 302, page.response.text
        return sid_of(page)

    def fill_applicant(self, sid: str, **changes: str | None) -> Page:
        """Send the applicant page with an address in Hưng Yên."""
        page = self.get(f"{WIZARD}/thong-tin-nguoi-nop", sid=sid)
        place = {"CongDan_maTinhThanh": "33", "CongDan_maPhuongXa": "11953", "CongDan_diaChi": "Số 1, phố Thử Nghiệm"}
        return self.send(page, "thongTinNguoiNop", **{**place, **changes})

    def components(self, sid: str) -> Page:
        """Open the components page."""
        return self.get(f"{WIZARD}/nhap-thong-tin-ho-so", sid=sid)

    def upload(
        self, sid: str, content: bytes, slot: str | None = None, name: str = "don.pdf", action: str = "", **fields: str
    ) -> httpx.Response:
        """Send a file as a program does; ``action`` is e.g. ``/5/ky-so``."""
        page = self.components(sid)
        token = page.tree.get_element_by_id("thanhPhanHoSo").get("data-ma-tep")
        place = slot or page.tree.xpath("//tr[@data-heading='0']/@data-component")[0]
        return self.http.post(
            f"{WIZARD}/tep-tin{action}",
            params={"sid": sid},
            data={"maTep": token, "thanhPhan": place, **fields},
            files={"file": (name, content, "application/octet-stream")},
            headers={"Accept": "application/json"},
        )

    def fill_components(self, sid: str, **changes: str | None) -> Page:
        """Send the components page: rows with files are ticked, a subject is given."""
        page = self.components(sid)
        ticks = {
            f"tick_{row.get('data-component')}": "1"
            for row in page.tree.xpath("//tr[contains(@class, 'giay-to')][@data-heading='0']")
            if row.xpath(".//li[@data-file]")
        }
        values = {**ticks, "HoSoOnline_veViec": "Đăng bài viết thử nghiệm", **changes}
        return self.send(page, "thanhPhanHoSo", files={"unused": ("", b"")}, **values)

    def ready(self, procedure: int = ARTICLE, **changes: str | None) -> str:
        """A draft that only needs the confirmation."""
        sid = self.start(procedure)
        assert self.fill_applicant(sid).status == 302
        assert self.upload(sid, pdf()).status_code == 201
        assert self.fill_components(sid, **changes).status == 302
        return sid

    def confirmation(self, sid: str) -> Page:
        """Open the confirmation page."""
        return self.get(f"{WIZARD}/xac-nhan", sid=sid)

    def confirm(self, page: Page) -> Page:
        """Send the confirmation."""
        return self.send(page, "xacNhan", camDoan="1")

    def file_dossier(self, **changes: str | None) -> str:
        """Walk the whole wizard and return the dossier's code."""
        page = self.confirm(self.confirmation(self.ready(**changes)))
        assert page.status == 302, page.response.text
        return code_of(page)


def sid_of(page: Page) -> str:
    """The sid in the address a page redirects to."""
    return parse_qs(urlsplit(page.response.headers["location"]).query)["sid"][0]


def code_of(page: Page) -> str:
    """The dossier code in the address a page redirects to."""
    return parse_qs(urlsplit(page.response.headers["location"]).query)["ma-ho-so"][0]
