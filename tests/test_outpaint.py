"""Outpainting: sizes, the law of untouched pixels, alpha; what was planned is what runs."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento import Studio, choices, infotext
from pentimento.errors import ImageError, RequestError
from pentimento.geometry import Box, Sides, Size
from pentimento.plan import resolve
from pentimento.recipe import open_recipe, to_request
from pentimento.request import Request
from pentimento.verify import verify

from .hostile import HOSTILE, HostileStudio
from .test_untouched import painted

EXAMPLES = int(os.environ.get("PENTIMENTO_EXAMPLES", "600"))
IMAGE = Image.effect_noise((100, 60), 90).convert("RGB")


side = st.integers(0, 90) | st.integers(0, 150).map(lambda percent: f"{percent}%")


@st.composite
def extensions(draw: st.DrawFn) -> Request:
    width, height = draw(st.integers(1, 200)), draw(st.integers(1, 200))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mode = draw(st.sampled_from(["RGB", "RGBA"]))
    image = Image.fromarray(rng.integers(0, 256, (height, width, len(mode)), np.uint8))
    mask = Image.new("L", image.size)
    mask.paste(255, (width // 3, height // 3, width // 2, height // 2))
    return Request(
        init_image=image,
        mask=draw(st.sampled_from([None, mask])),
        extend=draw(st.tuples(side, side, side, side).filter(lambda sides: any(sides) and set(sides) != {"0%"})),
        extend_overlap=draw(st.sampled_from([0, 1, 16, 32, 300])),
        steps=1,
        denoising_strength=draw(st.sampled_from([0.3, 1.0])),
        mask_blur=draw(st.sampled_from([0, 4, (0, 9), 30])),
        mask_mode=draw(st.sampled_from(["inpaint_masked", "inpaint_not_masked"])),
        masked_content=draw(st.sampled_from(choices.MASKED_CONTENT.names)),
        inpaint_area=draw(st.sampled_from(["whole_picture", "only_masked"])),
        only_masked_padding=draw(st.integers(0, 64)),
        feather=draw(st.sampled_from(["both", "inward"])),
        mask_action=draw(st.sampled_from(choices.MASK_ACTION.names)),
        seed=1,
    )


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(request=extensions())
def test_the_picture_stays_outside_the_blend_and_the_margin_is_all_new(request: Request) -> None:
    plan, picture = painted(request)
    source = request.init_image
    assert isinstance(source, Image.Image)
    sides = request.extension(Size(*source.size))
    place = sides.place(Size(*source.size))
    assume(sides.around(Size(*source.size)) != Size(*source.size))  # a few percent of few pixels are none
    assert picture.image.size == sides.around(Size(*source.size)) == tuple(plan.as_dict()["output_size"])
    assert plan.inputs.place == place

    result, before = np.asarray(picture.image.crop(place).convert("RGBA")), np.asarray(source.convert("RGBA"))
    kept = np.asarray(plan.inputs.blurred.crop(place)) == 0
    assert np.array_equal(result[kept], before[kept])
    assert np.array_equal(result[..., 3], before[..., 3])

    margin = np.ones((picture.image.height, picture.image.width), bool)
    margin[place.top : place.bottom, place.left : place.right] = False
    assert (picture.frame.weight[margin] == 1).all()
    assert (np.asarray(picture.image.convert("RGBA"))[margin][:, 3] == 255).all()


@pytest.mark.parametrize("profile", ["a1111", "pentimento"])
@settings(max_examples=EXAMPLES // 20, deadline=None, suppress_health_check=list(HealthCheck))
@given(request=extensions())
def test_at_odd_sizes_every_profile_keeps_the_picture_where_only_the_masked_part_is_worked_on(
    profile: str, request: Request
) -> None:
    request = request.changed(profile=profile, inpaint_area="only_masked", mask_action="blend", width=64, height=64)
    source = request.init_image
    assert isinstance(source, Image.Image)
    plan, picture = painted(request)
    sides = request.extension(Size(*source.size))
    place = sides.place(Size(*source.size))
    assume(sides.around(Size(*source.size)) != Size(*source.size))  # a few percent of few pixels are none
    assert picture.image.size == sides.around(Size(*source.size))
    kept = np.asarray(plan.inputs.blurred.crop(place)) == 0
    # Transparency is kept, or laid over the background colour before the work: then that is what stays.
    before = source if picture.image.mode == source.mode else plan.inputs.source.image.crop(place)
    assert picture.image.mode == before.mode
    assert np.array_equal(np.asarray(picture.image.crop(place))[kept], np.asarray(before)[kept])


def test_a_profile_that_cuts_sizes_scales_an_extended_picture_and_says_so() -> None:
    image = Image.effect_noise((101, 67), 90).convert("RGB")
    request = Request(init_image=image, extend=(13, 0, 5, 9), profile="a1111", steps=1, seed=1, mask_blur=0)
    plan, picture = painted(request)
    assert (plan.inputs.source.size, picture.image.size) == ((119, 76), (112, 72))
    (warning,) = [warning for warning in plan.warnings if warning.code == "extend_scaled"]
    assert "119x76, is scaled to 112x72" in warning.message
    mended = request.changed(**warning.fix, width=64, height=64)
    plan, picture = painted(mended)
    assert picture.image.size == (119, 76)
    assert "extend_scaled" not in [warning.code for warning in plan.warnings]
    fitting = painted(request.changed(extend=(13, 0, 6, 5), inpaint_area="whole_picture"))
    assert fitting[1].image.size == (120, 72)
    before = np.asarray(image)
    after = np.asarray(fitting[1].image.convert("RGB").crop(fitting[0].inputs.place))
    kept = np.asarray(fitting[0].inputs.blurred.crop(fitting[0].inputs.place)) == 0
    assert kept.any()
    assert np.array_equal(after[kept], before[kept])


def test_the_blend_reaches_as_far_as_overlap_and_blur_say() -> None:
    request = Request(init_image=IMAGE, extend=(16, 0, 0, 0), extend_overlap=8, mask_blur=2, steps=1, seed=1)
    plan, picture = painted(request)
    columns = np.flatnonzero((picture.frame.weight == 0).all(axis=0))
    reach = np.flatnonzero(np.asarray(plan.inputs.blurred)[0])[-1] + 1
    assert 16 + 8 < reach <= 16 + 8 + 3 * 2 + 1
    assert columns.tolist() == list(range(reach, 116))
    locked = painted(request.changed(feather="inward"))[1]
    assert (locked.frame.weight[:, 16 + 8 :] == 0).all()
    assert (locked.frame.weight[:, :16] == 1).all()


@pytest.mark.parametrize(
    ("asked", "sides"),
    [
        (32, (32, 32, 32, 32)),
        ("25%", (25, 15, 25, 15)),
        ("8, 0, 12.5%, 0", (8, 0, 12, 0)),
        (["8px", 0, "0%", "100 %"], (8, 0, 0, 60)),
    ],
)
def test_sides_in_px_and_percent(asked: object, sides: tuple[int, ...]) -> None:
    request = Request(init_image=IMAGE, extend=asked)
    assert request.extension(Size(100, 60)) == Sides(*sides)
    assert Request.from_json(request.to_json()).extend == request.extend
    assert request.mode == "inpaint"


@pytest.mark.parametrize("asked", [-1, "-5%", "wide", "2000%", 20000, True, (1, 2), "1,2,3", 0.5, None])
def test_what_is_no_side_is_refused(asked: object) -> None:
    with pytest.raises(RequestError) as caught:
        Request(init_image=IMAGE, extend=asked)
    assert caught.value.field == "extend"


@pytest.mark.parametrize(
    ("fields", "error", "field", "words"),
    [
        ({"extend": 8}, RequestError, "extend", "init_image"),
        ({"init_image": IMAGE, "extend": (64, 0, 0, 0), "width": 100, "height": 60}, RequestError, "width", "164x60"),
        ({"init_image": IMAGE, "extend": (16384, 16384, 0, 0)}, RequestError, "extend", "16484x16444"),
        ({"init_image": IMAGE, "extend": 8, "mask": Image.new("L", (116, 76))}, ImageError, "mask", "100x60"),
        ({"init_image": IMAGE, "extend": 8, "denoising_strength": 0}, RequestError, "denoising_strength", "margin"),
    ],
)
def test_it_is_refused_where_it_cannot_apply(
    fields: dict[str, object], error: type[RequestError], field: str, words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        resolve(Request(**fields), HOSTILE)
    assert caught.value.field == field


def test_a_size_of_the_extended_shape_scales_and_only_masked_takes_any() -> None:
    request = Request(init_image=IMAGE, extend=(60, 0, 0, 20))
    assert resolve(request.changed(width=320), HOSTILE).output_size == (320, 160)
    assert resolve(request.changed(width=80, height=40), HOSTILE).output_size == (80, 40)
    cut = resolve(request.changed(width=64, height=64, inpaint_area="only_masked"), HOSTILE)
    assert (cut.output_size, cut.layout.working) == ((160, 80), (64, 64))


def test_the_plan_shows_where_the_picture_lies() -> None:
    plan = resolve(Request(init_image=IMAGE, extend=(28, 4, 0, 0), inpaint_area="only_masked"), HOSTILE)
    assert plan.as_dict()["place"] == [28, 4, 128, 64]
    assert ("Picture", "100x60 at 28, 4, extended around it") in plan.describe()
    assert plan.layout.box == Box(0, 0, 128, 64)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"masked_content": "original"}, "extend_original"),
        ({"feather": "inward", "extend_overlap": 4, "mask_blur": 8}, "extend_overlap_thin"),
    ],
)
def test_each_cause_has_its_warning_and_the_fix_makes_it_go(fields: dict[str, object], code: str) -> None:
    request = Request(**{"init_image": IMAGE, "extend": 16, "masked_content": "fill", **fields})
    warning = next(warning for warning in resolve(request, HOSTILE).warnings if warning.code == code)
    assert code not in [again.code for again in resolve(request.changed(**warning.fix), HOSTILE).warnings]


def test_a_mask_while_sampling_grows_with_the_picture() -> None:
    nothing = Image.new("L", IMAGE.size)
    request = Request(init_image=IMAGE, mask=nothing, latent_mask=nothing, extend=(16, 0, 0, 0), extend_overlap=8)
    cells = resolve(request, HOSTILE).latent_mask
    assert cells is not None
    assert (cells[:, :3] == 1).all() and (cells[:, 3:] == 0).all()


def test_a1111s_profile_keeps_what_lies_outside_the_blend_too() -> None:
    request = Request(init_image=IMAGE.resize((96, 64)), extend=(32, 0, 0, 16), profile="a1111", steps=1, seed=1)
    plan, picture = painted(request)
    place = plan.inputs.place
    assert place == Box(32, 0, 128, 64) and picture.image.size == (128, 80)
    kept = picture.frame.weight[place.top : place.bottom, place.left : place.right] == 0
    result = np.asarray(picture.image.convert("RGB").crop(place))
    assert kept.any() and np.array_equal(result[kept], np.asarray(request.init_image)[kept])


def test_infotext_carries_it() -> None:
    request = Request(init_image=IMAGE, extend=(8, 0, "12.5%", 0), extend_overlap=20, mask_blur=7)
    facts = infotext.InfotextFacts(seed=1, size=Size(8, 8), version="Pentimento 0")
    fields, not_understood = infotext.to_request(
        infotext.parse(infotext.write("", "", infotext.describe(request, facts)))
    )
    assert not not_understood
    again = Request(**fields)
    assert (again.extend, again.extend_overlap, again.mask_blur) == (request.extend, 20, (7, 7))


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return HostileStudio(tmp_path)


def test_the_result_is_verified_from_its_file(studio: Studio, tmp_path: Path) -> None:
    result = studio.run(Request(init_image=IMAGE, extend=("10%", 0, 0, 8), extend_overlap=8, steps=1, seed=3))
    (file,) = result.save(tmp_path / "wide.png")
    found = verify(file, studio.inputs)
    assert found.holds and found.size == (110, 68) and found.kept > 0
    again = to_request(open_recipe(file), studio.inputs)
    assert (again.extend, again.extend_overlap) == (("10%", 0, 0, 8), 8)
    assert studio.plan(again).layout == result.plan.layout
