"""Scripts with a real model at tiny size: the same bytes as single runs, plans, events, cancelling."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pentimento as pm
from pentimento.pictures import masks
from pentimento.pipeline import Event
from pentimento.recipe import open_recipe, to_request
from pentimento.scripts import SCRIPTS, ScriptPlan, ScriptResult, find_script, plan_script, run_script
from pentimento.scripts.loopback import CURVES, strengths
from pentimento.verify import verify

INPUTS = Path(__file__).parents[1] / "golden" / "inputs"
SOURCE, MASK = str(INPUTS / "astro_128.png"), str(INPUTS / "m_ellipse_128.png")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> pm.Studio:
    data = tmp_path_factory.mktemp("data")
    models = INPUTS.parent / "model"
    return pm.Studio(models=[models], model="tiny_sd15", dtype="float32", device="cpu", data=data)


def asked(**fields: Any) -> pm.Request:
    return pm.Request(
        **{"prompt": "a red circle", "init_image": SOURCE, "steps": 2, "seed": 11, "variation_seed": 5, **fields}
    )


def planned(studio: pm.Studio, name: str, request: pm.Request, **options: Any) -> ScriptPlan:
    script = find_script(name)
    return plan_script(studio, script, request, script.options(**options))


def made(studio: pm.Studio, name: str, request: pm.Request, **options: Any) -> ScriptResult:
    return run_script(studio, planned(studio, name, request, **options))


def pixels(image: Image.Image) -> bytes:
    return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("name", ["loopback", "sd_upscale", "outpainting_mk2", "poor_mans_outpainting"])
def test_scripts_that_paint_a_picture_again_refuse_a_new_margin(studio: pm.Studio, name: str) -> None:
    with pytest.raises(pm.RequestError, match="^extend: .*extend it first"):
        planned(studio, name, asked(extend=16))


def test_a_sheet_is_its_single_runs(studio: pm.Studio, tmp_path: Path) -> None:
    request = asked(mask=MASK, batch_size=2)
    result = made(studio, "sheet", request, x="mask_blur=2,8", y="denoising_strength=0.5-1[2]", legend=False)
    alone = [
        studio.run(request.changed(mask_blur=blur, denoising_strength=strength))
        for strength in (0.5, 1.0)
        for blur in (2, 8)
    ]
    single = [image for one in alone for image in one.images]
    assert [pixels(image) for image in result.images] == [pixels(image) for image in single]
    assert [picture.recipe for picture in result.pictures] == [recipe for one in alone for recipe in one.recipes]
    assert [picture.infotext for picture in result.pictures] == [text for one in alone for text in one.infotexts]
    assert result.page is not None
    corners = [result.page.crop((x, y, x + 128, y + 128)) for y in (0, 128) for x in (0, 128)]
    assert [pixels(corner) for corner in corners] == [pixels(one.images[0]) for one in alone]
    files = result.save(tmp_path / "sheet.png")
    table = json.loads((tmp_path / "sheet.json").read_text())
    assert files == [tmp_path / "sheet.png", *(Path(row["file"]) for row in table)]
    assert table[0]["label"] == "mask_blur 2, denoising_strength 0.5"
    again = to_request(open_recipe(table[5]["file"]), studio.inputs)
    assert pixels(studio.run(again).images[0]) == pixels(single[5])


def test_a_random_seed_is_the_same_in_every_cell_unless_asked(studio: pm.Studio) -> None:
    plan = planned(studio, "sheet", asked(seed=-1), x="steps=1,2", y="cfg_scale=3,5")
    assert len({run.pictures[0].seed for run in plan.runs}) == 1
    plan = planned(studio, "sheet", asked(), x="steps=1,2", y="cfg_scale=3,5", next_seeds="xy")
    assert [run.pictures[0].seed for run in plan.runs] == [11, 12, 13, 14]


def test_models_change_as_rarely_as_can_be(studio: pm.Studio) -> None:
    plan = planned(studio, "sheet", asked(), x="model=builtin,tiny_sd15", y="steps=1,2")
    assert [run.model.name for run in plan.runs] == ["builtin"] * 2 + ["tiny_sd15"] * 2


def test_loopback_paints_its_own_result(studio: pm.Studio) -> None:
    request = asked(mask=MASK, denoising_strength=0.5, masked_content="fill")
    result = made(studio, "loopback", request, loops=2, final_denoising_strength=1)
    first = studio.run(request)
    second = studio.run(
        request.changed(init_image=first.images[0], seed=12, denoising_strength=1, masked_content="original")
    )
    assert [pixels(image) for image in result.images] == [pixels(first.images[0]), pixels(second.images[0])]
    assert "Final denoising strength: 1" in result.pictures[1].infotext


def test_loopback_of_several_series_gives_the_last_of_each(studio: pm.Studio) -> None:
    result = made(studio, "loopback", asked(batch_count=2, steps=1), loops=2)
    assert [picture.seeds.seed for picture in result.pictures] == [12, 14]


@pytest.mark.parametrize("curve", CURVES)
def test_curves_go_from_the_first_strength_to_the_last(curve: str) -> None:
    found = strengths(0.2, 0.7, 5, curve)
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0.2, pytest.approx(0.7))
    assert strengths(0.2, 0.7, 1, curve) == [0.2]


@pytest.mark.parametrize("feather", ["both", "inward"])
def test_tiles_that_the_mask_does_not_touch_are_not_run(studio: pm.Studio, feather: str) -> None:
    source, mask = str(INPUTS / "proc_256.png"), str(INPUTS / "m_corner_tr_256.png")
    request = asked(init_image=source, mask=mask, width=128, height=128, steps=1, feather=feather)
    result = made(studio, "sd_upscale", request, upscaler="none", overlap=32)
    assert 0 < len(result.runs) < 9
    with Image.open(source) as opened, Image.open(mask) as painted:
        before, blurred = np.asarray(opened.convert("RGB")), np.asarray(masks.blur(painted.convert("L"), 4, 4))
    changed = (np.asarray(result.images[0]) != before).any(axis=2)
    assert changed.any()
    assert not changed[blurred == 0].any()


def test_a_mask_is_seen_as_a_whole(studio: pm.Studio) -> None:
    request = asked(mask=MASK, width=64, height=64, steps=1)
    plan = planned(studio, "sd_upscale", request, upscaler="none", overlap=16)
    as_a1111 = request.changed(profile="a1111")
    each = planned(studio, "sd_upscale", as_a1111, upscaler="none", overlap=16, mask_each_tile=True)
    parts = [np.asarray(run.inputs.painted) for run in plan.runs]
    assert len({part.tobytes() for part in parts}) == len(parts)
    assert len({np.asarray(run.inputs.painted).tobytes() for run in each.runs}) == 1


def test_sd_upscale_enlarges_in_tiles_with_their_own_seeds(studio: pm.Studio) -> None:
    result = made(studio, "sd_upscale", asked(width=128, height=128, steps=1), scale=1.5, overlap=32)
    assert result.images[0].size == (192, 192)
    assert [run.seeds[0] for run in result.runs] == [11, 12, 13, 14]


@pytest.mark.parametrize("name", ["outpainting_mk2", "poor_mans_outpainting"])
def test_outpainting_keeps_the_old_picture_beside_the_line(studio: pm.Studio, name: str) -> None:
    request = asked(width=128, height=128, masked_content="fill", denoising_strength=0.8)
    result = made(studio, name, request, pixels=64, blur=4, directions=["left"])
    assert result.images[0].size == (192, 128)
    with Image.open(SOURCE) as source:
        before = np.asarray(source.convert("RGB"))
    after = np.asarray(result.images[0])[:, 64:]
    assert np.array_equal(after[:, 64:], before[:, 64:])
    assert not np.array_equal(np.asarray(result.images[0])[:, :64].std(axis=(0, 1)), np.zeros(3))


_OUTSIDE = {"pixels": 64, "blur": 2, "directions": ["left", "down"]}


@pytest.mark.parametrize("profile", ["pentimento", "a1111"])
@pytest.mark.parametrize(
    ("name", "fields", "options", "least"),
    [
        ("sd_upscale", {"mask": MASK, "width": 128, "height": 128}, {"scale": 1.5, "overlap": 32}, 0.3),
        ("sd_upscale", {"mask": MASK, "width": 64, "height": 64}, {"upscaler": "none", "overlap": 16}, 0.3),
        ("sd_upscale", {"mask": MASK, "mask_blur": 0, "feather": "inward"}, {"upscaler": "nearest"}, 0.3),
        ("sd_upscale", {"mask": MASK, "mask_mode": "inpaint_not_masked", "width": 128}, {"scale": 1}, 0.01),
        ("sd_upscale", {}, {"scale": 1}, 0),
        ("sd_upscale", {"mask": MASK}, {"scale": 1, "mask_each_tile": True}, 0),
        ("outpainting_mk2", {"width": 128, "height": 128}, _OUTSIDE, 0.2),
        ("outpainting_mk2", {"width": 192, "height": 192}, {**_OUTSIDE, "directions": ["right", "up"]}, 0.2),
        ("poor_mans_outpainting", {"width": 128, "height": 128, "denoising_strength": 0.8}, _OUTSIDE, 0.2),
        ("poor_mans_outpainting", {"width": 128, "height": 128}, {**_OUTSIDE, "directions": ["right", "up"]}, 0.2),
    ],
)
def test_what_stays_is_verified(
    studio: pm.Studio,
    tmp_path: Path,
    profile: str,
    name: str,
    fields: dict[str, Any],
    options: dict[str, Any],
    least: float,
) -> None:
    result = made(studio, name, asked(**{"steps": 1, "profile": profile, **fields}), **options)
    (file,) = result.save(tmp_path / "made.png")
    found = verify(file, studio.inputs)
    assert found.holds, found.describe()
    assert least * found.size.area <= found.kept < found.size.area
    assert bool(found.kept) == bool(least)


def test_matrix_and_prompts_from_a_file(studio: pm.Studio, tmp_path: Path) -> None:
    result = made(studio, "prompt_matrix", asked(prompt="a circle|red|old", steps=1), different_seeds=True)
    assert [picture.request.prompt for picture in result.pictures] == [
        "a circle",
        "a circle, red",
        "a circle, old",
        "a circle, red, old",
    ]
    assert [picture.seeds.seed for picture in result.pictures] == [11, 12, 13, 14]
    lines = tmp_path / "lines.txt"
    lines.write_text('# two of them\na house\n--prompt "a boat" --steps 3 --mask-blur 2x4\n')
    plan = planned(studio, "prompts_from_file", asked(prompt="by night", mask=MASK), file=str(lines))
    assert [run.request.prompt for run in plan.runs] == ["a house by night", "a boat by night"]
    assert [run.request.steps for run in plan.runs] == [2, 3]
    assert plan.runs[1].request.mask_blur == (2, 4)


@pytest.mark.parametrize(
    ("name", "fields", "options"),
    [
        ("sheet", {}, {"x": "steps=1,2", "z": "seed=1-2"}),
        ("loopback", {"batch_count": 2}, {"loops": 2}),
        ("sd_upscale", {"width": 128, "height": 128, "mask": MASK}, {"scale": 1.5, "overlap": 32}),
        ("poor_mans_outpainting", {"width": 128, "height": 128}, {"pixels": 32, "directions": ["left", "up"]}),
    ],
)
def test_what_was_planned_is_what_runs_and_is_told(
    studio: pm.Studio, name: str, fields: dict[str, Any], options: dict[str, Any]
) -> None:
    plan = planned(studio, name, asked(**{"steps": 1, **fields}), **options)
    events: list[Event] = []
    result = run_script(studio, plan, events.append)
    assert len(result.pictures) == plan.pictures
    assert len(result.runs) == len(plan.runs)
    assert sum(run.plan.model_calls * len(run.images) for run in result.runs) == plan.model_calls
    assert [one.layout for one in plan.runs] == [run.plan.layout for run in result.runs]
    assert [event.picture for event in events if event.kind == "picture"] == list(range(plan.painted))
    assert {event.pictures for event in events} == {plan.painted}
    assert [event.kind for event in events].count("finished") == 1
    assert events[-1].kind == "finished"


def test_cancelled_between_runs(studio: pm.Studio) -> None:
    cancel, finished = threading.Event(), list[int]()

    def stop(event: Event) -> None:
        if event.kind == "picture":
            finished.append(event.picture)
            cancel.set()

    with pytest.raises(pm.Cancelled):
        run_script(studio, planned(studio, "sheet", asked(), x="steps=1,2"), stop, cancel)
    assert finished == [0]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda studio: planned(studio, "loopback", pm.Request()), "init_image"),
        (lambda studio: planned(studio, "loopback", asked(), loops=0), "loops"),
        (lambda studio: planned(studio, "loopback", asked(), lops=2), "lops"),
        (lambda studio: planned(studio, "sheet", asked()), "x"),
        (lambda studio: planned(studio, "sheet", asked(), x="steps=1", y="steps=2"), "x"),
        (lambda studio: planned(studio, "sheet", asked(), x="steps=1-1000", y="seed=1-1000"), "x"),
        (lambda studio: planned(studio, "prompt_matrix", asked()), "prompt"),
        (lambda studio: planned(studio, "prompts_from_file", asked(), file="none.txt"), "file"),
        (lambda studio: planned(studio, "sd_upscale", asked(width=64, height=64), overlap=64), "overlap"),
        (lambda studio: planned(studio, "outpainting_mk2", asked(), directions=[]), "directions"),
        (lambda studio: find_script("plot"), "script"),
        (lambda studio: asked(latent_mask=MASK), "latent_mask"),
    ],
)
def test_refusals_name_the_option(studio: pm.Studio, call: Callable[[pm.Studio], object], field: str) -> None:
    with pytest.raises(pm.RequestError) as refused:
        call(studio)
    assert refused.value.field == field


def test_names_are_found_by_label() -> None:
    for script in SCRIPTS:
        assert find_script(script.name.replace("_", "-")) is find_script(script.label.upper()) is script


@pytest.mark.parametrize("profile", ["pentimento", "a1111"])
def test_latents_have_a_mask_of_their_own(studio: pm.Studio, profile: str, tmp_path: Path) -> None:
    request = asked(mask=MASK, latent_mask=str(INPUTS / "m_left_128.png"), profile=profile, masked_content="fill")
    result = studio.run(request)
    left = studio.plan(asked(mask=str(INPUTS / "m_left_128.png"), mask_blur=0, profile=profile)).latent_mask
    assert np.array_equal(result.plan.latent_mask, left)
    (footprint,) = result.footprints
    assert footprint is not None
    (file,) = result.save(tmp_path / "one.png")
    again = studio.run(to_request(open_recipe(file), studio.inputs))
    assert pixels(again.images[0]) == pixels(result.images[0])
    with Image.open(MASK) as mask, Image.open(SOURCE) as source:
        outside = np.asarray(masks.blur(mask.convert("L"), 4, 4)) == 0
        before = np.asarray(source.convert("RGB"))
    assert np.array_equal(np.asarray(result.images[0])[outside], before[outside])
