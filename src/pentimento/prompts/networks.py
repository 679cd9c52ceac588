"""Tags of extra networks: `<lora:name:0.8>`."""

import re
from dataclasses import dataclass

from .notes import Note, add_note, shown

_TAG = re.compile(r"<(\w+):([^>]+)>")
_UNFINISHED = re.compile(r"<(?:lora|lyco|hypernet):[^<>\s]*", re.IGNORECASE)


@dataclass(frozen=True)
class NetworkTag:
    """One tag: its kind (`lora`, `hypernet`, ...), the network's name, and the rest as written.

    Attributes
    ----------
    arguments : what stands behind the name without a key, in order.
    named : `key=value` arguments, in order.

    Examples
    --------
    >>> extract_networks("a cat <lora:ink:0.8:unet=1>")[1]
    [NetworkTag(kind='lora', name='ink', arguments=('0.8',), named=(('unet', '1'),))]
    """

    kind: str
    name: str
    arguments: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()


def extract_networks(text: str, notes: list[Note] | None = None) -> tuple[str, list[NetworkTag]]:
    """Take all `<word:arguments>` out of a text; give what is left, and the tags in order."""
    tags: list[NetworkTag] = []

    def take(match: re.Match[str]) -> str:
        tags.append(_tag(match[1], match[2]))
        return ""

    # Only up to the last ">": so a prompt full of "<a:" costs no more than its length.
    end = text.rfind(">") + 1
    left = _TAG.sub(take, text[:end]) + text[end:]
    for match in _UNFINISHED.finditer(left):
        message = f"{shown(match[0])} has no closing '>' and is read as text"
        add_note(notes, "prompt_network_not_closed", message, match[0])
    return left, tags


def _tag(kind: str, body: str) -> NetworkTag:
    items = body.split(":")
    pairs = [tuple(item.split("=")) for item in items]
    named = tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2)
    name, *arguments = [item for item, pair in zip(items, pairs, strict=True) if len(pair) != 2] or [""]
    return NetworkTag(kind, name, tuple(arguments), named)
