"""The process that holds a studio and does orders: `python -m pentimento.jobs.worker`, started by `LocalExecutor`.

It reads messages from stdin and writes reports to what was stdout; when stdin ends, because
who started it is gone, it ends at once.
"""

import os
import queue
import signal
import threading
import traceback
from importlib import import_module
from typing import BinaryIO, cast

from .messages import receive, send
from .orders import Order, Report
from .perform import Control, UnknownError, perform

EXIT_UNKNOWN = 70


class Mailbox:
    """Orders that came in, and what is wanted of the one under way."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[Order, Control]] = queue.SimpleQueue()
        self._controls: dict[str, Control] = {}

    def read(self, stream: BinaryIO) -> None:
        """Take messages until the stream ends, then end the process, whatever it is doing."""
        try:
            while True:
                kind, value = receive(stream)
                _MESSAGES[kind](self, value)
        except EOFError:
            os._exit(0)
        except Exception:
            traceback.print_exc()
            os._exit(1)

    def order(self, order: Order) -> None:
        control = self._controls[order.job] = Control()
        self._orders.put((order, control))

    def cancel(self, job: str) -> None:
        if (control := self._controls.get(job)) is not None:
            control.cancel()

    def skip(self, job: str) -> None:
        if (control := self._controls.get(job)) is not None:
            control.skip()

    def give_way(self, job: str) -> None:
        if (control := self._controls.get(job)) is not None:
            control.give_way()

    def next(self) -> tuple[Order, Control]:
        return self._orders.get()

    def ended(self, order: Order, control: Control) -> None:
        # Who was told that it gave way may have sent the same job again already.
        if self._controls.get(order.job) is control:
            del self._controls[order.job]


_MESSAGES = {"order": Mailbox.order, "cancel": Mailbox.cancel, "skip": Mailbox.skip, "give_way": Mailbox.give_way}


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for messages; what anybody else prints goes to stderr."""
    # Without a buffer: the thread that reads is still reading when the process ends.
    messages, reports = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return cast(BinaryIO, messages), reports


def main() -> None:
    # Ctrl-C at a terminal is for the server, which ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages, reports = _own_pipes()
    writing = threading.Lock()

    def tell(report: Report) -> None:
        with writing:
            send(reports, report)

    factory, settings = receive(messages)
    mailbox = Mailbox()
    threading.Thread(target=mailbox.read, args=(messages,), daemon=True).start()
    module, _, name = factory.partition(":")
    studio = getattr(import_module(module), name)(**settings)
    studio.warm_up()
    tell(Report("ready", data={"where": ", ".join(studio.where)}))
    while True:
        order, control = mailbox.next()
        try:
            perform(studio, order, control, tell)
        except UnknownError:
            # A device may be of no use after such an error; a new process is.
            if not studio.where[0].startswith("cpu"):
                os._exit(EXIT_UNKNOWN)
        mailbox.ended(order, control)


if __name__ == "__main__":
    main()
