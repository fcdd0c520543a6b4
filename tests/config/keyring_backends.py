"""Key rings that misbehave, chosen by `PYTHON_KEYRING_BACKEND` in the processes of `test_keyring.py`."""

from __future__ import annotations

import time

from keyring.backend import KeyringBackend


class Sleeping(KeyringBackend):
    """Never answers in time, like a D-Bus service that is stuck."""

    priority = 1

    def get_password(self, service, username):
        time.sleep(60)

    def set_password(self, service, username, password):
        time.sleep(60)

    def delete_password(self, service, username):
        time.sleep(60)


class Raising(KeyringBackend):
    """Raises what no interface promises."""

    priority = 1

    def get_password(self, service, username):
        raise RuntimeError("canary in a message")

    set_password = delete_password = get_password
