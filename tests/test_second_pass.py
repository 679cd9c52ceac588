"""The second pass of txt2img and the refiner: sizes, turns, progress, and the way back from a file."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file

import pentimento as pm
from pentimento import infotext
from pentimento.choices import HIRES_UPSCALER
from pentimento.encoding import Cache, encode_frame
from pentimento.enlarging import LATENT_UPSCALERS, enlarge_latents, enlarge_picture
from pentimento.framing import FRAMERS
from pentimento.geometry import Size
from pentimento.models.text import TextOptions
from pentimento.pictures.upscale import PIXEL_UPSCALERS
from pentimento.pipeline import Event, Run, paint
from pentimento.plan import resolve
from pentimento.recipe import open_recipe, to_request
from pentimento.second_pass import second_sizes

from .hostile import HOSTILE, HostileModel

TINY = Path(__file__).parent / "golden" / "model" / "tiny_sd15"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, and another whose network differs."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(TINY, folder / "one")
    shutil.copytree(TINY, folder / "other")
    file = folder / "other" / "unet" / "diffusion_pytorch_model.safetensors"
    weights = {name: weight * 1.05 for name, weight in load_file(file).items()}
    save_file(weights, file, metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def studio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> pm.Studio:
    return pm.Studio([models], "one", "cpu", "float32", data=tmp_path_factory.mktemp("data"))


def request(**fields: object) -> pm.Request:
    return pm.Request(**{"prompt": "a red circle", "width": 64, "height": 64, "steps": 4, "seed": 3, **fields})


def pixels(result: pm.Result, index: int = 0) -> bytes:
    return result.images[index].tobytes()


sides = st.integers(8, 900)


@given(sides, sides, st.one_of(st.none(), sides), st.one_of(st.none(), sides), st.floats(1, 4))
def test_the_first_picture_covers_the_second_and_keeps_its_shape(
    width: int, height: int, wide: int | None, high: int | None, scale: float
) -> None:
    first = Size(width, height)
    asked = pm.Request(hires_width=wide, hires_height=high, hires_scale=scale)
    covering, size = second_sizes(asked, first)
    assert covering.width >= size.width and covering.height >= size.height
    assert wide is None or size.width == wide
    assert high is None or size.height == high
    ratios = covering.width / first.width, covering.height / first.height
    assert abs(ratios[0] - ratios[1]) <= 1 / min(first)  # one pixel of the shorter side


def test_every_upscaler_has_one_row() -> None:
    assert not LATENT_UPSCALERS.keys() & PIXEL_UPSCALERS.keys()
    assert {*LATENT_UPSCALERS, *PIXEL_UPSCALERS} == set(HIRES_UPSCALER.names)


@pytest.mark.parametrize("upscaler", sorted(PIXEL_UPSCALERS))
def test_pixel_upscalers_keep_a_plain_colour_and_nearest_keeps_pixels(upscaler: str) -> None:
    assert PIXEL_UPSCALERS[upscaler](Image.new("RGB", (7, 5), "#336699"), Size(20, 9)).getcolors() == [
        (180, (0x33, 0x66, 0x99))
    ]
    noise = Image.effect_noise((8, 6), 90).convert("RGB")
    enlarged = PIXEL_UPSCALERS["nearest"](noise, Size(24, 18))
    assert enlarged.crop((3, 3, 6, 6)).getcolors() == [(9, noise.getpixel((1, 1)))]


@pytest.mark.parametrize("upscaler", HIRES_UPSCALER.names)
def test_the_result_has_the_second_size_whatever_the_upscaler(studio: pm.Studio, upscaler: str) -> None:
    result = studio.run(request(hires_width=90, hires_height=130, hires_upscaler=upscaler, hires_steps=1))
    assert result.images[0].size == (90, 130) and result.plan.output_size == (90, 130)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_progress_counts_the_steps_of_both_passes(strength: float) -> None:
    asked = request(hires_scale=2, hires_steps=3, denoising_strength=strength, batch_size=2)
    plan = resolve(asked, HOSTILE)
    events: list[Event] = []
    pictures = list(paint(plan, HostileModel, Run(on_event=events.append)))
    assert [picture.image.size for picture in pictures] == [(128, 128)] * 2
    ran = 4 + (3 if strength else 0)
    for index in (0, 1):
        steps = [event.step for event in events if event.kind == "step" and event.picture == index]
        assert steps == list(range(1, ran + 1))
    assert {event.steps for event in events} == {ran} == {plan.as_dict()["steps"]}
    assert [each["steps"] for each in plan.as_dict()["passes"]] == [4, ran - 4]


def test_the_second_pass_has_its_own_prompts_sampler_and_scale(studio: pm.Studio) -> None:
    plain = studio.run(request(hires_scale=1.5))
    for fields in (
        {"hires_prompt": "a green square"},
        {"hires_negative_prompt": "blue"},
        {"hires_sampler": "euler_a"},
        {"hires_schedule": "exponential"},
        {"hires_cfg_scale": 2.0},
        {"hires_steps": 2},
        {"hires_model": "other"},
        {"denoising_strength": 0.5},
    ):
        assert pixels(studio.run(request(hires_scale=1.5, **fields))) != pixels(plain), fields
    same = {"hires_prompt": "a red circle", "hires_sampler": "DPM++ 2M", "hires_steps": 4, "hires_cfg_scale": 7}
    assert pixels(studio.run(request(hires_scale=1.5, hires_model="one", **same))) == pixels(plain)


def test_switches_in_the_prompt_go_on_in_the_second_pass() -> None:
    plan = resolve(request(prompt="a [red:green:1.5] [cat:dog:2] circle", hires_scale=2, hires_steps=6), HOSTILE)
    assert [segment.text for segment in plan.prompt.parts[0].segments] == ["a red cat circle", "a red dog circle"]
    assert plan.then is not None
    assert [segment.text for segment in plan.then.prompt.parts[0].segments] == [
        "a red dog circle",
        "a green dog circle",
    ]


def test_a_picture_is_the_same_alone_in_a_batch_and_from_its_file(studio: pm.Studio, tmp_path: Path) -> None:
    fields = {"hires_scale": 1.5, "refiner": "other", "refiner_pass": "both", "refiner_switch_at": 0.5}
    batch = studio.run(request(batch_size=2, hires_upscaler="lanczos", hires_model="other", **fields))
    alone = studio.run(request(seed=4, hires_upscaler="lanczos", hires_model="other", **fields))
    assert pixels(batch, 1) == pixels(alone)
    (file,) = alone.save(tmp_path / "out.png")
    recipe = open_recipe(file)
    assert recipe.others == {"other": studio.find("other").full_hash}
    assert pixels(studio.run(to_request(recipe, studio.inputs))) == pixels(alone)


def test_a_refiner_that_is_the_model_changes_nothing(studio: pm.Studio) -> None:
    assert pixels(studio.run(request(refiner="one", refiner_switch_at=0.5))) == pixels(studio.run(request()))


def test_a_refiner_has_all_the_steps_or_none_at_the_ends(studio: pm.Studio) -> None:
    one, other = studio.run(request()), studio.run(request(model="other"))
    assert pixels(studio.run(request(refiner="other", refiner_switch_at=0))) == pixels(other)
    assert pixels(studio.run(request(refiner="other", refiner_switch_at=1))) == pixels(one)
    between = {pixels(studio.run(request(refiner="other", refiner_switch_at=share))) for share in (0.3, 0.9)}
    assert len(between | {pixels(one), pixels(other)}) == 4
    by_steps = studio.run(request(refiner="other", refiner_switch_at=0.5, refiner_by_steps=True, steps=2))
    assert pixels(by_steps) != pixels(studio.run(request(steps=2)))


def test_a_refiner_repaints_a_mask(studio: pm.Studio) -> None:
    image, mask = Image.effect_noise((64, 64), 60).convert("RGB"), Image.new("L", (64, 64))
    mask.paste(255, (16, 16, 48, 48))
    fields = {"init_image": image, "mask": mask, "mask_blur": 2}
    results = [studio.run(request(**fields, refiner=refiner, refiner_switch_at=0.6)) for refiner in (None, "other")]
    assert pixels(results[0]) != pixels(results[1])
    for result in results:
        assert result.images[0].crop((0, 0, 64, 8)).tobytes() == image.crop((0, 0, 64, 8)).tobytes()


def test_both_models_stay_in_memory_while_they_take_turns(studio: pm.Studio) -> None:
    plan = studio.plan(request(refiner="other", batch_size=3))
    assert [info.name for info in plan.models] == ["one", "other"]
    first = [studio.load(plan, info) for info in plan.models]
    studio.run(plan)
    assert [studio.load(plan, info) for info in plan.models] == first


def test_metadata_tells_all_of_it_and_is_read_back(studio: pm.Studio) -> None:
    asked = request(
        hires_width=96,
        hires_height=128,
        hires_upscaler="latent_nearest_exact",
        hires_steps=2,
        hires_sampler="heun",
        hires_schedule="karras",
        hires_cfg_scale=3.5,
        hires_model="other",
        hires_prompt="a circle, red",
        hires_negative_prompt="a square",
        denoising_strength=0.6,
        refiner="other",
        refiner_switch_at=0.7,
        refiner_by_steps=True,
        refiner_pass="both",
    )
    (text,) = studio.run(asked).infotexts
    for pair in ("Size: 64x64", "Denoising strength: 0.6", "Hires resize: 96x128", "Hires refiner: both passes"):
        assert pair in text
    fields, rest = infotext.to_request(infotext.parse(text))
    assert not rest
    again = pm.Request(**fields)
    for name in (name for name in pm.Request.model_fields if name.startswith(("hires", "refiner")) or name == "steps"):
        got, want = getattr(again, name), getattr(asked, name)
        assert got == want or studio.find(got) == studio.find(want), name


def test_text_of_a1111_is_understood() -> None:
    text = (
        "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, Denoising strength: 0.45, "
        "Hires upscale: 1.5, Hires steps: 12, Hires upscaler: Latent (bicubic antialiased), "
        "Refiner: dreams [0123456789], Refiner switch at: 0.8, Version: v1.10.1"
    )
    fields, rest = infotext.to_request(infotext.parse(text))
    assert not rest
    assert fields["hires_scale"] == 1.5 and fields["hires_upscaler"] == "latent_bicubic_antialiased"
    assert fields["denoising_strength"] == 0.45 and fields["refiner"] == "dreams [0123456789]"


def test_what_cannot_be_done_is_refused_by_its_field(studio: pm.Studio) -> None:
    with pytest.raises(pm.RequestError, match="^hires_scale: .*width and height"):
        request(hires_scale=2, init_image=Image.new("RGB", (64, 64)))
    with pytest.raises(pm.RequestError, match="^hires_sampler|^sampler: .*did you mean"):
        request(hires_scale=2, hires_sampler="eulr")
    with pytest.raises(pm.ModelNotFoundError, match="dreams"):
        studio.plan(request(refiner="dreams"))
    sdxl = pm.ModelInfo(**{**HOSTILE.__dict__, "name": "xl", "components": {"vae": {"scaling_factor": 0.13025}}})
    with pytest.raises(pm.RequestError, match="^refiner: xl .*same family"):
        resolve(request(refiner="xl"), HOSTILE, find=lambda name: sdxl)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"denoising_strength": 0.0}, "second_pass_only_enlarges"),
        ({"denoising_strength": 0.3}, "latent_upscale_blurs"),
        ({"hires_scale": None, "hires_width": 32}, "second_pass_smaller"),
        ({"hires_prompt": "a (cat", "steps": 4}, "prompt_bracket_not_closed"),
    ],
)
def test_each_cause_has_its_warning(fields: dict[str, object], code: str) -> None:
    plan = resolve(request(**{"hires_scale": 2, "denoising_strength": 0.6, **fields}), HOSTILE)
    assert code in {warning.code for warning in plan.warnings}
    assert not resolve(request(hires_scale=2, denoising_strength=0.6), HOSTILE).warnings


@torch.inference_mode()
def test_nearest_latents_are_repeated_cells() -> None:
    from pentimento.encoding import Made, begin
    from pentimento.framing import Frame

    plan = resolve(request(hires_width=128, hires_height=80, hires_upscaler="latent_nearest"), HOSTILE).passes[1]
    latents = torch.randn(1, 4, 8, 8)
    init = begin(
        plan,
        Frame(plan.layout),
        Made(latents, HostileModel()),
        HostileModel(),
        None,
        lambda how: PIXEL_UPSCALERS[how.upscaler],
    )
    repeated = latents.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(init.latents, repeated[:, :, 3:13])


def rolled(values: torch.Tensor, down: int, across: int) -> torch.Tensor:
    return torch.roll(values, (down, across), (2, 3))


@pytest.mark.parametrize("upscaler", sorted(LATENT_UPSCALERS))
@pytest.mark.parametrize("size", [Size(24, 18), Size(32, 24), Size(20, 15)])
def test_where_a_tile_is_cut_makes_no_difference_to_enlarged_latents(upscaler: str, size: Size) -> None:
    latents = torch.randn(1, 4, 12, 16, generator=torch.Generator().manual_seed(1))
    whole = enlarge_latents(latents, size, upscaler, wraps=True)
    moved = enlarge_latents(rolled(latents, 4, 8), size, upscaler, wraps=True)
    assert whole.shape[-2:] == (size.height, size.width)
    assert torch.allclose(moved, rolled(whole, size.height // 3, size.width // 2), atol=1e-5)
    plain = enlarge_latents(latents, size, upscaler, wraps=False)
    assert torch.allclose(plain[..., 4:-4, 4:-4], whole[..., 4:-4, 4:-4], atol=1e-5)


@pytest.mark.parametrize("upscaler", sorted(PIXEL_UPSCALERS))
def test_where_a_tile_is_cut_makes_no_difference_to_an_enlarged_picture(upscaler: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 64, 3), np.uint8)
    whole, moved = (
        np.asarray(enlarge_picture(Image.fromarray(given), Size(96, 60), PIXEL_UPSCALERS[upscaler], wraps=True), int)
        for given in (pixels, np.roll(pixels, (20, 32), (0, 1)))
    )
    assert np.abs(moved - np.roll(whole, (30, 48), (0, 1))).max() <= 1


def test_the_edges_of_a_tile_are_encoded_as_its_middle(studio: pm.Studio) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8)
    picture = Image.fromarray(pixels).resize((128, 128), Image.Resampling.BICUBIC)
    moved = Image.fromarray(np.roll(np.asarray(picture), (64, 64), (0, 1)))
    found: dict[str, float] = {}
    for edges in ("plain", "wrapped"):
        plans = [studio.plan(pm.Request(init_image=image, tiling=True)) for image in (picture, moved)]
        plans = [replace(plan, profile=replace(plan.profile, tile_edges=edges)) for plan in plans]
        with torch.inference_mode():
            whole, other = (encoded(studio, plan) for plan in plans)
        found[edges] = float((other - rolled(whole, 8, 8)).abs().max() / whole.std())
    assert found["wrapped"] < 0.1 < found["plain"]


def encoded(studio: pm.Studio, plan: pm.Plan) -> torch.Tensor:
    frame = FRAMERS[plan.profile.overlay].frame(plan.request, plan.inputs, plan.layout)
    latents = encode_frame(plan, frame, studio.load(plan), Cache()).latents
    assert latents is not None
    return latents


def test_the_network_does_not_see_where_a_tile_is_cut(studio: pm.Studio) -> None:
    plan = studio.plan(request(tiling=True))
    model = studio.load(plan)
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(3))
    (told,) = model.encode_prompt(["a red circle"], TextOptions())
    whole, moved = (model.predict(given, 500.0, [told], Size(128, 128)) for given in (x, rolled(x, 8, 8)))
    assert torch.allclose(moved, rolled(whole, 8, 8), atol=1e-4)
    assert torch.allclose(model.decode(rolled(x, 8, 8)), rolled(model.decode(x), 64, 64), atol=1e-4)


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"hires_scale": 2}, set[str]()),
        ({"width": 60}, {"tiling_cut"}),
        ({"hires_scale": 1.6}, {"tiling_cut"}),
        ({"hires_width": 128, "hires_height": 64}, {"tiling_cut"}),
    ],
)
def test_a_tile_that_is_cut_is_told(fields: dict[str, object], codes: set[str]) -> None:
    plan = resolve(request(**{"tiling": True, "denoising_strength": 0.6, **fields}), HOSTILE)
    assert {warning.code for warning in plan.warnings} == codes
