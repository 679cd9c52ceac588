"""Well-known models that a person may fetch: a table of facts, in `catalogue.json`.

Sizes are rounded as the hub shows them; a download asks for the exact ones before it begins.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from .info import FamilyName

OfferKind = Literal["model", "vae", "network"]


@dataclass(frozen=True)
class Offer:
    """One row of the catalogue.

    Attributes
    ----------
    name : what it is called by once it is here
    hub : `owner/name` on the hub
    file : the one file of the repository that is meant; None = the parts of a diffusers folder
    inpaint : its network sees the mask
    good_for : of general, photo, art, inpaint, fast, vae
    advice : fields of the request that it is made for
    """

    name: str
    title: str
    kind: OfferKind
    hub: str
    family: FamilyName
    inpaint: bool
    size_bytes: int
    licence: str
    licence_url: str
    good_for: Sequence[str]
    about: str
    about_ru: str
    file: str | None = None
    advice: Mapping[str, Any] = field(default_factory=dict[str, Any])


@cache
def catalogue() -> tuple[Offer, ...]:
    """Read the table, in the order in which it is shown."""
    rows: list[dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return tuple(Offer(**row) for row in rows)


def find_offer(word: str) -> Offer | None:
    """Find a row by name or title, in any letter case."""
    wanted = word.strip().casefold()
    return next((offer for offer in catalogue() if wanted in (offer.name.casefold(), offer.title.casefold())), None)
