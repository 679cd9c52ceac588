"""What a client calls one submission, so that it can send it again where the answer was lost."""

import re
import sqlite3
from dataclasses import dataclass

from ..errors import RequestError

FIELD = "Idempotency-Key"
_NAME = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True)
class Key:
    """A name that an owner gives to one job.

    Parameters
    ----------
    name : 1 to 255 visible ASCII characters
    body : hash of what was sent with it; the same name with another is refused

    Raises
    ------
    RequestError
        Where the name is none.
    """

    name: str
    body: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise RequestError(FIELD, self.name[:80], "a key is 1 to 255 visible ASCII characters, such as a UUID")


def find_by_key(db: sqlite3.Connection, owner: str, key: Key) -> str | None:
    """Find the job that was accepted with a key; gives its id.

    Raises
    ------
    RequestError
        Where something else was sent with it.
    """
    found = db.execute("SELECT id, body FROM jobs WHERE owner = ? AND key = ?", (owner, key.name)).fetchone()
    if found is None:
        return None
    id, body = found
    if body != key.body:
        raise RequestError(
            FIELD, key.name, f"job {id} was sent with this key, and is another one; give every job a key of its own"
        )
    return id
