"""Axes as text: lists, ranges, search and replace."""

import pytest

from pentimento import Request, RequestError
from pentimento.scripts.values import AXES, expand, read_axis, read_values


@pytest.mark.parametrize(
    ("text", "whole", "numbers"),
    [
        ("5-9", True, ["5", "6", "7", "8", "9"]),
        ("5-9:2", True, ["5", "7", "9"]),
        ("5-10 : 2", True, ["5", "7", "9"]),
        ("1-10(+2)", True, ["1", "3", "5", "7", "9"]),
        ("10-1(-3)", True, ["10", "7", "4", "1"]),
        ("3-1", True, ["3", "2", "1"]),
        ("1-10[5]", True, ["1", "3", "5", "7", "10"]),
        ("0-1[5]", False, ["0", "0.25", "0.5", "0.75", "1"]),
        ("0-1[3]", False, ["0", "0.5", "1"]),
        ("0-1[1]", False, ["0"]),
        ("0.1-0.3:0.1", False, ["0.1", "0.2", "0.3"]),
        ("-2-2:2", True, ["-2", "0", "2"]),
        ("-1", True, ["-1"]),
        ("100-120:10", True, ["100", "110", "120"]),
        ("euler", True, ["euler"]),
    ],
)
def test_ranges(text: str, whole: bool, numbers: list[str]) -> None:
    assert expand(text, whole=whole) == numbers


@pytest.mark.parametrize("text", ["1-5(-1)", "5-1:2", "1-5:0", "0-100000", "0-1[5000]"])
def test_ranges_without_an_end_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"range"):
        expand(text, whole=False)


def test_quotes_hold_commas() -> None:
    assert read_values('cat, "dog, red" ,  bird') == ["cat", "dog, red", "bird"]


def values_of(axis: str, request: Request | None = None) -> list[Request]:
    return [value.change(request or Request()) for value in read_axis(axis).values]


def test_an_axis_of_every_field() -> None:
    text = {
        "bool": "yes,no",
        "NAME": "a",
        "init_image": "a.png",
        "mask_blur": "4,4x8",
        "seed_resize": "64x32,none",
        "styles": '"a,b",c',
        "background": "#ff0000",
        "sampler": "euler,Euler a",
        "schedule": "karras",
        "profile": "a1111",
        "hires_scale": "2",
    }
    from pentimento.cli.options import NAMES

    alone = {"mask", "latent_mask", "hires_sampler", "hires_schedule"}
    for name, field in Request.model_fields.items():
        if name in alone or name.startswith("hires_") and name != "hires_scale":
            continue
        listed = text.get(name) or (
            ",".join(NAMES[name]) if name in NAMES else "yes,no" if field.annotation is bool else "1"
        )
        for request in values_of(f"{name}={listed}"):
            assert name in request.model_fields_set


def test_values_are_those_of_the_field() -> None:
    assert [one.mask_blur for one in values_of("mask-blur=4,4x8")] == [(4, 4), (4, 8)]
    assert [one.seed_resize for one in values_of("seed_resize=64x32,none")] == [(64, 32), None]
    assert [one.styles for one in values_of('styles="a,b",c')] == [("a", "b"), ("c",)]
    assert [one.cfg_scale for one in values_of("cfg_scale=5-9:2,20")] == [5, 7, 9, 20]
    assert [one.masked_content for one in values_of("masked_content=fill,Latent noise")] == ["fill", "latent_noise"]
    assert [(one.width, one.height) for one in values_of("size=64x32,16x8")] == [(64, 32), (16, 8)]


def test_search_and_replace_reaches_both_prompts() -> None:
    request = Request(prompt="a cat, a cat", negative_prompt="no cat")
    made = values_of("prompt_replace=cat,dog", request)
    assert [one.prompt for one in made] == ["a cat, a cat", "a dog, a dog"]
    assert [one.negative_prompt for one in made] == ["no cat", "no dog"]
    with pytest.raises(RequestError, match=r"'bird' stands in neither prompt"):
        values_of("prompt_replace=bird,dog", request)


def test_order_of_words() -> None:
    made = values_of("prompt_order=red,old", Request(prompt="a red, old house"))
    assert [one.prompt for one in made] == ["a red, old house", "a old, red house"]


@pytest.mark.parametrize(
    ("text", "words"), [("stepz=3", "did you mean 'steps'"), ("steps=", "no values"), ("steps", "no values")]
)
def test_what_is_no_axis_is_refused(text: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        read_axis(text)


def test_no_axis_hides_a_field() -> None:
    assert not set(AXES) & set(Request.model_fields)
