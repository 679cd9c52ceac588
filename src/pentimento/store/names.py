"""How picture files are named: patterns in A1111's manner, such as `[date]/[number]-[seed]`."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import RequestError, unknown_name
from .picture import Facts

_PART = re.compile(r"\[([^\[\]]*)\]")
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 120
_WORDS = 8


@dataclass(frozen=True)
class NameFacts:
    """What a name can be made of.

    Attributes
    ----------
    number : counts the pictures of a folder, from 1
    index : the picture's place in its job, from 0
    """

    facts: Facts
    created: float
    number: int
    index: int = 0
    job: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])

    def told(self, key: str) -> str:
        """What the infotext says under a key."""
        return self.parameters.get(key, "")

    def at(self, form: str) -> str:
        return time.strftime(form, time.localtime(self.created))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)[:_WORDS]


READERS: dict[str, Callable[[NameFacts], str]] = {
    "number": lambda name: f"{name.number:05d}",
    "seed": lambda name: "" if name.facts.seed is None else str(name.facts.seed),
    "steps": lambda name: name.told("Steps"),
    "cfg": lambda name: name.told("CFG scale"),
    "sampler": lambda name: name.told("Sampler"),
    "denoising": lambda name: name.told("Denoising strength"),
    "width": lambda name: str(name.facts.width),
    "height": lambda name: str(name.facts.height),
    "date": lambda name: name.at("%Y-%m-%d"),
    "datetime": lambda name: name.at("%Y%m%d%H%M%S"),
    "job_timestamp": lambda name: name.at("%Y%m%d%H%M%S"),
    "model_name": lambda name: name.facts.model,
    "model_hash": lambda name: name.told("Model hash"),
    "prompt": lambda name: name.facts.prompt,
    "prompt_words": lambda name: " ".join(_words(name.facts.prompt)),
    "prompt_spaces": lambda name: " ".join(name.facts.prompt.split()),
    "batch_number": lambda name: str(name.index + 1),
    "mode": lambda name: name.facts.mode,
    "job": lambda name: name.job,
}
"""What may stand in brackets."""


@dataclass(frozen=True)
class Pattern:
    """A pattern; slashes part folders.

    Raises
    ------
    RequestError
        Where a word in brackets is not known, or the path would leave the folder of pictures.

    Examples
    --------
    >>> facts = Facts(64, 48, "png", 100, seed=7, prompt="a/../red fox: at dawn")
    >>> Pattern("[prompt_words]/[number]-[seed]").path(NameFacts(facts, 0.0, 12))
    'a red fox at dawn/00012-7'
    """

    text: str

    def __post_init__(self) -> None:
        for word in _PART.findall(self.text):
            if word not in READERS:
                raise unknown_name("name_pattern", word, list(READERS))
        pieces = self.text.split("/")
        if not all(piece.strip(". ") for piece in pieces) or "\\" in self.text or pieces[0].endswith(":"):
            raise RequestError(
                "name_pattern", self.text, f"'{self.text}' must name a file below the folder of pictures"
            )

    def folder(self, facts: NameFacts) -> str:
        """Give the folder below that of pictures, "" where it is that."""
        return "/".join(_expanded(piece, facts) for piece in self.text.split("/")[:-1])

    def path(self, facts: NameFacts) -> str:
        """Give the path below the folder of pictures, without suffix."""
        return "/".join(_expanded(piece, facts) for piece in self.text.split("/"))


def _expanded(piece: str, facts: NameFacts) -> str:
    return safe_name(_PART.sub(lambda match: READERS[match[1]](facts), piece))


def safe_name(text: str) -> str:
    """Make one name of a file or folder that every system takes.

    Examples
    --------
    >>> safe_name("../etc/passwd"), safe_name("con.png"), safe_name(" . ")
    ('_etc_passwd', '_con.png', '_')
    """
    clean = _UNSAFE.sub("_", text.encode("utf-8", "replace").decode()).strip(". ")
    short = clean.encode()[:_LONGEST].decode("utf-8", "ignore").strip(". ")
    return f"_{short}" if not short or _RESERVED.fullmatch(short) else short
