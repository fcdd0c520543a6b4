"""`dossier init`: what it writes can be read, checked and filed; nothing from the portal can break out of a comment."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.files import OutputExists
from dvc_cli.i18n import activate
from dvc_cli.model.procedure import ComponentSpec, FormTemplate, Procedure
from dvc_cli.model.secret import Secret
from dvc_cli.portal.base import PortalSession
from dvc_cli.services.dossier_file import read_dossier
from dvc_cli.services.init_dossier import init_dossier

FORM = FormTemplate(name="Mẫu", url="x")
PROCEDURE = Procedure(
    code="1.001612",
    name="Đăng ký thành lập hộ kinh doanh",
    field="Hộ kinh doanh",
    agency="UBND xã",
    portal_id="12",
    components=(
        ComponentSpec(row=1, code="A1", name="Giấy đề nghị", mandatory=True, forms=(FORM,)),
        ComponentSpec(row=2, code="A2", name="Giấy tờ xuất trình", mandatory=False, originals=0),
        ComponentSpec(
            row=3, code="A3", name="Văn bản ủy quyền", mandatory=True, conditional=True, originals=0, copies=1
        ),
    ),
    agencies=("UBND xã A", "UBND xã B"),
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
)
SESSION = PortalSession(
    account="congdan",
    display_name="Nguyễn Thị Được",
    identity_number="034199000123",
    token=Secret("x"),
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_file_can_be_read_once_its_papers_are_there(tmp_path, language):
    activate(language)
    path = tmp_path / "dossier.toml"
    result = init_dossier(PROCEDURE, path, session=SESSION, signer="director", overwrite=False)
    assert (result.components, result.mandatory) == (2, 1)
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "01-1.jpg").write_bytes(b"x")
    dossier = read_dossier(path)
    assert dossier.procedure == "1.001612"
    assert dossier.applicant.identity_number == "034199000123"
    assert [component.row for component in dossier.components] == [1]
    assert dossier.components[0].sign[0].signer == "director"
    assert dossier.agency is None  # several: the user chooses
    assert dossier.key is None
    text = path.read_text(encoding="utf-8")
    assert ("bắt buộc" in text) == (language == "vi")
    assert "UBND xã B" in text
    assert max(map(len, text.splitlines())) <= 130


def test_the_commented_parts_are_right_as_well(tmp_path):
    path = tmp_path / "dossier.toml"
    init_dossier(PROCEDURE, path, session=None, signer=None, overwrite=False)
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index("# row = 3") - 1
    bare = [found.group(1) for line in lines[start:] if (found := re.fullmatch(r"# (\[\[.*|\w+ = .*)", line))]
    assert "[[extra]]" in bare
    tomllib.loads("\n".join(bare))


def test_nothing_is_overwritten_without_force(tmp_path):
    path = tmp_path / "dossier.toml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExists):
        init_dossier(PROCEDURE, path, session=None, signer=None, overwrite=False)
    assert path.read_text(encoding="utf-8") == "mine"
    init_dossier(PROCEDURE, path, session=None, signer=None, overwrite=True)
    assert "1.001612" in path.read_text(encoding="utf-8")


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_name_of_the_portal_breaks_the_file(tmp_path_factory, name, agency):
    evil = replace(
        PROCEDURE,
        name=name,
        agencies=(agency,),
        components=(replace(PROCEDURE.components[0], name=f"{name}\n[[component]]\u2028row = 9\r{agency}"),),
    )
    path = tmp_path_factory.getbasetemp() / "evil.toml"
    session = replace(SESSION, display_name=name)
    init_dossier(evil, path, session=session, signer=agency or None, overwrite=True)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    assert [component["row"] for component in table["component"]] == [1]
    assert set(table) <= {"schema", "procedure", "agency", "subject", "key", "applicant", "owner", "component"}
