"""The offline rules: all faults at once, each with its place; and who may sign."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.model.dossier import Component, Dossier, ExtraPaper, Person, SignRequest
from dvc_cli.model.procedure import ComponentSpec, Procedure
from dvc_cli.model.signing import KeyAlgorithm, SigningCertificate
from dvc_cli.portal.base import PortalCapabilities
from dvc_cli.services.check_dossier import DossierInvalid, check_dossier, require_valid
from dvc_cli.services.match_components import candidates
from dvc_cli.services.right_certificate import CertificateOfAnother, NoAuthorisation, require_right_certificate
from dvc_cli.services.signature_places import describe_place, placement_of
from dvc_cli.services.sizes import too_large
from dvc_cli.testing.small_pdf import small_pdf

SOUND = small_pdf()
TODAY = date(2026, 11, 5)
PORTAL = PortalCapabilities(dialect="igate1", sign_mode="replace")
SPECS = (
    ComponentSpec(row=1, code="A1", name="Đơn đề nghị cấp giấy phép", mandatory=True),
    ComponentSpec(row=2, code="A2", name="Giấy tờ phải xuất trình", mandatory=True, originals=0),
    ComponentSpec(row=3, code="A3", name="Bản sao giấy chứng nhận", mandatory=False, originals=0, copies=1),
    ComponentSpec(row=4, code="A4", name="Bản sao giấy chứng nhận (bản cũ)", mandatory=False, originals=0, copies=1),
    ComponentSpec(row=5, code="A5", name="Văn bản ủy quyền", mandatory=True, conditional=True),
)
PROCEDURE = Procedure(
    code="1.001612",
    name="Đăng ký",
    field="Hộ kinh doanh",
    agency="UBND xã",
    portal_id="12",
    components=SPECS,
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
)
PERSON = Person(full_name="Nguyễn Thị Được", identity_number="034199000123", birthday=date(1999, 3, 8), gender="female")


def padded_pdf(padding: int) -> bytes:
    """A sound PDF that is this much larger than it need be."""
    with pikepdf.open(io.BytesIO(SOUND)) as document:
        document.Root.Padding = pikepdf.Stream(document, bytes(padding))
        written = io.BytesIO()
        document.save(written, compress_streams=False)
    return written.getvalue()


@pytest.fixture
def paper(tmp_path):
    """Writes a file with this content."""

    def write(name: str, content: bytes = SOUND):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def dossier(paper):
    form = Component(row=1, files=(paper("don.pdf"),))
    return Dossier(procedure="1.001612", applicant=PERSON, subject="Đăng ký", components=(form,))


def problems(dossier, procedure=PROCEDURE, capabilities=PORTAL):
    return check_dossier(dossier, procedure, capabilities, TODAY).problems


def test_a_good_dossier_passes(dossier):
    check = check_dossier(dossier, PROCEDURE, PORTAL, TODAY)
    assert (check.problems, check.warnings, int(check.exit_code)) == ((), (), 0)
    assert [one.row for one in check.components] == [1]


def test_everything_is_said_at_once(dossier, paper):
    bad = replace(
        dossier,
        procedure="abc",
        subject=" ",
        applicant=Person(full_name="x", identity_number="12345", tax_code="0101234566", email="a@b"),
        owner=Person(full_name="y", birthday=date(2030, 1, 1), issued_on=date(1850, 1, 1)),
        components=(
            Component(match="giấy chứng nhận cũ và mới", files=(paper("a.pdf"),)),
            Component(row=2, files=(paper("b.pdf"),)),
            Component(code="zz", files=(paper("c.pdf"),)),
        ),
    )
    found = problems(bad)
    for part in (
        "procedure: `abc` is no procedure code",
        "subject",
        "applicant.identity_number: an ID number has 12 digits (an old CMND 9); this one has 5",
        "applicant.tax_code",
        "applicant.email",
        "owner.identity_number: the ID number is missing",
        "owner.birthday: 01/01/2030 cannot be",
        "owner.issued_on: 01/01/1850 cannot be",
        "matches no component of 1.001612; there are: 1 “Đơn đề nghị",
        "row 2 is a heading",
        "component `zz`: matches no component",
        "component row 1: mandatory component “Đơn đề nghị cấp giấy phép” is missing",
    ):
        assert any(part in line for line in found), (part, found)
    with pytest.raises(DossierInvalid) as caught:
        require_valid(check_dossier(bad, PROCEDURE, PORTAL, TODAY))
    assert caught.value.details == found


@pytest.mark.parametrize(
    ("match", "rows"),
    [
        ("DON DE NGHI", [1]),
        ("đơn đề nghị", [1]),
        ("giấy chứng nhận", [3, 4]),
        ("ban sao giay chung nhan", [3]),  # the whole name of one wins
        ("bản cũ", [4]),
        ("ủy quyền", [5]),
        ("khai sinh", []),
        ("", []),
    ],
)
def test_a_match_ignores_accents_and_case(match, rows):
    assert [spec.row for spec in candidates(Component(match=match, files=()), SPECS)] == rows


def test_two_matches_are_an_error_that_names_them(dossier, paper):
    both = replace(
        dossier, components=(*dossier.components, Component(match="giấy chứng nhận", files=(paper("x.pdf"),)))
    )
    (problem,) = problems(both)
    assert "matches 2 components: 3 “Bản sao giấy chứng nhận”; 4 “Bản sao" in problem


def test_one_row_cannot_be_answered_twice(dossier, paper):
    twice = replace(dossier, components=(*dossier.components, Component(code="a1", files=(paper("x.pdf"),))))
    assert "row 1 is given twice" in problems(twice)[0]


def test_types_are_judged_by_content(dossier, paper):
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
    files = {
        "trang.pdf": (b"<!DOCTYPE html><html>", "html"),
        "rong.pdf": (b"", "is empty"),
        "bang.pdf": (b"just text", "text"),
        "hong.pdf": (SOUND[:300], "cannot be read as a PDF"),
    }
    for name, (content, said) in files.items():
        (problem,) = problems(replace(dossier, components=(Component(row=1, files=(paper(name, content),)),)))
        assert name in problem
        assert said in problem
    picture = Component(row=1, files=(paper("anh.png", png),))
    assert problems(replace(dossier, components=(picture,))) == ()
    assert "leave out `as_is`" in problems(replace(dossier, components=(replace(picture, as_is=True),)))[0]


def test_only_pdf_can_be_signed(dossier, paper):
    word = Component(row=1, files=(paper("a.rar", b"Rar!\x1a\x07\x00"),), sign=(SignRequest(signer="me"),))
    assert any("only PDF files can" in line for line in problems(replace(dossier, components=(word,))))


def test_too_large_says_by_how_much(dossier, paper):
    large = paper("lon.pdf", padded_pdf(20_300_000))
    (problem,) = problems(replace(dossier, components=(Component(row=1, files=(large,)),)))
    assert problem == "component row 1: `lon.pdf` has 20.3 MB, 0.3 MB more than the 20 MB the portal takes"
    assert "0.000001 MB more than the 20 MB" in too_large("x", 20_000_001, 20_000_000)
    assert too_large("x", 20_000_000, 20_000_000) is None


def test_extra_papers_have_their_own_limit(dossier, paper):
    large = paper("lon.pdf", padded_pdf(20_300_000))
    extra = ExtraPaper(name="Ảnh", files=(large,))
    assert "0.3 MB more" in problems(replace(dossier, extras=(extra,)))[0]
    assert problems(replace(dossier, extras=(replace(extra, catch_all=True),))) == ()
    many = replace(extra, catch_all=True, files=(large, large))
    assert "one `catch_all` file only" in problems(replace(dossier, extras=(many,)))[0]


def test_several_agencies_ask_for_one(dossier):
    several = replace(PROCEDURE, agencies=("UBND xã A", "UBND xã B"))
    assert problems(dossier, several) == ("agency: choose one of: UBND xã A; UBND xã B",)
    assert problems(replace(dossier, agency="UBND xã A"), several) == ()
    assert "cannot be filed online" in problems(dossier, replace(PROCEDURE, online=False))[0]


def test_doubtful_numbers_are_warnings_only(dossier):
    for person in (replace(PERSON, gender="male"), replace(PERSON, birthday=date(1998, 3, 8))):
        check = check_dossier(replace(dossier, applicant=person), PROCEDURE, PORTAL, TODAY)
        assert check.problems == ()
        assert "does not fit the ID number" in check.warnings[0]
    old = replace(PERSON, identity_number="150123456")
    assert "CMND" in check_dossier(replace(dossier, applicant=old), PROCEDURE, PORTAL, TODAY).warnings[0]


# -- places of signatures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (SignRequest(signer="x"), "last page, bottom right"),
        (SignRequest(signer="x", at="trên phải", page="đầu"), "page 1, top right"),
        (SignRequest(signer="x", at="top-left", page="3"), "page 3, top left"),
        (SignRequest(signer="x", box="10, 20,60,25", page="last"), "last page, box 10, 20,60,25 mm"),
        (SignRequest(signer="x", visible=False), "invisible"),
    ],
)
def test_places_in_words(request_, shown):
    assert describe_place(request_) == shown


@pytest.mark.parametrize(
    "fields",
    [{"at": "nowhere"}, {"page": "0"}, {"page": "x"}, {"box": "1,2,3"}, {"box": "a,b,c,d"}, {"near": "Giám đốc"}],
)
def test_wrong_places_are_refused(dossier, fields):
    request_ = SignRequest(signer="x", **fields)
    with pytest.raises(ValueError, match="`"):
        placement_of(request_)
    signed = replace(dossier, components=(replace(dossier.components[0], sign=(request_,)),))
    assert len(problems(signed)) == 1


# -- whose certificate -----------------------------------------------------------------------------------------------------


def certificate(identity: str = "", tax_code: str = "") -> SigningCertificate:
    return SigningCertificate(
        der=b"",
        subject="CN=x",
        common_name="Ai đó",
        issuer="CA",
        serial="01",
        fingerprint="ff",
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2027, 1, 1, tzinfo=UTC),
        algorithm=KeyAlgorithm.RSA,
        key_bits=2048,
        identity=identity,
        tax_code=tax_code,
    )


FIRM = Person(full_name="Trần Văn Minh", organisation="Công ty", tax_code="0101234565")


@pytest.mark.parametrize(
    ("held", "fits"),
    [
        (certificate(identity="034199000123"), True),
        (certificate(tax_code="0101234565"), True),
        (certificate(identity="033185000789", tax_code="0101234565"), True),
        (certificate(identity="033185000789"), False),
        (certificate(tax_code="0101234565-001"), False),  # a branch is another taxpayer
        (certificate(), False),
    ],
)
def test_the_certificate_must_be_the_applicants_or_the_owners(dossier, held, fits):
    owned = replace(dossier, owner=FIRM)
    if fits:
        require_right_certificate(held, owned, [], on_behalf=False)
        return
    with pytest.raises(CertificateOfAnother):
        require_right_certificate(held, owned, [], on_behalf=False)
    with pytest.raises(NoAuthorisation):
        require_right_certificate(held, owned, ["Đơn đề nghị"], on_behalf=True)
    require_right_certificate(held, owned, ["Văn bản ủy quyền"], on_behalf=True)
    paper = ExtraPaper(name="GIẤY UỶ QUYỀN", files=())
    require_right_certificate(held, replace(owned, extras=(paper,)), [], on_behalf=True)


@given(st.text(max_size=30))
def test_any_match_is_answered(text):
    found = candidates(Component(match=text, files=()), SPECS)
    assert set(found) <= set(SPECS)
