"""The personal store (kho giấy tờ): papers an account keeps and uses again (portal contract, row 13)."""

from __future__ import annotations

import sqlite3

from starlette.responses import Response, StreamingResponse

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import store_uploads
from dvc_sandbox.portal.calls import Call, Refusal, attachment, redirect
from dvc_sandbox.portal.store_blobs import stream_blob, write_blob
from dvc_sandbox.portal.store_uploads import Upload
from dvc_sandbox.portal.text import to_iso

PAGE = "/dich-vu-cong/cong-dan/kho-giay-to"
PURPOSE = "store"


def items(environment: Environment, account: int) -> list[sqlite3.Row]:
    """Return the papers of an account, newest first."""
    return environment.database.read("SELECT * FROM store_item WHERE account = ? ORDER BY id DESC", account)


def save_upload(environment: Environment, account: int, upload: Upload) -> int:
    """Keep a draft's file, signature and all; return the paper's id. The same bytes are kept once."""
    with environment.database.write() as connection:
        known = connection.execute(
            "SELECT id FROM store_item WHERE account = ? AND sha256 = ?", (account, upload.sha256)
        ).fetchone()
        if known:
            return int(known["id"])
        cursor = connection.execute(
            """INSERT INTO store_item (account, name, stored_name, original_name, media_type, size, sha256, signed_way,
               signer, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                account, upload.original_name, upload.stored_name, upload.original_name, upload.media_type, upload.size,
                upload.sha256, upload.signed_way, upload.signer, to_iso(environment.clock.now()),
            ),
        )  # fmt: skip
        return int(cursor.lastrowid or 0)


def use_item(environment: Environment, account: int, item: int, sid: str, slot: str) -> int | None:
    """Put a paper into a row of a draft; return the new file's id, or None when the account has no such paper."""
    with environment.database.write() as connection:
        row = connection.execute("SELECT * FROM store_item WHERE id = ? AND account = ?", (item, account)).fetchone()
        if row is None:
            return None
        extension = str(row["stored_name"]).rpartition(".")[2]
        cursor = connection.execute(
            """INSERT INTO upload (sid, slot, stored_name, original_name, media_type, size, sha256, signed_way, signer,
               created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                sid, slot, store_uploads.stored_name(environment, extension), row["original_name"], row["media_type"],
                row["size"], row["sha256"], row["signed_way"], row["signer"], to_iso(environment.clock.now()),
            ),
        )  # fmt: skip
        return int(cursor.lastrowid or 0)


def _item(call: Call) -> sqlite3.Row:
    row = call.environment.database.read_one(
        "SELECT * FROM store_item WHERE id = ? AND account = ?", call.request.path_params["number"], call.user.id
    )
    if row is None:
        raise Refusal(404, "not-found", "Không tìm thấy giấy tờ này trong kho của bạn")
    return row


def show_store(call: Call) -> Response:
    """The papers, with a form to add one."""
    papers = items(call.environment, call.user.id)
    tokens = [call.token(PURPOSE) for _ in papers]
    return call.page("store.html", papers=list(zip(papers, tokens, strict=True)), csrf=call.token(PURPOSE))


def add_to_store(call: Call) -> Response:
    """Keep an uploaded paper."""
    from dvc_sandbox.portal.receiving import content_of

    content = content_of(call.form.get("file"), "store")
    environment = call.environment
    with environment.database.write() as connection:
        digest, size = write_blob(connection, content.file)
        connection.execute(
            """INSERT INTO store_item (account, name, stored_name, original_name, media_type, size, sha256, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                call.user.id, call.text("tenGiayTo", 200) or content.name,
                store_uploads.stored_name(environment, content.extension), content.name, content.media_type, size, digest,
                to_iso(environment.clock.now()),
            ),
        )  # fmt: skip
    return redirect(PAGE, 303)


def read_from_store(call: Call) -> Response:
    """The bytes of a paper."""
    row = _item(call)
    headers = {**attachment(row["stored_name"]), "X-Content-SHA256": row["sha256"], "Content-Length": str(row["size"])}
    return StreamingResponse(
        stream_blob(call.environment, row["sha256"]), media_type=row["media_type"], headers=headers
    )


def delete_from_store(call: Call) -> Response:
    """Remove a paper; dossiers that used it keep their copy."""
    row = _item(call)
    with call.environment.database.write() as connection:
        connection.execute("DELETE FROM store_item WHERE id = ?", (row["id"],))
    return redirect(PAGE, 303)
