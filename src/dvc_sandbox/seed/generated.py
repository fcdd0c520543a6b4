"""Generated procedures and people: the same for the same seed, so that tests can be repeated."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

PROCEDURES = 128
_FIRST_ID = 2001

_SUBJECTS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "Lao động, việc làm",
        "tinh",
        "to-chuc",
        "000.00.15.H54",
        (
            "giấy phép lao động cho người lao động nước ngoài",
            "nội quy lao động của doanh nghiệp",
            "hợp đồng nhận lao động thực tập",
            "giấy phép hoạt động dịch vụ việc làm",
        ),
    ),
    (
        "Y tế",
        "tinh",
        "tat-ca",
        "000.00.08.H54",
        (
            "giấy phép hoạt động phòng khám chuyên khoa",
            "giấy chứng nhận đủ điều kiện kinh doanh dược",
            "chứng chỉ hành nghề dược",
            "giấy xác nhận nội dung quảng cáo mỹ phẩm",
        ),
    ),
    (
        "Giáo dục và Đào tạo",
        "tinh",
        "tat-ca",
        "000.00.09.H54",
        (
            "giấy phép hoạt động trung tâm ngoại ngữ, tin học",
            "bản sao văn bằng, chứng chỉ từ sổ gốc",
            "quyết định cho phép trường mẫu giáo hoạt động giáo dục",
            "giấy chứng nhận tốt nghiệp tạm thời",
        ),
    ),
    (
        "Xây dựng",
        "tinh",
        "tat-ca",
        "000.00.10.H54",
        (
            "giấy phép xây dựng công trình cấp II",
            "chứng chỉ hành nghề hoạt động xây dựng",
            "giấy phép di dời công trình",
            "giấy phép sửa chữa, cải tạo nhà ở riêng lẻ",
        ),
    ),
    (
        "Văn hóa",
        "tinh",
        "to-chuc",
        "000.00.11.H54",
        (
            "giấy phép biểu diễn nghệ thuật",
            "giấy chứng nhận đủ điều kiện kinh doanh dịch vụ lữ hành",
            "thẻ hướng dẫn viên du lịch nội địa",
            "giấy phép tổ chức triển lãm mỹ thuật, nhiếp ảnh",
        ),
    ),
    (
        "Công Thương",
        "tinh",
        "to-chuc",
        "000.00.14.H54",
        (
            "giấy phép bán buôn sản phẩm rượu, thuốc lá",
            "giấy chứng nhận cửa hàng đủ điều kiện bán lẻ xăng dầu",
            "giấy phép sử dụng vật liệu nổ công nghiệp",
            "giấy xác nhận khuyến mãi mang tính may rủi",
        ),
    ),
    (
        "Nông nghiệp",
        "tinh",
        "tat-ca",
        "000.00.06.H54",
        (
            "giấy chứng nhận cơ sở đủ điều kiện an toàn thực phẩm",
            "giấy phép khai thác thủy sản",
            "giấy chứng nhận kiểm dịch động vật vận chuyển ra khỏi tỉnh",
            "mã số cơ sở nuôi trồng gỗ quý, cây cảnh",
        ),
    ),
    (
        "Tư pháp",
        "tinh",
        "ca-nhan",
        "000.00.12.H54",
        (
            "phiếu lý lịch tư pháp",
            "giấy đăng ký hoạt động văn phòng luật sư",
            "thẻ công chứng viên",
            "thẻ đấu giá viên",
        ),
    ),
    (
        "Hộ tịch",
        "xa",
        "ca-nhan",
        "H54.13225",
        (
            "giấy xác nhận tình trạng hôn nhân",
            "trích lục thay đổi, cải chính hộ tịch",
            "giấy chứng nhận giám hộ",
            "trích lục ghi chú ly hôn",
        ),
    ),
    (
        "Đất đai",
        "tinh",
        "tat-ca",
        "000.01.06.H54",
        (
            "giấy chứng nhận quyền sử dụng đất bị mất",
            "giấy xác nhận tách thửa, hợp thửa đất",
            "giấy xác nhận chuyển mục đích sử dụng đất",
            "trích đo bản đồ địa chính thửa đất",
        ),
    ),
    (
        "Đầu tư, doanh nghiệp",
        "tinh",
        "to-chuc",
        "000.00.05.H54",
        (
            "giấy chứng nhận đăng ký đầu tư",
            "giấy xác nhận ưu đãi đầu tư vào cụm công nghiệp",
            "giấy chứng nhận đăng ký hợp tác xã",
            "giấy chứng nhận hoạt động chi nhánh, văn phòng đại diện",
        ),
    ),
)
_ACTIONS = ("Cấp", "Cấp lại", "Cấp đổi", "Điều chỉnh, bổ sung", "Gia hạn", "Thu hồi theo đề nghị")
_PAPERS = (
    "Bản sao căn cước công dân của người đại diện",
    "Bản thuyết minh năng lực kỹ thuật",
    "Ảnh chân dung nền trắng cỡ 4x6",
    "Bản sao quyết định thành lập",
    "Báo cáo kết quả hoạt động kỳ trước",
    "Văn bản ủy quyền nộp hồ sơ",
)


def procedures(seed: int) -> list[dict[str, Any]]:
    """Return the generated procedures in the shape of ``procedures.toml``; codes 9.991001 and up are made up."""
    source = random.Random(seed)  # noqa: S311 - invented data, no secrets
    pairs = [(subject, action, number) for action in _ACTIONS for subject in _SUBJECTS for number in range(4)]
    chosen = pairs[:PROCEDURES]
    return [_procedure(source, index, *pair) for index, pair in enumerate(chosen)]


def _procedure(
    source: random.Random, index: int, subject: tuple[str, str, str, str, tuple[str, ...]], action: str, number: int
) -> dict[str, Any]:
    field, place, audience, agency, things = subject
    code = f"9.99{1001 + index}"
    days = source.choice([None, 1, 3, 5, 7, 10, 15, 20, 30])
    papers = source.sample(_PAPERS, source.randint(0, 3))
    request = f"Đơn đề nghị {action[0].lower()}{action[1:]} {things[number]}"
    components: list[dict[str, Any]] = [
        {"code": f"{code}.TP01", "name": request, "originals": 1, "forms": [f"Mẫu {request[0].lower()}{request[1:]}"]}
    ]
    components += [
        {"code": f"{code}.TP{row:02d}", "name": paper, "copies": 1, "conditional": source.random() < 0.5}
        for row, paper in enumerate(papers, start=2)
    ]
    amount = source.choice([0, 0, 20_000, 50_000, 150_000, 300_000])
    fee = {"name": f"Lệ phí {action.lower()}", "kind": "le-phi", "amount": amount, "online": amount // 2}
    return {
        "id": _FIRST_ID + index,
        "code": code,
        "name": f"{action} {things[number]}",
        "field": field,
        "place": place,
        "audience": audience,
        "time": f"{days} ngày làm việc" if days else "",
        "days": days,
        "agencies": [agency],
        "online": source.random() < 0.9,
        "component": components,
        "fee": [fee] if amount else [],
    }


_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
_MIDDLE = {"female": ("Thị", "Ngọc", "Bích", "Thùy"), "male": ("Văn", "Đức", "Hữu", "Quốc")}
_GIVEN = {
    "female": ("Thảo", "Hằng", "Yến", "Quỳnh", "Thủy", "Ngân", "Diễm", "Vẻ"),
    "male": ("Dũng", "Cường", "Hiếu", "Sỹ", "Trường", "Khải", "Vỹ", "Đạt"),
}


def people(seed: int, count: int) -> list[dict[str, str]]:
    """Return citizens ``congdan02``, ``congdan03``, ... in the shape of ``people.toml``."""
    source = random.Random(seed + 1)  # noqa: S311 - invented data, no secrets
    return [_person(source, number) for number in range(2, count + 2)]


def _person(source: random.Random, number: int) -> dict[str, str]:
    gender = source.choice(["female", "male"])
    birthday = date(1960, 1, 1) + timedelta(days=source.randrange(365 * 44))
    century = {"19": 0, "20": 2}[f"{birthday.year // 100}"] + (gender == "female")
    province = source.choice(["033", "034"])
    return {
        "username": f"congdan{number:02d}",
        "password": "CongDan@123",
        "kind": "person",
        "full_name": f"{source.choice(_FAMILY)} {source.choice(_MIDDLE[gender])} {source.choice(_GIVEN[gender])}",
        "identity_number": f"{province}{century}{birthday:%y}{500000 + number:06d}",
        "issued_on": "2021-08-02",
        "issued_by": "Cục Cảnh sát QLHC về TTXH",
        "birthday": birthday.isoformat(),
        "gender": gender,
        "phone": f"09120{10000 + number}",
        "email": f"congdan{number:02d}@example.vn",
    }
