"""The law of untouched pixels, against a network that returns noise."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento import choices
from pentimento.errors import RequestError
from pentimento.framing import FRAMERS, unchanged
from pentimento.pipeline import Run, paint
from pentimento.plan import resolve
from pentimento.request import Request

from .hostile import HOSTILE, HostileModel

# `make test-long` runs ten thousand of each.
EXAMPLES = int(os.environ.get("PENTIMENTO_EXAMPLES", "600"))


@st.composite
def inpaint_requests(draw: st.DrawFn, profile: str = "pentimento") -> Request:
    width, height = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mode = draw(st.sampled_from(["RGB", "RGBA", "L"]))
    channels = {"RGB": 3, "RGBA": 4, "L": 1}[mode]
    array = rng.integers(0, 256, (height, width, channels), np.uint8)
    image = Image.fromarray(array[:, :, 0] if mode == "L" else array, mode)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(0, 3))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        w, h = draw(st.integers(1, 120)), draw(st.integers(1, 120))
        mask[y : y + h, x : x + w] = draw(st.sampled_from([255, 255, 255, 128, 1]))
    sized = draw(st.booleans())
    return Request(
        init_image=image,
        mask=Image.fromarray(mask),
        profile=profile,
        steps=draw(st.integers(1, 2)),
        sampler=draw(st.sampled_from(["euler", "dpmpp_2m", "ddim", "euler_a"])),
        denoising_strength=draw(st.sampled_from([0.0, 0.05, 0.5, 1.0])),
        mask_blur=draw(st.sampled_from([0, 1, 4, 7.5, (0, 9), 30])),
        mask_mode=draw(st.sampled_from(["inpaint_masked", "inpaint_not_masked"])),
        masked_content=draw(st.sampled_from(choices.MASKED_CONTENT.names)),
        inpaint_area=draw(st.sampled_from(["whole_picture", "only_masked"])),
        only_masked_padding=draw(st.integers(0, 64)),
        feather=draw(st.sampled_from(["both", "inward"])),
        color_correction=draw(st.booleans()),
        blend=draw(st.sampled_from(choices.BLEND.names)),
        match_grain=draw(st.booleans()),
        mask_action=draw(st.sampled_from(choices.MASK_ACTION.names)),
        soft_preservation_strength=draw(st.sampled_from([0.0, 0.5, 8.0])),
        soft_mask_influence=draw(st.sampled_from([0.0, 0.5, 1.0])),
        soft_difference_threshold=draw(st.sampled_from([0.0, 0.5, 8.0])),
        width=draw(st.integers(8, 200)) if sized else None,
        height=draw(st.integers(8, 200)) if sized else None,
        resize_mode=draw(st.sampled_from(["just_resize", "crop_and_resize", "resize_and_fill", "latent_upscale"])),
        seed=1,
    )


def painted(request: Request):
    plan = resolve(request, HOSTILE)
    picture = next(paint(plan, HostileModel, Run()))
    return plan, picture


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(request=inpaint_requests())
def test_bytes_under_weight_zero_never_change(request: Request) -> None:
    plan, picture = painted(request)
    result = np.asarray(picture.image.convert("RGBA"))
    frame = FRAMERS[plan.profile.overlay].frame(plan.request, plan.inputs, plan.layout)
    before = np.asarray(unchanged(frame).convert("RGBA"))
    assert result.shape == before.shape
    untouched = np.asarray(frame.weight) == 0
    assert np.array_equal(result[untouched], before[untouched])
    if plan.layout.output == plan.inputs.source.image.size:
        blurred = np.asarray(plan.inputs.blurred)
        assert np.array_equal(result[blurred == 0], before[blurred == 0])
        if request.feather == "inward":
            unpainted = np.asarray(plan.inputs.painted) == 0
            assert np.array_equal(result[unpainted], before[unpainted])
    if request.denoising_strength == 0:
        assert np.array_equal(result, before)


@settings(max_examples=max(100, EXAMPLES // 6), deadline=None, suppress_health_check=list(HealthCheck))
@given(request=inpaint_requests(profile="a1111"))
def test_profile_a1111_runs_or_refuses_in_words(request: Request) -> None:
    try:
        _, picture = painted(request)
    except RequestError as error:
        assert error.field in Request.model_fields
    else:
        assert picture.image.width >= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA", "I;16"])
def test_strength_zero_gives_the_very_picture_back(mode: str) -> None:
    image = (
        Image.effect_noise((37, 23), 90).convert("RGB").convert(mode)
        if mode != "I;16"
        else Image.new(mode, (37, 23), 40000)
    )
    plan, picture = painted(Request(init_image=image, denoising_strength=0, seed=1))
    assert plan.unchanged and picture.image.size == image.size
