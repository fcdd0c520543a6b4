"""Pages that anybody may open: start, help, statistics and the honest small pages behind the menu."""

from __future__ import annotations

from starlette.responses import Response

from dvc_sandbox.portal import store_procedures
from dvc_sandbox.portal.calls import Call
from dvc_sandbox.portal.store_dossiers import STATUS_NAMES
from dvc_sandbox.portal.store_procedures import Query

NOTES: dict[str, tuple[str, str]] = {
    "/dich-vu-cong/cong-dan/quen-mat-khau": (
        "Quên mật khẩu",
        (
            "Cổng thử nghiệm không gửi thư đặt lại mật khẩu. "
            "Mật khẩu của các tài khoản thử nghiệm được công bố trong tài liệu của sandbox."
        ),
    ),
    "/dich-vu-cong/cong-dan/dang-ky": (
        "Đăng ký tài khoản",
        (
            "Cổng thử nghiệm không nhận đăng ký mới. "
            "Hãy dùng một trong các tài khoản thử nghiệm có sẵn, ví dụ: congdan, doanhnghiep."
        ),
    ),
    "/dich-vu-cong/cong-dan/dang-nhap-mot-lan": (
        "Đăng nhập một lần",
        (
            "Đăng nhập bằng tài khoản định danh điện tử quốc gia (VNeID) không có trong môi trường thử nghiệm. "
            "Hãy đăng nhập bằng tên đăng nhập và mật khẩu."
        ),
    ),
    "/dichvucong/kiosk": (
        "Kiosk",
        (
            "Kiosk tra cứu tại bộ phận một cửa dùng chung trang tra cứu hồ sơ. "
            "Chọn Tra cứu hồ sơ trên thanh menu để xem tình trạng hồ sơ."
        ),
    ),
    "/dichvucong/dichvukhac": (
        "Dịch vụ khác",
        (
            "Môi trường thử nghiệm không có dịch vụ khác. "
            "Các chức năng chính: bộ thủ tục, nộp hồ sơ trực tuyến, tra cứu hồ sơ, kho giấy tờ."
        ),
    ),
}


def show_home(call: Call) -> Response:
    """The start page with a search box and the first procedures."""
    procedures, total = store_procedures.search(call.environment, Query(size=6))
    return call.page("home.html", procedures=procedures, total=total)


def show_note(call: Call) -> Response:
    """A page that says plainly what the sandbox does not have."""
    title, text = NOTES[call.request.url.path]
    return call.page("note.html", title=title, text=text)


def show_guide(call: Call) -> Response:
    """How to file a dossier with signed components, in seven steps."""
    return call.page("guide.html")


def show_agencies(call: Call) -> Response:
    """The agencies that take dossiers here."""
    return call.page("agencies.html", agencies=store_procedures.agencies(call.environment))


def show_statistics(call: Call) -> Response:
    """Number of dossiers by status."""
    rows = call.environment.database.read("SELECT status, count(*) AS n FROM dossier GROUP BY status")
    counts = {row["status"]: row["n"] for row in rows}
    lines = [(name, counts.get(status, 0)) for status, name in STATUS_NAMES.items()]
    return call.page("statistics.html", lines=lines, total=sum(counts.values()))
