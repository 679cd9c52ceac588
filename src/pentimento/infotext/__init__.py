"""A1111's infotext: the text in a picture that says how it was made.

`write` and `parse` are the grammar, `describe` and `to_request` the two directions between
its keys and a `Request`. Round trip is the law: what is written is read back the same.
"""

from .grammar import Infotext, Value, Version, parse, read_version, with_defaults, write
from .keys import PROGRAM, InfotextFacts, describe, to_request
from .novelai import from_novelai

__all__ = [
    "PROGRAM",
    "Infotext",
    "InfotextFacts",
    "Value",
    "Version",
    "describe",
    "from_novelai",
    "parse",
    "read_version",
    "to_request",
    "with_defaults",
    "write",
]
