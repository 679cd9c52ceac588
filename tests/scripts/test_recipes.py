"""What a script has put together is made again from its file: the same bytes, or with something changed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pentimento import Recipe, RecipeError, Request, RequestError, rerun
from pentimento.apart import taken_apart
from pentimento.cli.main import main
from pentimento.recipe import InputStore, ScriptRecord, export, open_recipe, pixels_sha256, to_options
from pentimento.request import MaskField, PictureField
from pentimento.scripts import SCRIPTS, Options, Script, ScriptResult, find_script, plan_script, run_script
from pentimento.scripts.base import Ask, Asking, Gathered, ScriptPicture, one_by_one
from pentimento.verify import verify
from tests.jobs.free import FreeStudio

COMPOSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "loopback": ({"masked_content": "fill"}, {"loops": 2}),
    "sd_upscale": ({"width": 64, "height": 64, "batch_count": 2}, {"scale": 1.5, "overlap": 16}),
    "outpaint_in_steps": ({"extend": (24, 0, 8, 16), "masked_content": "fill"}, {"step_size": 16}),
    "outpainting_mk2": ({"width": 64, "height": 64}, {"pixels": 16, "directions": ["left"]}),
    "poor_mans_outpainting": ({"width": 64, "height": 64}, {"pixels": 16, "directions": ["left", "up"]}),
}


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8))


def box(size: tuple[int, int], where: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, where)
    return mask


@pytest.fixture
def studio(tmp_path: Path) -> FreeStudio:
    return FreeStudio(data=str(tmp_path / "data"))


def made(studio: FreeStudio, script: Script, request: Request, **options: Any) -> ScriptResult:
    return run_script(studio, plan_script(studio, script, request, script.options(**options)))


def asked(tmp_path: Path, **fields: Any) -> Request:
    source = tmp_path / "source.png"
    picture(96, 64).save(source)
    return Request(init_image=source, prompt="a boat", steps=2, seed=7, variation_seed=3, **fields)


@pytest.mark.parametrize("name", COMPOSED)
def test_a_file_is_made_again(studio: FreeStudio, tmp_path: Path, name: str) -> None:
    fields, options = COMPOSED[name]
    result = made(studio, find_script(name), asked(tmp_path, **fields), **options)
    for index, file in enumerate(result.save(tmp_path / "out")):
        recipe = open_recipe(file)
        assert recipe.script is not None
        assert (recipe.script.name, recipe.index, recipe.version) == (name, index, 2)
        assert Recipe.from_json(recipe.to_json()) == recipe == result.pictures[index].recipe
        again = rerun(studio, file)
        assert [pixels_sha256(image) for image in again.images] == [recipe.pixels]
        with Image.open(file) as image:
            assert pixels_sha256(image) == recipe.pixels
    changed = rerun(studio, recipe, {"seed": 8})
    assert len(changed.images) == len(result.images)
    assert [pixels_sha256(image) for image in changed.images] != [pixels_sha256(image) for image in result.images]


def test_options_are_changed_too(studio: FreeStudio, tmp_path: Path) -> None:
    (*_, last) = made(studio, find_script("loopback"), asked(tmp_path), loops=2).save(tmp_path / "out")
    assert len(rerun(studio, last, {"loops": 3, "steps": 1}).images) == 3
    with pytest.raises(RequestError, match="loops"):
        rerun(studio, last, {"loops": 0})
    with pytest.raises(RequestError, match="loop"):
        rerun(studio, last, {"loop": 3})


def test_the_infotext_is_that_of_the_first_run(studio: FreeStudio, tmp_path: Path) -> None:
    request = asked(tmp_path, width=64, height=64)
    (whole,) = made(studio, find_script("sd_upscale"), request, scale=1.5, overlap=16).pictures
    assert ("Seed: 7," in whole.infotext, "SD upscale overlap: 16" in whole.infotext) == (True, True)


def test_no_option_has_the_name_of_a_field() -> None:
    for script in SCRIPTS:
        assert not set(script.options.model_fields) & set(Request.model_fields), script.name


def test_loopback_is_verified_against_the_first_source(studio: FreeStudio, tmp_path: Path) -> None:
    request = asked(tmp_path, mask=box((96, 64), (48, 16, 80, 48)), mask_blur=2)
    file = made(studio, find_script("loopback"), request, loops=3).save(tmp_path / "out")[2]
    found = verify(file, studio.inputs)
    assert found.holds
    assert 0 < found.kept < 96 * 64


class Part(Options):
    mask: MaskField = None
    strength: float = 0.5


class Parts(Options):
    parts: tuple[Part, ...] = ()
    pattern: PictureField = None


def _in_parts(request: Request, options: Parts, plan: Any) -> Asking:
    """Paint one part after the other."""
    del plan
    image, first = request.init_image, None
    for part in options.parts:
        fields = {"init_image": image, "mask": part.mask, "denoising_strength": part.strength}
        (one,) = yield Ask(one_by_one(request).changed(**fields))
        image, first = one.image, first or one
    assert first is not None
    assert isinstance(image, Image.Image)
    return Gathered([ScriptPicture(image, first.seeds, request, "", first.infotext)])


IN_PARTS = Script("in_parts", "In parts", "По частям", "Paint parts.", Parts, _in_parts)


def test_pictures_among_the_options_are_kept_by_content(
    studio: FreeStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, pattern = box((96, 64), (0, 0, 40, 40)), box((96, 64), (50, 20, 90, 60)), tmp_path / "pattern.png"
    picture(8, 8).save(pattern)
    options = Parts(
        parts=(Part(mask=one), Part(mask="rect 10% 20% 30% 30%; feather 2"), Part(mask=two, strength=0.9)),
        pattern=pattern,
    )
    fields, pictures = taken_apart(options)
    assert list(pictures) == ["parts.0.mask", "parts.2.mask", "pattern"]
    assert fields["parts"][1]["mask"] == "mask: rect 10% 20% 30% 30%; feather 2"
    assert (fields["parts"][0]["mask"], fields["pattern"]) == (None, None)
    result = run_script(studio, plan_script(studio, IN_PARTS, asked(tmp_path), options))
    (file,) = result.save(tmp_path / "out")
    recipe = open_recipe(file)
    assert set(recipe.inputs) == {"init_image", *(f"script.options.{place}" for place in pictures)}
    restored = Parts(**to_options(recipe, studio.inputs))
    assert [part.strength for part in restored.parts] == [0.5, 0.5, 0.9]
    assert restored.pattern == pattern.read_bytes()
    assert taken_apart(restored)[0] == fields
    again = run_script(studio, plan_script(studio, IN_PARTS, asked(tmp_path), restored))
    assert pixels_sha256(again.images[0]) == recipe.pixels
    empty = InputStore(tmp_path / "nothing")
    assert to_options(export(recipe, studio.inputs), empty) == to_options(recipe, studio.inputs)
    with pytest.raises(RecipeError, match=r"script\.options\.parts\.0\.mask"):
        to_options(recipe, empty)
    with pytest.raises(RecipeError, match="in_parts"):
        rerun(studio, file)
    with monkeypatch.context() as patched:
        patched.setattr("pentimento.scripts.rerun.find_script", lambda name: IN_PARTS)
        with pytest.raises(RecipeError, match="nothing says which pixels"):
            verify(file, studio.inputs)


def foreign(recipe: Recipe, name: str, options: dict[str, Any]) -> Recipe:
    """Let a recipe say that another script made it."""
    return recipe.model_copy(update={"script": ScriptRecord(name=name, options=options)})


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("prompts_from_file", {"file": "{}"}, "script.options.file: it names"),
        ("detail", {"detector_model": "{}"}, "script.options.detector_model: it names"),
        ("detail", {"boxes": ["1 1 9 9"], "then": [{"detector_model": "{}"}]}, "script.options.then 1: detector_model"),
    ],
)
def test_a_foreign_recipe_has_nothing_read_by_its_name(
    studio: FreeStudio, tmp_path: Path, name: str, options: dict[str, Any], told: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a line that nobody else should read")
    recipe = open_recipe(made(studio, find_script("loopback"), asked(tmp_path), loops=1).save(tmp_path / "out")[0])
    other = foreign(recipe, name, json.loads(json.dumps(options).replace("{}", str(secret))))
    with pytest.raises(RecipeError, match=f"^{told}") as refused:
        rerun(studio, other)
    assert "nobody else" not in str(refused.value)


def test_a_foreign_recipe_names_no_file(studio: FreeStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = made(studio, find_script("loopback"), asked(tmp_path), loops=1)
    recipe = open_recipe(result.save(tmp_path / "out")[0])
    options = {"parts": [{"mask": str(tmp_path / "source.png")}]}
    monkeypatch.setattr("pentimento.scripts.rerun.find_script", lambda name: IN_PARTS)
    with pytest.raises(RecipeError, match=r"parts\.0\.mask: .* names a file"):
        rerun(studio, foreign(recipe, "in_parts", options))


def test_other_models_of_the_runs_are_told(studio: FreeStudio, tmp_path: Path) -> None:
    result = made(studio, find_script("loopback"), asked(tmp_path), loops=1)
    recipe = result.pictures[0].recipe
    assert recipe is not None
    assert recipe.others == {}
    assert recipe.model.name == studio.find().name


def test_one_picture_is_planned_alone(studio: FreeStudio, tmp_path: Path) -> None:
    script, request = find_script("loopback"), asked(tmp_path)
    plan = plan_script(studio, script, request, script.options(loops=3), only=1)
    assert (plan.pictures, len(plan.runs)) == (1, 3)
    with pytest.raises(RequestError, match="place 3"):
        plan_script(studio, script, request, script.options(loops=3), only=3)


def test_the_command_makes_the_same_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out, data = tmp_path / "source.png", tmp_path / "out", ("--data", str(tmp_path / "data"))
    picture(128, 128).save(source)
    assert main(["loopback", str(source), "--loops", "2", "--steps", "1", "-s", "3", "-o", str(out), *data]) == 0
    first, second = (Path(line) for line in capsys.readouterr().out.split())
    assert main(["rerun", str(second), "-o", str(tmp_path / "again.png"), *data]) == 0
    assert capsys.readouterr().err == ""
    assert (tmp_path / "again.png").read_bytes() == second.read_bytes()
    assert first.read_bytes() != second.read_bytes()
    assert main(["rerun", str(second), "--set", "loops=3", "--set", "curve=lazy", "--plan", "--json", *data]) == 0
    assert '"pictures": 3' in capsys.readouterr().out
    assert main(["info", str(second), *data]) == 0
    told = capsys.readouterr().out
    assert "loopback, picture 2" in told
    assert "loops" in told
