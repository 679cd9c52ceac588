"""Outpainting in steps: they add up, what was there stays, the margin is new whatever fills it."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento import Request, RequestError, choices
from pentimento.cli.main import main
from pentimento.geometry import Sides, Size
from pentimento.recipe import open_recipe
from pentimento.scripts import ScriptPlan, find_script, plan_script, run_script
from pentimento.scripts.outpaint_in_steps import ORDERS, growths, told
from pentimento.verify import verify
from tests.jobs.free import FreeStudio

EXAMPLES = int(os.environ.get("PENTIMENTO_EXAMPLES", "600"))
SCRIPT = find_script("outpaint_in_steps")


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(width * 1000 + height)
    return Image.fromarray(rng.integers(0, 256, (height, width, len(mode)), np.uint8))


def planned(studio: FreeStudio, request: Request, **options: Any) -> ScriptPlan:
    return plan_script(studio, SCRIPT, request, SCRIPT.options(**options))


@given(
    st.tuples(*[st.integers(0, 300)] * 4).filter(any),
    st.tuples(*[st.integers(1, 90)] * 4),
    st.sampled_from(sorted(ORDERS)),
)
def test_steps_add_up_and_none_is_larger_than_asked(sides: tuple[int, ...], step: tuple[int, ...], order: str) -> None:
    steps = list(growths(Sides(*sides), Sides(*step), order))
    assert tuple(np.sum(steps, axis=0)) == sides
    for each in steps:
        assert any(each)
        assert all(0 <= part <= most for part, most in zip(each, step, strict=True))
        if order == "sides":
            assert sum(map(bool, each)) == 1
    needed = [-(-side // part) for side, part in zip(sides, step, strict=True)]
    assert len(steps) == (max(needed) if order == "rings" else sum(needed))


@settings(max_examples=EXAMPLES // 20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_was_there_stays_and_verify_proves_it(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    studio = FreeStudio(data=str(folder / "data"))
    width, height = data.draw(st.integers(9, 90)), data.draw(st.integers(9, 90))
    source = noise(width, height, data.draw(st.sampled_from(["RGB", "RGBA"])))
    request = Request(
        init_image=source,
        mask=data.draw(st.sampled_from([None, "rect 30% 30% 30% 30%"])),
        extend=data.draw(st.tuples(*[st.sampled_from([0, 7, 40, "50%"])] * 4).filter(any)),
        extend_overlap=data.draw(st.sampled_from([0, 4, 32])),
        masked_content=data.draw(st.sampled_from(choices.MASKED_CONTENT.names)),
        inpaint_area=data.draw(st.sampled_from(["whole_picture", "only_masked"])),
        mask_blur=data.draw(st.sampled_from([0, 2, 6])),
        feather=data.draw(st.sampled_from(["both", "inward"])),
        width=64 if data.draw(st.booleans()) else None,
        steps=1,
        seed=3,
    )
    if request.inpaint_area == "whole_picture":
        request = request.changed(width=None)
    plan = planned(
        studio,
        request,
        step_size=data.draw(st.sampled_from([16, "25%"])),
        order=data.draw(st.sampled_from(sorted(ORDERS))),
    )
    result = run_script(studio, plan)
    sides = request.extension(Size(width, height))
    (image,) = result.images
    assert image.size == sides.around(Size(width, height))
    (file,) = result.save(folder / "out")
    found = verify(file, studio.inputs)
    assert found.holds, found.describe()
    place = sides.place(Size(width, height))
    inner = image.crop(place)
    if request.mask is None and request.extend_overlap == 0 and request.feather == "inward":
        assert inner.convert("RGBA").tobytes() == source.convert("RGBA").tobytes()
    assert np.array_equal(np.asarray(inner.convert("RGBA"))[..., 3], np.asarray(source.convert("RGBA"))[..., 3])


def test_one_step_is_the_extension_itself(tmp_path: Path) -> None:
    studio = FreeStudio(data=str(tmp_path))
    request = Request(init_image=noise(64, 48), extend=(32, 16, 0, 0), masked_content="fill", steps=2, seed=5)
    (alone,) = studio.run(request).images
    (stepped,) = run_script(studio, planned(studio, request, step_size=32)).images
    assert stepped.tobytes() == alone.tobytes()


def test_the_plan_tells_every_step_and_seeds_count_up(tmp_path: Path) -> None:
    studio = FreeStudio(data=str(tmp_path))
    request = Request(init_image=noise(64, 64), extend=(40, 0, 0, "25%"), steps=2, seed=5, batch_count=2)
    plan = planned(studio, request, step_size="25%", order="sides")
    labels = ["step 1 of 4: left 16", "step 2 of 4: left 16", "step 3 of 4: left 8", "step 4 of 4: bottom 16"]
    assert [part["label"] for part in plan.as_dict()["parts"]] == labels
    assert [name for name, _ in plan.describe() if name.startswith("Step ")] == [label.capitalize() for label in labels]
    assert [run.pictures[0].seed for run in plan.runs] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert [tuple(run.output_size) for run in plan.runs[:4]] == [(80, 64), (96, 64), (104, 64), (104, 80)]
    result = run_script(studio, plan)
    assert [picture.seeds.seed for picture in result.pictures] == [5, 9]
    assert "Outpaint step: 25%" in result.pictures[0].infotext
    assert told(Sides(1, 2, 3, 4)) == "left 1, top 2, right 3, bottom 4"


def test_a_profile_that_cuts_sizes_takes_those_that_fit(tmp_path: Path) -> None:
    studio = FreeStudio(data=str(tmp_path))
    request = Request(init_image=noise(64, 64), extend=(32, 0, 0, 0), steps=1, seed=1, profile="a1111")
    assert run_script(studio, planned(studio, request, step_size=16)).images[0].size == (96, 64)
    with pytest.raises(RequestError, match="multiples of 8"):
        planned(studio, request, step_size=12)
    odd = request.changed(inpaint_area="only_masked", width=64, height=64)
    assert run_script(studio, planned(studio, odd, step_size=12)).images[0].size == (96, 64)


@pytest.mark.parametrize(
    ("fields", "options", "field"),
    [
        ({"extend": 0}, {}, "extend"),
        ({}, {"step_size": 0}, "step_size"),
        ({}, {"step_size": "-4"}, "step_size"),
        ({}, {"step_size": "0.1%"}, "step_size"),
        ({"extend": 1000}, {"step_size": 1}, "step_size"),
        ({}, {"order": "spiral"}, "order"),
        ({"denoising_strength": 0}, {}, "denoising_strength"),
    ],
)
def test_refusals_name_what_is_wrong(
    tmp_path: Path, fields: dict[str, Any], options: dict[str, Any], field: str
) -> None:
    request = Request(**{"init_image": noise(64, 64), "extend": 16, "steps": 1, **fields})
    with pytest.raises(RequestError) as refused:
        planned(FreeStudio(data=str(tmp_path)), request, **options)
    assert refused.value.field == field


def test_the_command_takes_a_step_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "source.png", tmp_path / "wide.png"
    noise(64, 64).save(source)
    words = ["outpaint", str(source), "--left", "32", "--step-size", "25%", "--steps", "1", "-s", "2"]
    words += ["--data", str(tmp_path / "data"), "--json"]
    assert main([*words, "--plan"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["script"], plan["runs"], plan["output_sizes"]) == ("outpaint_in_steps", 2, [[96, 64]])
    assert main([*words, "-o", str(out)]) == 0
    recipe = open_recipe(out)
    assert recipe.script is not None
    assert recipe.script.options["step_size"] == "25%"
    assert (recipe.request["masked_content"], recipe.request["extend"]) == ("fill", [32, 0, 0, 0])
    with Image.open(out) as image:
        assert image.size == (96, 64)
