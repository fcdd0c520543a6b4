"""A Word file (.docx, ECMA-376 WordprocessingML) written from a form's text; the same text gives the same bytes.

Each placeholder `{{ … }}` stands in a run of its own, so that a program can fill it by a plain replacement.
"""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from xml.sax.saxutils import escape

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BANNER = "THỬ NGHIỆM — SANDBOX"
PLACEHOLDER = re.compile(r"(\{\{ [a-z_0-9.]+ \}\})")
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TEXT_WIDTH = 9354  # twips: A4 less the margins of NĐ 30/2020 (30 mm left, 15 mm right)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_FONT = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman" w:eastAsia="Times New Roman"/>'


def write_docx(text: str, *, title: str, code: str) -> bytes:
    """The Word file of a form; `title` stands in for a text without its own title line, `code` is the procedure's."""
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relationships(
            ("officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": _core(title),
        "word/document.xml": _document(text, title),
        "word/_rels/document.xml.rels": _relationships(
            ("styles", "styles.xml"), ("header", "header1.xml"), ("footer", "footer1.xml")
        ),
        "word/styles.xml": _styles(),
        "word/header1.xml": _margin("hdr", f"{BANNER} · Mẫu đơn không có giá trị pháp lý", colour="C00000"),
        "word/footer1.xml": _margin("ftr", f"Thủ tục {code} · Cổng dịch vụ công THỬ NGHIỆM", colour="7F7F7F"),
    }
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            # A fixed date keeps the file's bytes the same on every run.
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, content.encode("utf-8"))
    return target.getvalue()


def _document(text: str, title: str) -> str:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if not lines[0].startswith("= "):
        lines.insert(0, f"= {title.upper()}")
    body = "".join(_blocks(lines))
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId2"/><w:footerReference w:type="default" r:id="rId3"/>'
        '<w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1134" w:right="851" w:bottom="1134" w:left="1701" w:header="567" w:footer="567" w:gutter="0"/>'
        "</w:sectPr>"
    )
    return f"{_HEAD}<w:document {_W} {_R}><w:body>{_motto()}{body}{section}</w:body></w:document>"


def _blocks(lines: list[str]) -> Iterator[str]:
    """Each line's first sign says what it is; rows of a table stand together."""
    rows: list[list[str]] = []
    for line in [*lines, ""]:
        mark, rest = line[:2], line[2:]
        if mark == "| ":
            rows.append([cell.strip() for cell in rest.split("|")])
            continue
        if rows:
            yield _table(rows) + _paragraph("", after=60)
            rows = []
        match mark:
            case "= ":
                yield _paragraph(rest, align="center", bold=True, size=28, before=240, after=240)
            case "@ ":
                yield _paragraph(rest, align="center", after=200)
            case "# ":
                yield _paragraph(rest, bold=True, before=120)
            case "+ ":
                yield _paragraph(f"- {rest}", indent=567)
            case "! ":
                yield _signatures([[part.strip() for part in column.split("|")] for column in rest.split(" ! ")])
            case "":
                pass
            case _:
                yield _paragraph(line, align="both")


def _motto() -> str:
    return (
        _paragraph("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", align="center", bold=True, size=26, after=0)
        + _paragraph("Độc lập - Tự do - Hạnh phúc", align="center", bold=True, size=28, after=0)
        + _paragraph("_______________________", align="center", after=60)
    )


def _signatures(columns: list[list[str]]) -> str:
    dated = _paragraph(
        "{{ today.place }}, ngày {{ today.day }} tháng {{ today.month }} năm {{ today.year }}",
        italic=True,
        align="right",
        before=200,
    )
    if len(columns) == 1:
        columns = [["", "", ""], columns[0]]
    cells = []
    for title, note, name in columns:
        gap = "".join(_paragraph("", after=0) for _ in range(4))
        cells.append(
            _paragraph(title.upper(), align="center", bold=True, after=0)
            + _paragraph(note, align="center", italic=True, size=24, after=0)
            + gap
            + _paragraph(name, align="center", bold=True)
        )
    width = _TEXT_WIDTH // len(cells)
    row = "".join(f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{cell}</w:tc>' for cell in cells)
    grid = f'<w:gridCol w:w="{width}"/>' * len(cells)
    return (
        f'{dated}<w:tbl><w:tblPr><w:tblW w:w="{_TEXT_WIDTH}" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr>{row}</w:tr></w:tbl>"
        + _paragraph("", after=0)
    )


def _table(rows: list[list[str]]) -> str:
    count = max(len(row) for row in rows)
    first = 700 if rows[0][0] == "STT" else _TEXT_WIDTH // count
    others = (_TEXT_WIDTH - first) // max(count - 1, 1)
    widths = [first] + [others] * (count - 1)
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    drawn = []
    for number, row in enumerate(rows):
        cells = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
            f"{_paragraph(text, bold=number == 0, align='center' if number == 0 else 'left', size=24, after=40)}</w:tc>"
            for width, text in zip(widths, [*row, *[""] * (count - len(row))], strict=True)
        )
        drawn.append(f"<w:tr>{cells}</w:tr>")
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{_TEXT_WIDTH}" w:type="dxa"/><w:tblBorders>{sides}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(drawn)}</w:tbl>'
    )


def _paragraph(
    text: str,
    *,
    align: str = "left",
    bold: bool = False,
    italic: bool = False,
    size: int = 26,
    before: int = 0,
    after: int = 100,
    indent: int = 0,
) -> str:
    """One paragraph; `size` in half points, `before`, `after` and `indent` in twentieths of a point."""
    look = (
        f'{_FONT}{"<w:b/>" if bold else ""}{"<w:i/>" if italic else ""}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'
    )
    runs = "".join(
        f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{escape(part)}</w:t></w:r>'
        for part in PLACEHOLDER.split(text)
        if part
    )
    return (
        f'<w:p><w:pPr><w:spacing w:before="{before}" w:after="{after}" w:line="276" w:lineRule="auto"/>'
        f'<w:ind w:left="{indent}"/><w:jc w:val="{align}"/></w:pPr>{runs}</w:p>'
    )


def _margin(kind: str, text: str, colour: str) -> str:
    look = f'<w:rPr>{_FONT}<w:b/><w:color w:val="{colour}"/><w:sz w:val="18"/></w:rPr>'
    return (
        f'{_HEAD}<w:{kind} {_W}><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
        f"<w:r>{look}<w:t>{escape(text)}</w:t></w:r></w:p></w:{kind}>"
    )


def _styles() -> str:
    return (
        f'{_HEAD}<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr>{_FONT}<w:sz w:val="26"/>'
        '<w:lang w:val="vi-VN"/></w:rPr></w:rPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>'
    )


def _core(title: str) -> str:
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title><dc:subject>{BANNER}</dc:subject><dc:language>vi-VN</dc:language></cp:coreProperties>"
    )


def _relationships(*targets: tuple[str, str]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{kind if ":" in kind else f"{_OFFICE}/{kind}"}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _content_types() -> str:
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    parts = {
        "/word/document.xml": f"{word}.document.main+xml",
        "/word/styles.xml": f"{word}.styles+xml",
        "/word/header1.xml": f"{word}.header+xml",
        "/word/footer1.xml": f"{word}.footer+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    }
    overrides = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
