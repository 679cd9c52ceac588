"""Regions, against a network that returns noise: nothing outside changes, order and company do not matter."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import pentimento as pm
from pentimento import metadata
from pentimento.framing import FRAMERS
from pentimento.infotext.grammar import parse
from pentimento.recipe import open_recipe
from pentimento.scripts import ScriptPlan, ScriptResult, find_script, plan_script, run_script
from pentimento.scripts.region import OWN, Region, read_region, write_region
from pentimento.scripts.regions import RegionsOptions
from pentimento.verify import verify

from ..hostile import HostileStudio, SeeingModel

EXAMPLES = int(os.environ.get("PENTIMENTO_EXAMPLES", "600")) // 12
INPUTS = Path(__file__).parents[1] / "golden" / "inputs"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> pm.Studio:
    studio = HostileStudio(tmp_path_factory.mktemp("hostile"))
    studio._model = SeeingModel(studio._model.info)
    return studio


def planned(studio: pm.Studio, request: pm.Request, regions: Sequence[Any]) -> ScriptPlan:
    return plan_script(studio, find_script("regions"), request, RegionsOptions(regions=regions))


def made(studio: pm.Studio, request: pm.Request, regions: Sequence[Any]) -> ScriptResult:
    return run_script(studio, planned(studio, request, regions))


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.convert("RGBA"))


def changes(studio: pm.Studio, request: pm.Request, region: Region) -> NDArray[np.bool_]:
    """Say where the engine, run for one region alone, may change the picture."""
    asked = request.changed(**region.own)
    if (
        asked.mask_action == "soft"
    ):  # it pastes by what has changed, which is other with each seed; at most by the frame
        plan = studio.plan(asked)
        weight = FRAMERS[plan.profile.overlay].frame(plan.request, plan.inputs, plan.layout).weight
    else:
        (weight,) = studio.run(asked).weights
    assert weight is not None
    return weight > 0


@st.composite
def regions_of(draw: st.DrawFn, width: int, height: int) -> Region:
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    w, h = draw(st.integers(4, 60)), draw(st.integers(4, 60))
    word = draw(st.sampled_from(["rect", "ellipse"]))
    return Region(
        mask=f"{word} {x} {y} {w} {h}",
        prompt=draw(st.sampled_from(["a red ball", "a tree", ""])),
        denoising_strength=draw(st.sampled_from([0.3, 0.8, 1.0])),
        mask_blur=draw(st.sampled_from([0, 2, 5])),
        inpaint_area=draw(st.sampled_from(["only_masked", "whole_picture"])),
        only_masked_padding=draw(st.integers(0, 40)),
        masked_content=draw(st.sampled_from(["original", "fill", "latent_noise", "edge_growth"])),
        feather=draw(st.sampled_from(["both", "inward"])),
        mask_action=draw(st.sampled_from(["blend", "soft", "differential"])),
        blend=draw(st.sampled_from(["linear", "multiband", "poisson"])),
    )


@st.composite
def pictures_with_regions(draw: st.DrawFn) -> tuple[pm.Request, list[Region]]:
    width, height = draw(st.integers(40, 150)), draw(st.integers(40, 150))
    mode = draw(st.sampled_from(["RGB", "RGBA", "L"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = Image.fromarray(rng.integers(0, 256, (height, width, 4), np.uint8), "RGBA").convert(mode)
    regions = draw(st.lists(regions_of(width, height), min_size=1, max_size=4))
    profile = draw(st.sampled_from(["pentimento", "pentimento", "a1111"]))
    seed = draw(st.integers(0, 2**32 - 1))
    return pm.Request(init_image=image, steps=1, sampler="euler", seed=seed, profile=profile), regions


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=pictures_with_regions(), data=st.data())
def test_bytes_outside_stay_and_order_does_not_matter_where_regions_are_apart(
    studio: pm.Studio, case: tuple[pm.Request, list[Region]], data: st.DataObject
) -> None:
    request, regions = case
    try:
        result = made(studio, request, regions)
    except pm.RequestError as error:
        assert re.search("changes no pixel|would become|smaller than a latent cell", str(error))
        return
    areas = [changes(studio, request, region) for region in regions]
    before = pixels(request.init_image)
    if request.profile == "a1111":  # which drops transparency
        white = Image.new("RGBA", request.init_image.size, "white")
        before = pixels(Image.alpha_composite(white, request.init_image.convert("RGBA")))
    after = pixels(result.images[0])
    outside = ~np.logical_or.reduce(areas)
    assert np.array_equal(after[outside], before[outside])
    # Any order that keeps the order of those that overlap.
    place = data.draw(st.integers(0, max(0, len(regions) - 2)))
    apart = len(regions) > 1 and not (areas[place] & areas[place + 1]).any()
    if apart:
        other = [*regions[:place], regions[place + 1], regions[place], *regions[place + 2 :]]
        assert np.array_equal(pixels(made(studio, request, other).images[0]), after)
    # One that overlaps none is as if it were alone.
    for region, area, run in zip(regions, areas, result.runs, strict=True):
        others = [other for other in areas if other is not area]
        if not others or not (area & np.logical_or.reduce(others)).any():
            alone = studio.run(request.changed(**region.own, seed=run.seeds[0]))
            assert np.array_equal(pixels(alone.images[0])[area], after[area])
            assert np.array_equal(pixels(made(studio, request, [region]).images[0])[area], after[area])


TWO = [
    {"mask": "rect 8 8 40 40", "prompt": "a red ball", "denoising_strength": 0.4},
    {"mask": "ellipse 70 60 50 50; feather 2", "prompt": "a tree", "negative_prompt": "leaves", "seed": 99},
]
OVER = {"mask": "rect 40 30 40 50", "prompt": "over both"}


def asked(**fields: Any) -> pm.Request:
    values = {"prompt": "a garden", "init_image": str(INPUTS / "astro_128.png"), "steps": 1, "seed": 11}
    return pm.Request(**{**values, "variation_seed": 5, **fields})


def test_a_region_sees_those_below_it_and_no_others(studio: pm.Studio) -> None:
    result = made(studio, asked(), [*TWO, OVER])
    seen = [pixels(run.plan.inputs.source.straight) for run in result.runs]
    source = pixels(Image.open(INPUTS / "astro_128.png"))
    assert np.array_equal(seen[0], source)
    assert np.array_equal(seen[1], source)
    below = pixels(made(studio, asked(), TWO).images[0])
    assert np.array_equal(seen[2], below)
    assert not np.array_equal(below, source)


def test_the_plan_tells_crops_and_where_regions_overlap(studio: pm.Studio) -> None:
    plan = planned(studio, asked(inpaint_area="only_masked", only_masked_padding=4, mask_blur=0), [*TWO, OVER])
    rows = dict(plan.describe())
    for number, run in enumerate(plan.runs, 1):
        box = run.layout.box
        assert rows[f"Region {number}"].startswith(f"{box.size} at {box.left}, {box.top}, ")
    told = plan.as_dict()
    assert [part["box"] for part in told["parts"]] == [list(run.layout.box) for run in plan.runs]
    overlaps = [warning["message"] for warning in told["warnings"] if warning["code"] == "regions_overlap"]
    assert overlaps[0] == "region 3 is painted over a part of region 1: they overlap in 8x18 at 40, 30"
    assert len(overlaps) == 2
    result = run_script(studio, plan)
    assert [run.plan.layout for run in result.runs] == [run.layout for run in plan.runs]
    assert [run.seeds[0] for run in result.runs] == [run.pictures[0].seed for run in plan.runs]


def test_warnings_say_which_region_they_are_about(studio: pm.Studio) -> None:
    plan = planned(studio, asked(), [TWO[0], {"mask": "rect 90 90 3 3", "mask_blur": 9}])
    told = {warning.message.partition(": ")[0] for warning in plan.warnings if warning.code == "mask_swallowed"}
    assert told == {"region 2"}
    assert all(not warning.fix for warning in plan.warnings)


def test_seeds_are_a_regions_own(studio: pm.Studio) -> None:
    first = [run.pictures[0].seed for run in planned(studio, asked(), TWO).runs]
    again = [run.pictures[0].seed for run in planned(studio, asked(), TWO[::-1]).runs]
    assert first == again[::-1]
    assert first[1] == 99
    assert first[0] != 11
    moved = planned(studio, asked(), [{**TWO[0], "mask": "rect 9 8 40 40"}]).runs[0].pictures[0].seed
    same = planned(studio, asked(), [{**TWO[0], "prompt": "another", "seed": -1}]).runs[0].pictures[0].seed
    assert moved != first[0] == same
    counted = planned(studio, asked(batch_count=2), TWO).runs
    assert [run.pictures[0].seed for run in counted] == [*first, first[0] + 1, 100]
    assert 0 <= first[0] - 11 < 2**31


def test_a_picture_of_a_batch_is_the_one_of_its_seed(studio: pm.Studio) -> None:
    batch = made(studio, asked(batch_size=2), TWO)
    single = made(studio, asked(seed=12, variation_seed=6), [TWO[0], {**TWO[1], "seed": 100}])
    assert len(batch.images) == 2
    assert np.array_equal(pixels(batch.images[1]), pixels(single.images[0]))


def test_the_result_is_told_verified_and_made_again(studio: pm.Studio, tmp_path: Path) -> None:
    mask = Image.new("L", (128, 128))
    mask.paste(255, (100, 0, 128, 30))
    result = made(studio, asked(), [*TWO, {"mask": mask, "prompt": "a 'sky', blue"}])
    (picture,) = result.pictures
    seeds = [run.seeds[0] for run in result.runs]
    told = parse(picture.infotext).parameters
    assert told["Region 1"] == f"mask='rect 8 8 40 40' prompt='a red ball' denoising_strength=0.4 seed={seeds[0]}"
    assert told["Region 3"] == f"mask=picture prompt=\"a 'sky', blue\" seed={seeds[2]}"
    assert Region(**read_region(told["Region 2"])).own == Region(**TWO[1]).own
    assert picture.footprint is not None
    assert 0 < picture.footprint.reach_px <= 10
    (file,) = result.save(tmp_path / "composed.png")
    found = verify(file, studio.inputs)
    assert found.holds
    assert 0 < found.kept < 128 * 128
    again = pm.rerun(studio, file)
    assert np.array_equal(pixels(again.images[0]), pixels(picture.image))
    with Image.open(file) as opened:
        spoilt = opened.copy()
        spoilt.putpixel((60, 3), (1, 2, 3))
    saved = tmp_path / "spoilt.png"
    metadata.save(spoilt, saved, None, recipe=open_recipe(file).to_json())
    found = verify(saved, studio.inputs)
    assert (found.holds, found.difference.first) == (False, (60, 3))


@pytest.mark.parametrize(
    ("request_fields", "regions", "told"),
    [
        ({}, [], "regions: there is none"),
        ({"mask": "all"}, TWO, "mask: every region has a mask of its own"),
        ({"extend": 8}, TWO, "extend: .*extend it first"),
        ({}, [TWO[0], {"prompt": "no mask"}], "regions: region 2: mask: it is missing"),
        ({}, [{"mask": "all", "stepz": 3}], "regions: region 1: stepz: .*did you mean 'steps'"),
        ({}, [{"mask": "all", "steps": 0}], "regions: region 1: steps: 0 is too small"),
        ({}, [{"mask": "all", "model": "other"}], "regions: region 1: model: it is the same for all"),
        ({}, [{"mask": "all", "width": 64, "height": 64}], "regions: region 1: the picture would become 64x64"),
        ({}, [TWO[0], {"mask": "rect 200 200 9 9"}], "regions: region 2: its mask changes no pixel"),
        ({}, [{"mask": Image.new("L", (9, 9), 255)}], "regions: region 1: mask: its size is 9x9"),
        ({"init_image": None}, TWO, "init_image: Regions works on a picture"),
    ],
)
def test_refusals_say_which_region(
    studio: pm.Studio, request_fields: dict[str, Any], regions: list[Any], told: str
) -> None:
    with pytest.raises(pm.RequestError, match=f"^{told}"):
        planned(studio, asked(**request_fields), regions)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    fields=st.fixed_dictionaries(
        {},
        optional={
            "prompt": st.text(st.characters(codec="ascii", exclude_characters="\x00", categories=["L", "P", "Zs"])),
            "seed": st.integers(0, 2**32 - 1),
            "denoising_strength": st.sampled_from([0, 0.25, 1]),
            "mask_blur": st.tuples(st.integers(0, 9), st.integers(0, 9)),
            "eta": st.none(),
        },
    )
)
def test_the_text_of_a_region_is_read_back(fields: dict[str, Any]) -> None:
    region = Region(mask="rect 0 0 8 8; feather 2", **fields)
    assert Region(**read_region(write_region(region.own))).own == region.own


def test_a_region_in_json_is_what_was_set() -> None:
    region = Region(mask="rect 0 0 8 8", steps=20, mask_blur=3)
    told = json.loads(RegionsOptions(regions=[region]).model_dump_json())
    assert told == {"regions": [{"mask": "mask: rect 0 0 8 8", "steps": 20, "mask_blur": [3, 3]}]}
    assert RegionsOptions(**told).regions[0].own == region.own
    schema = RegionsOptions.model_json_schema()["$defs"]["Region"]
    assert set(schema["properties"]) == set(OWN)
    assert schema["required"] == ["mask"]
