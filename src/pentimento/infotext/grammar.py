"""The grammar of A1111's infotext.

a cat on a chair
Negative prompt: dog
Steps: 20, Sampler: Euler a, CFG scale: 7.0, Seed: 1, Size: 512x512, Version: 1.10.1
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import RequestError

Value = str | int | float | None
"""What a key may hold; None = the key is left out."""

_NEGATIVE = "Negative prompt:"
_QUOTED = r'"(?:\\.|[^\\"])+"'
# As A1111 reads: a key has two letters or more. A key is looked for at the start of a run of
# its characters only, which finds the same ones in linear time.
PAIR = re.compile(rf"(?<![\w \-/])[ \-/]*(\w[\w \-/]+):\s*({_QUOTED}|[^,]*)(?:,|$)")
# What A1111 writes but does not read back: one-letter keys, and a key that equals its value.
_OWN_PAIR = re.compile(rf"\s*(\w[\w \-/]*):\s*({_QUOTED}|[^,]*)(?:,|$)")
_BARE = re.compile(r"\s*(\w[\w \-/]*)(?:,|$)")
_KEY = re.compile(r"\w(?:[\w \-/]*[\w\-/])?")
_SIZE = re.compile(r"(\d+)x(\d+)")
_LEAST_PAIRS = 3


@dataclass(frozen=True)
class Infotext:
    """A text taken apart; sizes "512x768" are two parameters, `Key-1` and `Key-2`."""

    prompt: str = ""
    negative_prompt: str = ""
    parameters: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def version(self) -> "Version | None":
        """Which A1111 wrote it; None where it does not say or another program did."""
        return read_version(self.parameters.get("Version", ""))


class Version(NamedTuple):
    """A version of A1111, and the commits since."""

    major: int
    minor: int
    patch: int
    commits: int = 0


def write(prompt: str, negative_prompt: str, parameters: Mapping[str, Value]) -> str:
    """Write a text as A1111 does; None is left out.

    Raises
    ------
    RequestError
        Where a key could not be read back: it may hold letters, digits, space, `-` and `/`.

    Notes
    -----
    `parse` gives back what was written if there are at least three keys of two letters or
    more, and the prompts have no line that starts with "Negative prompt:". White space
    around lines is lost.

    Examples
    --------
    >>> write("a cat", "", {"Steps": 20, "Model": "a, b", "VAE": None})
    'a cat\\nSteps: 20, Model: "a, b"'
    """
    pairs = [_pair(key, str(value)) for key, value in parameters.items() if value is not None]
    negative = f"\n{_NEGATIVE} {negative_prompt}" if negative_prompt else ""
    return f"{prompt}{negative}\n{', '.join(pairs)}".strip()


def _pair(key: str, value: str) -> str:
    if not _KEY.fullmatch(key):
        message = f"the key {key!r} could not be read back; use letters, digits, spaces, '-' and '/'"
        raise RequestError("infotext", key, message)
    return key if key == value else f"{key}: {_quoted(value)}"


def _quoted(value: str) -> str:
    # A1111 quotes for the first three only; the rest would not come back as it went.
    plain = not any(mark in value for mark in ",\n:") and not value.startswith('"') and value == value.strip()
    return value if plain else json.dumps(value, ensure_ascii=False)


def parse(text: str) -> Infotext:
    """Take a text apart as A1111 does; any text can be parsed, at worst it is all prompt.

    Notes
    -----
    The last line holds parameters if at least three `key: value` are found in it. Unlike
    A1111, one-letter keys and keys without a value are read there (value = key).

    Examples
    --------
    >>> parse("a cat\\nSteps: 20, Size: 512x768, Lora hashes: \\"x: 1, y: 2\\"").parameters
    {'Steps': '20', 'Size-1': '512', 'Size-2': '768', 'Lora hashes': 'x: 1, y: 2'}
    """
    lines = text.strip().split("\n")
    parameters: dict[str, str] = {}
    if len(PAIR.findall(lines[-1])) >= _LEAST_PAIRS:
        parameters = _read_parameters(lines.pop().strip())
    texts: dict[bool, list[str]] = {False: [], True: []}
    negative = False
    for line in lines:
        stripped = line.strip()
        if stripped.startswith(_NEGATIVE):
            negative, stripped = True, stripped[len(_NEGATIVE) :].strip()
        if stripped or texts[negative]:
            texts[negative].append(stripped)
    return Infotext("\n".join(texts[False]), "\n".join(texts[True]), parameters)


def _read_parameters(line: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(line):
        # The last alternative skips what is no key, as A1111's search does.
        match = _OWN_PAIR.match(line, position) or _BARE.match(line, position) or PAIR.search(line, position)
        if match is None:
            break
        key, value = (match[1], _unquoted(match[2])) if match.lastindex == 2 else (match[1].rstrip(),) * 2
        size = _SIZE.fullmatch(value)
        found |= {f"{key}-1": size[1], f"{key}-2": size[2]} if size else {key: value}
        position = match.end()
    return found


def _unquoted(value: str) -> str:
    if len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def read_version(text: str) -> Version | None:
    """Read A1111's version from its own or a fork's label.

    Examples
    --------
    >>> read_version("v1.7.0-225-g1a2b3c4"), read_version("f2.0.1v1.10.1-previous"), read_version("ComfyUI")
    (Version(major=1, minor=7, patch=0, commits=225), Version(major=1, minor=10, patch=1, commits=0), None)
    """
    match = re.search(r"(?:^|v)(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-(\d{1,9}))?", text)
    return Version(int(match[1]), int(match[2]), int(match[3]), int(match[4] or 0)) if match else None


_DEFAULTS: dict[str, str | int | bool] = {
    "Clip skip": "1",
    "Hires resize-1": 0,
    "Hires resize-2": 0,
    "Hires sampler": "Use same sampler",
    "Hires schedule type": "Use same scheduler",
    "Hires checkpoint": "Use same checkpoint",
    "Hires prompt": "",
    "Hires negative prompt": "",
    "Mask mode": "Inpaint masked",
    "Masked content": "original",
    "Inpaint area": "Whole picture",
    "Masked area padding": 32,
    "RNG": "GPU",
    "Schedule type": "Automatic",
    "Schedule max sigma": 0,
    "Schedule min sigma": 0,
    "Schedule rho": 0,
    "VAE Encoder": "Full",
    "VAE Decoder": "Full",
    "FP8 weight": "Disable",
}


def old_behaviour(infotext: Infotext) -> dict[str, bool]:
    """Tell which switches an old version's text needs for the same picture, by A1111's names."""
    version = infotext.version
    if version is None:
        return {}
    gates = {
        "Old prompt editing timelines": version < (1, 6, 0) and "[" in infotext.prompt,
        "Pad conds v0": version < (1, 6, 0) and infotext.parameters.get("Sampler") in ("DDIM", "PLMS"),
        "Downcast alphas_cumprod": version < (1, 7, 0, 225),
        "Refiner switch by sampling steps": version < (1, 8, 0),
    }
    return {name: True for name, needed in gates.items() if needed}


def with_defaults(infotext: Infotext) -> dict[str, str | int | bool]:
    """Give the dictionary that A1111 makes of a text: prompts among the parameters, defaults filled in."""
    filled: dict[str, str | int | bool] = {
        **infotext.parameters,
        "Prompt": infotext.prompt,
        "Negative prompt": infotext.negative_prompt,
    }
    if re.search(r"(?<!\\)[(\[]", infotext.prompt + infotext.negative_prompt):
        filled.setdefault("Emphasis", "Original")
    filled |= {name: value for name, value in _DEFAULTS.items() if name not in filled}
    filled.setdefault("Refiner switch by sampling steps", False)
    return filled | old_behaviour(infotext)
