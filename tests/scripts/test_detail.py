"""The detail pass: every detection is a region of its own, and the rest keeps its bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pentimento as pm
from pentimento.models.objects import Found
from pentimento.pictures.masks import bounding_box
from pentimento.scripts import ScriptPlan, ScriptResult, find_script, plan_script, run_script
from pentimento.scripts.base import Ask, ScriptPicture
from pentimento.scripts.detail import DetailOptions, detail
from pentimento.scripts.means import Means, Search
from pentimento.scripts.regions import RegionsOptions
from pentimento.verify import verify

from ..hostile import HostileStudio, SeeingModel

INPUTS = Path(__file__).parents[1] / "golden" / "inputs"
SOURCE = INPUTS / "astro_128.png"
BOXES = ("70 60 30 30", "10 10 24 24")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> pm.Studio:
    studio = HostileStudio(tmp_path_factory.mktemp("hostile"))
    studio._model = SeeingModel(studio._model.info)
    return studio


def asked(**fields: Any) -> pm.Request:
    return pm.Request(
        **{"prompt": "a garden", "init_image": str(SOURCE), "steps": 1, "seed": 11, "variation_seed": 5, **fields}
    )


def planned(studio: pm.Studio, request: pm.Request, **options: Any) -> ScriptPlan:
    return plan_script(studio, find_script("detail"), request, DetailOptions(**options))


def made(studio: pm.Studio, request: pm.Request, **options: Any) -> ScriptResult:
    return run_script(studio, planned(studio, request, **options))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBA"))


def test_given_boxes_are_regions_of_their_own(studio: pm.Studio, tmp_path: Path) -> None:
    result = made(studio, asked(mask_blur=2), boxes=BOXES, detail_prompt="[PROMPT], a ball [SEP] a tree")
    left, right = (run.plan.request for run in result.runs)
    assert (left.prompt, right.prompt) == ("a garden, a ball", "a tree")
    assert {run.inpaint_area for run in (left, right)} == {"only_masked"}
    assert {run.denoising_strength for run in (left, right)} == {0.4}
    # Grown by 4, left to right.
    regions = [
        {"mask": f"{box}; grow 4", "prompt": prompt, "denoising_strength": 0.4, "inpaint_area": "only_masked"}
        for box, prompt in (("rect 10 10 24 24", "a garden, a ball"), ("rect 70 60 30 30", "a tree"))
    ]
    plan = plan_script(studio, find_script("regions"), asked(mask_blur=2), RegionsOptions(regions=regions))
    assert np.array_equal(pixels(run_script(studio, plan).images[0]), pixels(result.images[0]))
    (file,) = result.save(tmp_path / "detail.png")
    found = verify(file, studio.inputs)
    assert found.holds
    assert found.kept > 128 * 128 / 2
    assert np.array_equal(pixels(pm.rerun(studio, file).images[0]), pixels(result.images[0]))
    assert "Detail 2: " in result.pictures[0].infotext


def test_separate_parts_of_a_mask_are_painted_one_by_one(studio: pm.Studio) -> None:
    mask = Image.new("L", (128, 128))
    for box in ((80, 20, 100, 40), (10, 20, 40, 50), (5, 100, 7, 102)):
        mask.paste(255, box)
    options = {"min_area": 0.001, "grow": 0, "order": "largest_first", "detail_denoising_strength": 0.9}
    request = asked(mask=mask, mask_blur=0, only_masked_padding=3)
    result = made(studio, request, **options)
    boxes = [bounding_box(run.plan.inputs.painted) for run in result.runs]
    assert boxes == [(10, 20, 40, 50), (80, 20, 100, 40)]
    assert {run.plan.request.denoising_strength for run in result.runs} == {0.9}
    changed = (pixels(result.images[0]) != pixels(Image.open(SOURCE))).any(-1)
    assert changed[22:48, 12:38].any()
    assert not changed[np.asarray(mask) == 0].any()
    assert not changed[100:102, 5:7].any()


def test_what_is_painted_first_is_what_details_lie_on(studio: pm.Studio, tmp_path: Path) -> None:
    request = asked(init_image=None, width=128, height=96, batch_size=2)
    result = made(studio, request, boxes=BOXES[1:], paint_first=True)
    first = studio.run(request)
    assert len(result.images) == 2
    for picture, painted in zip(result.pictures, first.images, strict=True):
        changed = (pixels(picture.image) != pixels(painted)).any(-1)
        assert changed.any()
        assert not changed[60:].any()
    assert [picture.seeds for picture in result.pictures] == list(first.plan.pictures)
    assert result.pictures[0].infotext.startswith(first.infotexts[0].partition(", Version")[0])
    files = result.save(f"{tmp_path}/")
    again = pm.rerun(studio, files[1])
    assert np.array_equal(pixels(again.images[0]), pixels(result.images[1]))
    assert verify(files[1], studio.inputs).holds


class Eyes:
    """Sees what it is told to, instead of a model."""

    def __init__(self, *found: Found) -> None:
        self.found = found
        self.asked: list[tuple[Search, Image.Image]] = []

    def __call__(self, search: Search, image: Image.Image) -> Sequence[Found]:
        self.asked.append((search, image))
        return self.found


def asks(studio: pm.Studio, request: pm.Request, options: DetailOptions, means: Means) -> tuple[list[Ask], Any]:
    """Run a script's generator with blank pictures in place of results."""
    found: list[Ask] = []
    asking = detail(request, options, means)
    answer = None
    while True:
        try:
            ask = asking.send(answer)
        except StopIteration as stop:
            return found, stop.value
        found.append(ask)
        run = studio.plan(ask.request)
        blank = Image.new("RGB", run.output_size)
        answer = [ScriptPicture(blank, seeds, ask.request) for seeds in run.pictures]


FACES = (Found(70, 60, 100, 90, 0.5, "face"), Found(10, 10, 34, 34, 0.9, "face"), Found(0, 0, 2, 2, 0.4, "face"))


def test_what_a_model_finds_is_painted_and_written_down_as_boxes(studio: pm.Studio) -> None:
    eyes = Eyes(*FACES)
    options = DetailOptions(
        detector_model="faces", look_for=("face",), confidence=0.35, order="surest_first", min_area=0.01
    )
    found, gathered = asks(studio, asked(), options, Means(studio.plan, eyes))
    assert [search for search, _ in eyes.asked] == [Search("faces", ("face",), 0.35)]
    assert [ask.label for ask in found] == ["detail 1 (face 0.90)", "detail 2 (face 0.50)"]
    (picture,) = gathered.pictures
    assert picture.options.boxes == ("10 10 24 24", "70 60 30 30")
    assert (picture.options.detector, picture.options.order) == ("boxes", "as_given")
    again, _ = asks(studio, asked(), picture.options, Means(studio.plan))
    assert [ask.request.to_json() for ask in again] == [ask.request.to_json() for ask in found]


def test_where_no_model_may_look_the_plan_says_so(studio: pm.Studio) -> None:
    plan = planned(studio, asked(), detector_model="faces")
    assert ([warning.code for warning in plan.warnings], plan.pictures) == (["details_unseen"], 1)
    eyes = Eyes(*FACES)
    _, gathered = asks(
        studio, asked(), DetailOptions(detector_model="faces", paint_first=True), Means(studio.plan, eyes, blank=True)
    )
    assert [warning.code for warning in gathered.warnings] == ["details_unseen"]
    assert not eyes.asked


def test_nothing_found_is_refused_or_the_picture_that_was_painted(studio: pm.Studio) -> None:
    options = DetailOptions(detector_model="faces")
    with pytest.raises(pm.RequestError, match="^detector: nothing was detected; lower confidence"):
        asks(studio, asked(), options, Means(studio.plan, Eyes()))
    _, gathered = asks(studio, asked(), options.changed(paint_first=True), Means(studio.plan, Eyes()))
    assert len(gathered.pictures) == 1
    assert gathered.pictures[0].options is None


def test_a_detail_can_be_left_out(studio: pm.Studio) -> None:
    plan = planned(studio, asked(), boxes=BOXES, detail_prompt="[SKIP] [SEP] a tree")
    assert plan.labels == ("detail 2",)
    assert plan.runs[0].prompt_text == "a tree"


@pytest.mark.parametrize(
    ("request_fields", "options", "told"),
    [
        ({}, {}, "detector: 'auto' has nothing to go by; give boxes, or give a detector_model, or give a mask"),
        ({}, {"detector": "mask", "boxes": BOXES}, "detector: 'mask' has nothing to go by; give a mask"),
        ({}, {"boxes": ["1 2 3"]}, "boxes: '1 2 3' is no box"),
        ({}, {"boxes": ["1 2 0 4"]}, "boxes: '1 2 0 4' has no width"),
        ({}, {"boxes": ["1 2 x 4"]}, "boxes: 'x' at position 10 is not a length"),
        ({}, {"boxes": ["200 2 5 4"]}, "detector: nothing was detected; give boxes inside"),
        ({"extend": 8}, {"boxes": BOXES}, "extend: "),
        ({"mask": "all", "latent_mask": str(SOURCE)}, {}, "latent_mask: details have masks of their own"),
        ({}, {"boxes": BOXES, "order": "by_name"}, "order: "),
    ],
)
def test_refusals(studio: pm.Studio, request_fields: dict[str, Any], options: dict[str, Any], told: str) -> None:
    with pytest.raises(pm.RequestError, match=f"^{told}"):
        planned(studio, asked(**request_fields), **options)


def test_boxes_may_be_numbers() -> None:
    assert DetailOptions(boxes=[[1, 2, 30, 4.5], "10%  20% 5 5"]).boxes == ("1 2 30 4.5", "10% 20% 5 5")


TWICE = DetailOptions(
    boxes=("70 60 30 30",),
    detail_prompt="a ball",
    then=[{"boxes": ["10 10 24 24"], "detail_prompt": "a tree", "detail_fields": "steps=2 mask_blur=0"}],
)


def test_passes_follow_one_another_over_what_came_out(studio: pm.Studio, tmp_path: Path) -> None:
    plan = plan_script(studio, find_script("detail"), asked(mask_blur=2), TWICE)
    assert plan.labels == ("detail 1", "detail 2")
    result = run_script(studio, plan)
    first, second = (run.plan.request for run in result.runs)
    assert (first.prompt, first.steps, first.mask_blur) == ("a ball", 1, (2, 2))
    assert (second.prompt, second.steps, second.mask_blur) == ("a tree", 2, (0, 0))
    # The second one lies on what the first one gave.
    alone = made(studio, asked(mask_blur=2), boxes=["70 60 30 30"], detail_prompt="a ball")
    under = pixels(alone.images[0])
    again = made(
        studio, asked(init_image=alone.images[0], mask_blur=0, steps=2), boxes=["10 10 24 24"], detail_prompt="a tree"
    )
    assert np.array_equal(pixels(again.images[0]), pixels(result.images[0]))
    assert np.array_equal(pixels(result.images[0])[50:], under[50:])
    assert "Detail 1: " in result.pictures[0].infotext and "Detail 2: " in result.pictures[0].infotext
    (file,) = result.save(tmp_path / "twice.png")
    assert np.array_equal(pixels(pm.rerun(studio, file).images[0]), pixels(result.images[0]))
    found = verify(file, studio.inputs)
    assert found.holds and 128 * 128 / 2 < found.kept < 128 * 128


def test_of_several_passes_those_that_found_something_are_written_down(studio: pm.Studio) -> None:
    seen: list[Sequence[Found]] = [(), FACES[:1], FACES[1:2]]

    def look(search: Search, image: Image.Image) -> Sequence[Found]:
        return seen[len(search.words)]

    options = DetailOptions(
        detector_model="faces",
        paint_first=True,
        then=[
            {"detector_model": "faces", "look_for": ("a",), "detail_prompt": "a ball"},
            {"detector_model": "faces", "look_for": ("a", "b"), "detail_fields": "steps=2"},
        ],
    )
    found, gathered = asks(studio, asked(), options, Means(studio.plan, look))
    assert [ask.label for ask in found] == ["first", "detail 1 (face 0.50)", "detail 2 (face 0.90)"]
    pinned = gathered.pictures[0].options
    assert not pinned.local
    assert (pinned.boxes, pinned.detail_prompt, pinned.paint_first) == (("70 60 30 30",), "a ball", True)
    assert [(one.boxes, one.detail_fields) for one in pinned.then] == [(("10 10 24 24",), "steps=2")]
    again, _ = asks(studio, asked(), pinned, Means(studio.plan))
    assert [ask.request.to_json() for ask in again] == [ask.request.to_json() for ask in found]


def test_what_is_not_seen_yet_is_not_the_picture_that_is_painted_first(studio: pm.Studio) -> None:
    plan = planned(studio, asked(), detector_model="faces", paint_first=True)
    assert (plan.pictures, plan.places) == (1, ((None,),))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("steps", "'steps' is not name=value"),
        ("stepz=3", "'stepz' is not known; did you mean 'steps'"),
        ("model=x", "it is the same for all regions"),
        ("prompt=cat", "prompt: it has an option of its own"),
        ("steps=0", "steps: 0 is too small"),
    ],
)
def test_fields_of_details_are_read_when_they_are_given(fields: str, told: str) -> None:
    with pytest.raises(pm.RequestError, match=f"^detail_fields: .*{told}"):
        DetailOptions(detail_fields=fields)
