"""Serving: the socket first, then the application; a stop that lets answers end and gives work back."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from ..errors import PentimentoError
from .settings import Settings

if TYPE_CHECKING:
    from ..jobs import Executor

_SECONDS_TO_LEAVE = 10


class PortInUse(PentimentoError):
    """The address cannot be listened at."""


def listen(host: str, port: int) -> socket.socket:
    """Take the address before anything heavy is loaded, so that a taken port is told at once.

    Raises
    ------
    PortInUse
        Where it cannot be had; names the way out.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind, proto)
        if sys.platform != "win32":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(2048)
    except OSError as error:
        raise PortInUse(f"{host}:{port} cannot be listened at ({error.strerror}); give another --port") from error
    return taken


def serve(
    settings: Settings,
    taken: socket.socket,
    on_ready: Callable[[], None] = lambda: None,
    executor: "Executor | None" = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    on_ready : called once, when requests are answered
    executor : does the jobs; left out = a process for each device of this machine
    """
    import uvicorn

    from .app import build_app

    app = build_app(settings, executor)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_SECONDS_TO_LEAVE,
        server_header=False,
        timeout_keep_alive=75,
        proxy_headers=False,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_ready()

        @contextmanager
        def capture_signals(self) -> Generator[None]:
            """Stop at a signal and call it a good end; uvicorn's own would die of it afterwards."""
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            app.state.service.stopping.set()
            super().handle_exit(sig, frame)

    asyncio.run(Server(config).serve(sockets=[taken]))
