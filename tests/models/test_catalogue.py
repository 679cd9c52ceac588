"""The catalogue is a table of what this program can use."""

import re

import pytest

from pentimento import Request
from pentimento.models.catalogue import Offer, catalogue, find_offer
from pentimento.models.downloads import read_source

# Parameters of the published networks with text encoders and VAE, in millions (UNet, text encoders, VAE).
MILLIONS = {"sd1": 860 + 123 + 84, "sd2": 866 + 340 + 84, "sdxl": 2567 + 123 + 695 + 84}
rows = pytest.mark.parametrize("offer", catalogue(), ids=lambda offer: offer.name)


def test_no_two_rows_are_called_alike_or_bring_the_same() -> None:
    assert len({offer.name for offer in catalogue()}) == len({offer.title for offer in catalogue()}) == len(catalogue())
    assert len({(offer.hub, offer.file) for offer in catalogue()}) == len(catalogue())


@rows
def test_a_row_is_found_by_name_and_title_and_is_a_source(offer: Offer) -> None:
    assert find_offer(offer.name.upper()) is find_offer(offer.title) is offer
    source = read_source(offer.name)
    assert (source.hub, source.file, source.name) == (offer.hub, offer.file, offer.name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", offer.name)


@rows
def test_what_a_row_advises_can_be_asked_for(offer: Offer) -> None:
    asked = Request(**offer.advice)
    assert {name: getattr(asked, name) for name in offer.advice} == dict(offer.advice)


@rows
def test_a_whole_model_is_as_large_as_its_family_in_half_precision(offer: Offer) -> None:
    if offer.kind == "model":
        assert offer.size_bytes == pytest.approx(2e6 * MILLIONS[offer.family], rel=0.01)
    else:
        assert offer.size_bytes < 0.5e9


@rows
def test_a_row_says_what_it_is_in_both_languages(offer: Offer) -> None:
    assert offer.about.endswith(".") and offer.about_ru.endswith(".")
    assert re.search("[а-я]", offer.about_ru) and not re.search("[а-я]", offer.about)
    assert set(offer.good_for) <= {"general", "photo", "art", "inpaint", "fast", "vae"} and offer.good_for
    assert offer.inpaint == (offer.good_for[0] == "inpaint")
