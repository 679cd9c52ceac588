"""The request: frozen, validated in words, the same after JSON."""

import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento import choices
from pentimento.diffusion.samplers import SAMPLERS
from pentimento.diffusion.schedules import SCHEDULES
from pentimento.errors import RequestError
from pentimento.pictures import shapes
from pentimento.request import Request

requests = st.fixed_dictionaries(
    {},
    optional={
        "prompt": st.text(max_size=40),
        "sampler": st.sampled_from([word for row in SAMPLERS for word in (row.name, row.label, *row.aliases)]),
        "schedule": st.sampled_from([word for row in SCHEDULES for word in (row.name, row.label.upper())]),
        "steps": st.integers(1, 150),
        "width": st.none() | st.integers(1, 4096),
        "cfg_scale": st.floats(0, 30),
        "seed": st.integers(-1, 2**64 - 1),
        "denoising_strength": st.floats(0, 1),
        "mask_blur": st.floats(0, 64) | st.tuples(st.floats(0, 64), st.floats(0, 64)),
        "masked_content": st.sampled_from(["fill", "Latent Noise", "latent-nothing", "ORIGINAL"]),
        "eta": st.none() | st.floats(0, 1),
        "seed_resize": st.none() | st.tuples(st.integers(8, 512), st.integers(8, 512)),
    },
)


@settings(max_examples=500, deadline=None)
@given(fields=requests)
def test_json_round_trip(fields: dict[str, object]) -> None:
    request = Request(**fields)
    again = Request.from_json(request.to_json())
    assert again == request and again.to_json() == request.to_json()


def test_pictures_survive_json() -> None:
    image = Image.effect_noise((9, 7), 80).convert("RGB")
    again = Request.from_json(Request(init_image=image, mask=Image.new("L", (9, 7), 255)).to_json())
    from pentimento.pictures.read import read_picture

    assert read_picture(again.init_image, "init_image").tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"steps": 0}, "steps", "at least 1"),
        ({"denoising_strength": 1.5}, "denoising_strength", "at most 1"),
        ({"sampler": "Euler b"}, "sampler", "did you mean"),
        ({"schedule": "karas"}, "schedule", "'karras'"),
        ({"resize_mode": "stretch"}, "resize_mode", "; choices: just_resize, "),
        ({"promt": "a cat"}, "promt", "'prompt'"),
        ({"mask": "m.png"}, "mask", "init_image"),
        ({"background": "white"}, "background", "#rrggbb"),
        ({"cfg_scale": float("nan")}, "cfg_scale", "finite"),
        ({"profile": "a1112"}, "profile", "'a1111'"),
        ({"sigma_min": 5, "sigma_max": 1}, "sigma_min", "sigma_max"),
        ({"init_image": "data:image/png;base64,@@"}, "init_image", "base64"),
        ({"init_image": [[0, 1], [2, 3]]}, "init_image", "Image.fromarray"),
        ({"steps": "many"}, "steps", "'many' must be a whole number"),
        ({"masked_content": 3}, "masked_content", "3 must be 'fill', 'original'"),
        ({"extend": "-5"}, "extend", "'-5' cannot be taken: give px"),
        ({"hires_sampler": "Euler b"}, "hires_sampler", "'euler'"),
        ({"hires_schedule": "karas"}, "hires_schedule", "'karras'"),
        ({"hires_width": 64, "init_image": "a.png"}, "hires_width", "txt2img only"),
        ({"seed_resize": (0, -5)}, "seed_resize", "from 1 to"),
    ],
)
def test_refusals_name_field_and_way_out(fields: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        Request(**fields)
    assert caught.value.field == field and words in str(caught.value)


def test_refusals_fit_a_line() -> None:
    with pytest.raises(RequestError) as caught:
        Request(init_image="data:image/png;base64,@" + "A" * 10_000)
    assert len(str(caught.value)) < 250
    with pytest.raises(RequestError) as caught:
        Request(promt="a cat")
    assert str(caught.value) == "promt: 'promt' is not known; did you mean 'prompt'?"
    assert "masked_content" in caught.value.choices


def test_it_is_shown_as_it_would_be_written() -> None:
    request = Request(prompt="a cat", steps=8, init_image="a.png", mask="rect 0 0 8 8", sampler="Euler a")
    assert eval(repr(request), {"Request": Request, **vars(shapes)}) == request
    assert repr(Request(prompt="a cat", steps=8)) == "Request(prompt='a cat', steps=8)"
    assert len(repr(Request(init_image=bytes(10_000)))) < 150


def test_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        Request().steps = 3  # type: ignore[misc]


def test_every_choice_is_typed_as_its_table_says() -> None:
    for table in choices.TABLES:
        annotation = Request.model_fields[table.field].annotation
        assert annotation is str if table.open else typing.get_args(annotation) == table.names, table.field


def test_numbers_of_a1111_are_two_way() -> None:
    for table in choices.TABLES:
        for row in table.rows:
            assert table.find(row.label) is row and table.find(row.name.upper()) is row
            if row.a1111 is not None:
                assert table.from_a1111(row.a1111) is row


def test_a_drawn_mask_stays_data_in_json() -> None:
    request = Request(init_image="a.png", mask="rect 10% 20% 30% 30%; grow 8")
    assert "mask: rect 10% 20% 30% 30%; grow 8" in request.to_json()
    again = Request.from_json(request.to_json())
    assert again == request and again.mask == request.mask and not isinstance(again.mask, str)
    assert Request(init_image="a.png", mask="./rect 1.png").mask == "./rect 1.png"
    with pytest.raises(RequestError, match="position 6"):
        Request(init_image="a.png", mask="mask:rekt 1 2 3 4")
