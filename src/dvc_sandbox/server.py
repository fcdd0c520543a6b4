"""The sandbox's process: binds the ports, builds the four applications and serves them in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from dvc_sandbox.clock import SandboxClock
from dvc_sandbox.database import Database
from dvc_sandbox.environment import Environment, Urls
from dvc_sandbox.errors import SandboxError
from dvc_sandbox.fault_middleware import TRANSPORT, FaultMiddleware
from dvc_sandbox.faults import Faults
from dvc_sandbox.folder import Memory, Ports, Running, StateFolder
from dvc_sandbox.hosts import (
    AsgiApp,
    HostMiddleware,
    Receive,
    Scope,
    Send,
    allowed_hosts,
    bracketed,
    is_loopback,
    is_wildcard,
    send_json,
)
from dvc_sandbox.pki import Pki
from dvc_sandbox.pki import issue as pki_issue

if TYPE_CHECKING:
    from dvc_sandbox.control import Options

NAMES = ("portal", "smartca", "pki", "admin")


class Switch:
    """An application that a reset replaces while the server keeps its port."""

    def __init__(self) -> None:
        self.app: AsgiApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the application in charge."""
        if self.app is None:
            await send_json(send, 503, {"sandbox": True, "error": "starting"})
        else:
            await self.app(scope, receive, send)


class HealthEndpoint:
    """Answers `GET /health` before any fault can strike it."""

    def __init__(self, app: AsgiApp, name: str) -> None:
        self._app = app
        self._answer = {"sandbox": True, "server": name, "status": "ok"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the health question; pass everything else on."""
        if scope["type"] == "http" and scope["path"] == "/health" and scope["method"] in ("GET", "HEAD"):
            await send_json(send, 200, self._answer)
        else:
            await self._app(scope, receive, send)


class TransportProtocol(H11Protocol):
    """HTTP/1.1 that shows each request its TCP connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the connection for all its requests."""
        super().connection_made(transport)
        served: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await served(scope, receive, send)

        outer: Any = with_transport
        self.app = outer


class QuietServer(uvicorn.Server):
    """A uvicorn server that leaves signals to the sandbox's own loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: four servers share one process."""
        yield


@dataclass(frozen=True, slots=True)
class AdminHooks:
    """What the admin API may do to the process itself."""

    token: str
    reset: Callable[[], None]
    stop: Callable[[], None]


class Sandbox:
    """One sandbox from its folder to its servers. Use `start_up`, then `run`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._folder = StateFolder(options.state)
        self._switches = {name: Switch() for name in NAMES}
        self._token = secrets.token_urlsafe(32)
        self._notices: list[str] = []
        self._sockets: dict[str, socket.socket] = {}
        self._lock: Any = None
        self._database: Database | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._stop_wanted = threading.Event()
        self._resetting = threading.Lock()
        self._urls = Urls("", "", "", "")
        self._memory = Memory("", 1)

    @property
    def log_file(self) -> Path:
        """Where a sandbox with a process to itself writes its log."""
        return self._folder.path / "log" / "sandbox.log"

    def start_up(self) -> None:
        """Hold the folder, bind the ports, make the PKI and build the applications.

        Raises SandboxError: state-foreign, state-in-use, state-newer, seed-differs, allow-host-missing, port-in-use,
        listen-failed.
        """
        _check_exposure(self._options)
        self._folder.prepare()
        self._lock = self._folder.hold()
        try:
            self._folder.withdraw()
            self._memory = self._recalled()
            self._bind()
            self._build(self._make_environment())
        except BaseException:
            self.close()
            raise

    async def run(self, ready: Callable[[Running], None]) -> None:
        """Serve until `stop` is called; `ready` hears of it once all four servers answer."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        if self._stop_wanted.is_set():
            return
        servers = [self._server(name) for name in NAMES]
        tasks = [
            asyncio.create_task(server.serve(sockets=[self._sockets[name]]))
            for name, server in zip(NAMES, servers, strict=True)
        ]
        while not all(server.started for server in servers):
            if any(task.done() for task in tasks):
                raise SandboxError("start-failed", "a server of the sandbox did not start")
            await asyncio.sleep(0.01)
        running = Running(
            pid=os.getpid(),
            state=self._folder.path,
            urls=self._urls,
            admin_token=self._token,
            started_at=datetime.now(UTC),
            listen=self._options.listen,
            notices=tuple(self._notices),
        )
        self._folder.announce(running, self._memory.seed)
        ready(running)
        await self._stopping.wait()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)

    def stop(self) -> None:
        """Ask the loop to end; safe from any thread and from a signal handler."""
        self._stop_wanted.set()
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._stopping.set)

    def close(self) -> None:
        """Give up the ports, the databases and the folder."""
        for bound in self._sockets.values():
            bound.close()
        if self._database is not None:
            self._database.close()
        if self._lock is not None:
            self._folder.withdraw()
            self._lock.release()

    def reset(self) -> None:
        """Back to the seed: every table is dropped and filled again; ports, keys and certificates stay."""
        with self._resetting:
            for path in sorted(self._folder.path.glob("*.sqlite3")):
                database = Database(path)
                database.wipe()
                database.close()
            self._build(self._make_environment())

    def _recalled(self) -> Memory:
        wanted, memory = self._options.seed, self._folder.recall()
        if memory is None:
            return Memory(created_at=datetime.now(UTC).isoformat(), seed=1 if wanted is None else wanted)
        if wanted is not None and wanted != memory.seed:
            raise SandboxError(
                "seed-differs",
                f"the folder {self._folder.path} was filled from seed {memory.seed}, not {wanted}: name another folder",
            )
        return memory

    def _bind(self) -> None:
        for name in NAMES:
            self._sockets[name] = self._bound(name)
        ports = {name: bound.getsockname()[1] for name, bound in self._sockets.items()}
        host = _public_host(self._options)
        self._urls = Urls(**{name: f"http://{host}:{port}" for name, port in ports.items()})
        self._memory = Memory(self._memory.created_at, self._memory.seed, Ports(**ports))
        self._folder.remember(self._memory)

    def _bound(self, name: str) -> socket.socket:
        listen = self._options.listen
        fixed: int = getattr(self._options.ports, name)
        if fixed:
            return _bind_port(listen, fixed)
        last: int = getattr(self._memory.ports, name)
        if last:
            try:
                return _bind_port(listen, last)
            except SandboxError:
                self._notices.append(f"port {last} of the {name} server is taken by another program; it has a new one")
        return _bind_port(listen, 0)

    def _make_environment(self) -> Environment:
        pki_folder = self._folder.path / "pki"
        if pki_issue.ensure(pki_folder, self._urls.pki, datetime.now(UTC)):
            self._notices.append(
                f"the certificates were issued anew, because their OCSP and CRL addresses are now {self._urls.pki}"
            )
        if self._database is None:
            self._database = Database(self._folder.database)
        return Environment(
            state=self._folder.path,
            clock=SandboxClock(self._database),
            database=self._database,
            pki=Pki(pki_folder),
            faults=Faults(self._database, self._memory.seed),
            urls=self._urls,
            seed=self._memory.seed,
        )

    def _build(self, environment: Environment) -> None:
        from dvc_sandbox import admin
        from dvc_sandbox.pki import app as pki_app
        from dvc_sandbox.portal import app as portal_app
        from dvc_sandbox.smartca import actions
        from dvc_sandbox.smartca import app as smartca_app

        hooks = AdminHooks(self._token, self.reset, self.stop)
        apps: dict[str, Any] = {
            "portal": FaultMiddleware(_asgi(portal_app.build_app(environment)), environment.faults, "portal"),
            "smartca": FaultMiddleware(_asgi(smartca_app.build_app(environment)), environment.faults, "smartca"),
            "pki": pki_app.build_app(environment),
            "admin": admin.build_app(environment, hooks),
        }
        # Said at each start, so that an earlier run's choice does not linger.
        actions.set_mode(environment, "approve" if self._options.auto_approve else "manual")
        for name, app in apps.items():
            self._switches[name].app = app

    def _server(self, name: str) -> QuietServer:
        allowed = allowed_hosts(self._options.listen, self._options.allow_hosts)
        app: Any = HostMiddleware(HealthEndpoint(self._switches[name], name), allowed)
        config = uvicorn.Config(
            app,
            http=TransportProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=self._options.access_log,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
        return QuietServer(config)


def _asgi(app: Any) -> AsgiApp:
    served: AsgiApp = app
    return served


def _check_exposure(options: Options) -> None:
    if not is_loopback(options.listen) and not options.allow_hosts:
        raise SandboxError(
            "allow-host-missing",
            f"listening on {options.listen} opens the sandbox to the network: "
            "name the hosts it may be addressed by with `--allow-host`",
        )


def _public_host(options: Options) -> str:
    if not is_loopback(options.listen) and options.allow_hosts:
        return bracketed(options.allow_hosts[0])
    return "127.0.0.1" if is_wildcard(options.listen) else bracketed(options.listen)


def _bind_port(listen: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listen, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SandboxError("listen-failed", f"cannot listen on {listen}: {error.strerror or error}") from error
    # Windows means something else by SO_REUSEADDR: it would share the port with a stranger.
    if sys.platform == "win32":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        bound.close()
        slug = "port-in-use" if port else "listen-failed"
        raise SandboxError(
            slug, f"cannot listen on {listen} port {port}: {error.strerror or error}; choose another port"
        ) from error
    return bound
