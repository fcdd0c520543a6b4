"""What the service does, without HTTP: who may sign what, transactions, decisions, expiry by the sandbox clock."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import sqlite3
import threading
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from dvc_sandbox.smartca.certificates import SubscriberCertificate, read_certificate
from dvc_sandbox.smartca.model import Behaviour, Document, Refusal, State, Transaction
from dvc_sandbox.smartca.people import Provider, Subscriber, read_people
from dvc_sandbox.smartca.store import FILE_NAME, SigningStore
from dvc_sandbox.smartca.totp import matching_step

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

MAX_DOCUMENTS = 50  # the documented limit of the sister API
SAD_SECONDS = 299


class SigningService:
    """The emulator's rules over its store, the sandbox clock and the sandbox PKI."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._certificates: dict[str, SubscriberCertificate] = {}
        self._opening = threading.Lock()
        self.clock = environment.clock
        self.people = read_people()

    @cached_property
    def store(self) -> SigningStore:
        """The emulator's own database, made on first use."""
        return SigningStore(self._environment.state / FILE_NAME)

    def behaviour(self) -> Behaviour:
        """The present switches."""
        return self.store.behaviour()

    def provider(self, sp_id: str, sp_password: str) -> Provider:
        """The service provider; Refusal 401 when the account or its password is wrong."""
        found = self.people.providers.get(sp_id)
        if found is None or not _same(found.sp_password, sp_password):
            raise Refusal(401, 0, "Thông tin SP hoặc người dùng không hợp lệ")
        return found

    def subscriber(self, user_id: str) -> Subscriber:
        """The subscriber; Refusal 401 when there is none (the same words as for a wrong SP account)."""
        found = self.people.subscribers.get(user_id)
        if found is None:
            raise Refusal(401, 0, "Thông tin SP hoặc người dùng không hợp lệ")
        return found

    def certificates(self, subscriber: Subscriber, serial_number: str = "") -> list[SubscriberCertificate]:
        """A subscriber's certificates, or the one with that serial number."""
        every = [self.certificate(name) for name in subscriber.certificates]
        return [one for one in every if not serial_number or one.serial_number == serial_number.lower()]

    def certificate(self, name: str) -> SubscriberCertificate:
        """A PKI entity as a subscriber's certificate, read once."""
        if name not in self._certificates:
            self._certificates[name] = read_certificate(self._environment, name)
        return self._certificates[name]

    def open(
        self,
        provider: Provider,
        subscriber: Subscriber,
        serial_number: str,
        transaction_id: str,
        description: str,
        documents: tuple[Document, ...],
        *,
        by_otp: bool = False,
    ) -> Transaction:
        """Open a transaction; Refusal for an unusable certificate, a used id, a second open one, or a used-up quota."""
        now = self.clock.now()
        certificate = self._usable(subscriber, serial_number)
        variants = self.behaviour().variants
        if variants.quota:
            raise Refusal(403, 65000, "Hết lượt ký hoặc gói dịch vụ không hợp lệ")
        lasting = SAD_SECONDS if by_otp else variants.expires_in
        transaction = Transaction(
            id=transaction_id,
            tran_code=secrets.token_hex(8),
            sp_id=provider.sp_id,
            user_id=subscriber.user_id,
            certificate=certificate.name,
            description=description,
            state=State.ACTIVATED if by_otp else State.WAITING,
            created_at=now,
            expires_at=now + timedelta(seconds=lasting),
            decided_at=None,
            sad=_signature_activation(subscriber.user_id, transaction_id) if by_otp else None,
            documents=documents,
        )
        with self._opening:
            if any(self.settle(one).state.is_open for one in self.store.open_of(subscriber.user_id)):
                raise Refusal(400, 0, "Thuê bao đang có giao dịch chờ xác nhận")
            try:
                self.store.add(transaction)
            except sqlite3.IntegrityError:
                raise Refusal(400, 30000, "transaction_id đã được sử dụng") from None
        return transaction

    def check_otp(self, subscriber: Subscriber, password: str, otp: str) -> None:
        """Refusal 401 unless password and one-time password are right; a "phone" account has neither."""
        self.check_password(subscriber, password)
        step = matching_step(subscriber.totp_key or b"", otp, self.clock.now())
        if step is None:
            raise Refusal(401, 63000, "Mã OTP không đúng hoặc đã hết hạn")
        if not self.store.use_otp(subscriber.user_id, step) and self.behaviour().variants.otp_single_use:
            raise Refusal(401, 63000, "Mã OTP đã được sử dụng")

    def check_password(self, subscriber: Subscriber, password: str) -> None:
        """Refusal 401 unless this is a "TH" account and its password is right."""
        if not subscriber.has_otp or not _same(subscriber.password or "", password):
            raise Refusal(401, 63000, "Xác thực người ký không thành công")

    def confirm(self, subscriber: Subscriber, transaction_id: str, sad: str) -> Transaction:
        """v2: sign an activated transaction; Refusal when unknown, expired, not waiting, or the `sad` is another one's."""
        transaction = self.find(transaction_id)
        if transaction is None or transaction.user_id != subscriber.user_id:
            raise Refusal(400, 62000, "Không tìm thấy giao dịch")
        if transaction.state is State.EXPIRED:
            raise Refusal(400, 62002, "Giao dịch đã hết hạn")
        if transaction.state is not State.ACTIVATED:
            raise Refusal(400, 62003, "Giao dịch không ở trạng thái chờ")
        if not _same(transaction.sad or "", sad):
            raise Refusal(401, 63000, "SAD không hợp lệ")
        return self.decide(transaction, State.SIGNED)

    def find(self, transaction_id: str) -> Transaction | None:
        """The transaction with the caller's id, as it stands now."""
        found = self.store.find(transaction_id)
        return self.settle(found) if found else None

    def query(self, identifier: str) -> Transaction | None:
        """The transaction that the status call means: by the caller's id, or (variant) only by `tran_code`."""
        if self.behaviour().variants.status_by_tran_code:
            found = self.store.find_by_code(identifier)
        else:
            found = self.store.find(identifier) or self.store.find_by_code(identifier)
        return self.settle(found) if found else None

    def newest(self, user_id: str | None = None, limit: int = -1) -> list[Transaction]:
        """Transactions as they stand now, newest first; `limit` -1 means every one."""
        return [self.settle(one) for one in self.store.newest(user_id, limit)]

    def settle(self, transaction: Transaction) -> Transaction:
        """Let time and the automatic mode act on a transaction."""
        if not transaction.state.is_open:
            return transaction
        now, behaviour = self.clock.now(), self.behaviour()
        due = transaction.created_at + timedelta(seconds=behaviour.delay_seconds)
        automatic = behaviour.mode.outcome if transaction.state is State.WAITING else None
        if automatic is not None and due <= now and due < transaction.expires_at:
            return self.decide(transaction, automatic)
        if now >= transaction.expires_at:
            return self.decide(transaction, State.EXPIRED)
        return transaction

    def decide(self, transaction: Transaction, state: State) -> Transaction:
        """Move an open transaction to a terminal state (the first decision counts) and return how it stands."""
        self.store.decide(transaction, state, self.clock.now(), self.certificate(transaction.certificate).sign_digest)
        return self.store.find(transaction.id) or transaction

    def _usable(self, subscriber: Subscriber, serial_number: str) -> SubscriberCertificate:
        matching = self.certificates(subscriber, serial_number)
        if not matching:
            raise Refusal(403, 60000, "Không tìm thấy chứng thư số")
        if not matching[0].is_usable(self.clock.now()):
            raise Refusal(403, 60003, "Trạng thái chứng thư số không hợp lệ")
        return matching[0]


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _signature_activation(user_id: str, transaction_id: str) -> str:
    """A JWT-looking string; its content means nothing, it is compared as a whole."""
    parts = (
        json.dumps({"alg": "HS256", "typ": "JWT"}).encode(),
        json.dumps({"sub": user_id, "jti": transaction_id, "sandbox": True}).encode(),
        secrets.token_bytes(32),
    )
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
