"""The plan: what it says is what runs; warnings where something will not do what was meant."""

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from pentimento.errors import RequestError
from pentimento.pipeline import Run, paint
from pentimento.plan import resolve
from pentimento.request import Request

from .hostile import HOSTILE, HostileModel
from .test_untouched import inpaint_requests


def mask_of(box: tuple[int, int, int, int], size: tuple[int, int] = (128, 128)) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


IMAGE = Image.effect_noise((128, 128), 60).convert("RGB")
HOLED = IMAGE.convert("RGBA")
HOLED.paste((0, 0, 0, 0), (40, 40, 50, 50))
HEALTHY = {"init_image": IMAGE, "mask": mask_of((30, 30, 90, 90)), "prompt": "a cat", "width": 64, "height": 64}


def codes(**fields: object) -> set[str]:
    plan = resolve(Request(**{"init_image": IMAGE, "width": 64, "height": 64, **fields}), HOSTILE)
    return {warning.code for warning in plan.warnings}


def test_a_vae_that_is_not_there_is_refused() -> None:
    with pytest.raises(RequestError, match=r"^vae: 'gone.safetensors' is not there; give a"):
        resolve(Request(vae="gone.safetensors"), HOSTILE)


def test_a_healthy_request_warns_of_nothing() -> None:
    assert codes(**HEALTHY) == set()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"mask": mask_of((0, 0, 0, 0))}, "mask_empty"),
        ({"mask": mask_of((60, 60, 63, 63)), "mask_blur": 12}, "mask_swallowed"),
        ({"mask": mask_of((10, 60, 100, 65)), "profile": "a1111", "mask_blur": 0}, "mask_thin"),
        ({"mask": mask_of((0, 0, 128, 128))}, "mask_full"),
        ({"mask": mask_of((60, 30, 70, 90)), "feather": "inward", "mask_blur": 8}, "feather_inward_thin"),
        ({"denoising_strength": 0, "width": None, "height": None}, "strength_zero"),
        ({"denoising_strength": 0.03, "profile": "a1111"}, "one_step"),
        ({"width": 256, "height": 256}, "size_above_model"),
        ({"width": 16, "height": 16}, "size_below_model"),
        ({"width": 64, "height": 128}, "aspect_changed"),
        (
            {
                "mask": mask_of((60, 60, 66, 66)),
                "inpaint_area": "only_masked",
                "only_masked_padding": 0,
                "mask_blur": 0,
            },
            "crop_upscaled",
        ),
        ({"init_image": HOLED, "mask": mask_of((30, 30, 90, 90))}, "mask_over_transparent"),
        ({"extend": (5, 0, 0, 0), "width": None, "height": None, "profile": "a1111"}, "extend_scaled"),
        ({"prompt": "[cat:dog:9]", "steps": 4}, "prompt_switch_never"),
        (
            {"mask": mask_of((30, 30, 90, 90)), "masked_content": "latent_noise", "denoising_strength": 0.5},
            "latent_content_strength",
        ),
    ],
)
def test_each_cause_has_its_warning(fields: dict[str, object], code: str) -> None:
    assert code in codes(**{"prompt": "a cat", **fields})


@pytest.mark.parametrize("side", [16, 64, 256])
def test_enlarging_alone_is_neither_unchanged_nor_painted_at_a_size(side: int) -> None:
    assert codes(denoising_strength=0, width=side, height=side) == set()
    stretched = codes(denoising_strength=0, width=side, height=2 * side)
    assert stretched == {"aspect_changed"}


def test_a_hole_is_told_only_where_it_is_masked_and_kept() -> None:
    fields = {"init_image": HOLED, "prompt": "a cat", "width": 64, "height": 64}
    plan = resolve(Request(**fields, mask=mask_of((30, 30, 90, 90))), HOSTILE)
    (warning,) = plan.warnings
    assert warning.message.startswith("100 of the masked pixels are transparent")
    assert codes(**fields, mask=mask_of((60, 60, 100, 100))) == set()
    assert "mask_over_transparent" not in codes(**fields, mask=mask_of((30, 30, 90, 90)), profile="a1111")


def test_a_fix_makes_its_warning_go() -> None:
    fields = {"mask": mask_of((60, 60, 66, 66)), "mask_blur": 12}
    plan = resolve(Request(init_image=IMAGE, **fields), HOSTILE)
    warning = next(warning for warning in plan.warnings if warning.code == "mask_swallowed")
    assert "mask_swallowed" not in codes(**{**fields, **warning.fix})


def test_sizes_of_mask_and_picture_are_named() -> None:
    with pytest.raises(RequestError, match="64x64 where the picture is 128x128"):
        resolve(Request(init_image=IMAGE, mask=Image.new("L", (64, 64))), HOSTILE)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(request=inpaint_requests())
def test_what_runs_is_what_was_planned(request: Request) -> None:
    plan = resolve(request, HOSTILE)
    told = plan.as_dict()
    steps: list[float] = []
    picture = next(paint(plan, HostileModel, Run(on_event=lambda e: e.kind == "step" and steps.append(e.sigma))))
    assert list(picture.image.size) == told["output_size"]
    assert len(steps) == told["steps"]
    assert all(round(sigma, 6) in told["sigmas"] for sigma in steps)
    if picture.frame.shown is not None and request.resize_mode != "latent_upscale":
        assert list(picture.frame.shown.size) == told["working_size"]


def test_seeds_are_fixed_once() -> None:
    plan = resolve(Request(batch_size=3), HOSTILE)
    first = plan.pictures[0].seed
    assert first >= 0 and [picture.seed for picture in plan.pictures] == [first, first + 1, first + 2]
    varied = resolve(Request(seed=5, variation_seed=9, variation_strength=0.3, batch_size=2), HOSTILE)
    assert [(p.seed, p.variation_seed) for p in varied.pictures] == [(5, 9), (5, 10)]


def test_work_on_a_4k_picture_stays_at_the_models_size() -> None:
    image, mask = Image.new("RGB", (4096, 4096)), mask_of((1000, 1000, 2500, 2500), (4096, 4096))
    plan = resolve(Request(init_image=image, mask=mask, inpaint_area="only_masked"), HOSTILE)
    assert plan.layout.box is not None and plan.layout.working.area <= 2 * HOSTILE.native_size**2
