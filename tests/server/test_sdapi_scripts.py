"""A1111's scripts by their names and arguments."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import pentimento as pm
from pentimento.server import sdapi
from pentimento.server.sdapi.adetailer import Detectors
from pentimento.server.sdapi.scripts import TITLES, asked_script, listed_scripts, script_info

GOLDEN = Path(__file__).parents[1] / "golden"
NONE = Detectors()
SOURCE = base64.b64encode((GOLDEN / "inputs" / "astro_128.png").read_bytes()).decode()


@pytest.fixture(scope="module")
def studio() -> pm.Studio:
    return pm.Studio(models=[GOLDEN / "model"], model="tiny_sd15", dtype="float32", device="cpu")


def body(name: str, *arguments: Any, **more: Any) -> dict[str, Any]:
    told = {"prompt": "a cat|red", "steps": 1, "seed": 5, "width": 64, "height": 64, "sampler_name": "Euler"}
    return {**told, "init_images": [SOURCE], "script_name": name, "script_args": list(arguments), **more}


def sizes(reply: dict[str, Any]) -> list[tuple[int, int]]:
    return [Image.open(io.BytesIO(base64.b64decode(text))).size for text in reply["images"]]


def options(endpoint: str, name: str, *arguments: Any) -> dict[str, Any]:
    asked = asked_script(endpoint, body(name, *arguments), NONE)
    assert asked is not None
    return asked.options.model_dump() | asked.fields


@pytest.mark.parametrize("row", TITLES, ids=lambda row: row.title)
def test_a_shorter_list_leaves_the_rest_at_the_page_s_values(row: Any) -> None:
    for endpoint in row.endpoints:
        short = asked_script(endpoint, body(row.title.upper()), NONE)
        whole = asked_script(endpoint, body(row.title.lower(), *(one.default for one in row.arguments)), NONE)
        assert short is not None and whole is not None
        assert short.options == whole.options


def test_arguments_in_a1111s_order() -> None:
    found = options("img2img", "Loopback", 3, 0.7, "Lazy", "None")
    assert (found["loops"], found["final_denoising_strength"], found["curve"]) == (3, 0.7, "lazy")
    found = options("img2img", "outpainting mk2", None, 64, 6, ["left", "up"], 1.2, 0.1)
    assert (found["pixels"], found["blur"], found["directions"]) == (64, 6, ("left", "up"))
    assert (found["fall_off"], found["color_variation"]) == (1.2, 0.1)
    found = options("img2img", "Poor man's outpainting", 32, 4, 2, ["down"])
    assert (found["masked_content"], found["directions"]) == ("latent_noise", ("down",))
    for upscaler in (1, "Lanczos"):
        found = options("img2img", "SD upscale", "", 32, upscaler, 3)
        assert (found["overlap"], found["upscaler"], found["scale"]) == (32, "lanczos", 3)
    found = options("txt2img", "prompt matrix", True, True, "negative", "space", 4)
    assert (found["of"], found["at_start"], found["delimiter"]) == ("negative_prompt", True, "space")


def test_axes_by_number_and_by_name() -> None:
    found = options("txt2img", "X/Y/Z plot", 4, "10,20", "", 6, "5-9(+2)", "", 0, "", "", True)
    assert (found["x"], found["y"], found["z"]) == ("steps=10,20", "cfg_scale=5-9(+2)", "")
    # The two pages have lists of their own: what stands on one only moves the others.
    found = options("img2img", "X/Y/Z plot", 5, "3,4", "", "Denoising", "0.5", "", "Prompt S/R", "cat,dog", "")
    assert (found["x"], found["y"], found["z"]) == ("cfg_scale=3,4", "denoising_strength=0.5", "prompt_replace=cat,dog")
    found = options("img2img", "X/Y/Z plot", "Sampler", "", ["Euler", "Euler a"])
    assert found["x"] == 'sampler="Euler","Euler a"'


def test_a_plot_gives_its_page_and_pictures_where_asked(studio: pm.Studio) -> None:
    axes = ("Seed", "1,2", "", "Steps", "1-3", "", 0, "", "")
    page = sdapi.answer(studio, "img2img", body("X/Y/Z plot", *axes, False, False))
    assert sizes(page) == [(128, 192)]
    with_pictures = sdapi.answer(studio, "img2img", body("X/Y/Z plot", *axes, False, True))
    assert sizes(with_pictures) == [(128, 192), *[(64, 64)] * 6]
    assert json.loads(with_pictures["info"])["all_seeds"] == [1, 1, 2, 1, 2, 1, 2]


def test_a_matrix_gives_its_page_first(studio: pm.Studio) -> None:
    reply = sdapi.answer(studio, "txt2img", body("Prompt matrix", init_images=None))
    assert sizes(reply)[1:] == [(64, 64)] * 2
    assert "a cat, red" in json.loads(reply["info"])["infotexts"][2]


def test_lines_are_told_in_a1111s_words(studio: pm.Studio) -> None:
    text = 'a dog\n--prompt "a boat" --sampler_name "Euler a" --n_iter 2'
    reply = sdapi.answer(
        studio, "txt2img", body("prompts from file or textbox", False, False, "end", text, prompt="by night")
    )
    told = json.loads(reply["info"])["infotexts"]
    assert [line.split("\n")[0] for line in told] == ["by night a dog", "by night a boat", "by night a boat"]
    assert "Sampler: Euler a" in told[1]


@pytest.mark.parametrize(
    ("endpoint", "given", "field"),
    [
        ("img2img", body("No such script"), "script_name"),
        ("txt2img", body("Loopback"), "script_name"),
        ("img2img", body("Loopback", "many"), "script_args"),
        ("img2img", body("Loopback", 2, 0.5, "Linear", "CLIP"), "script_args"),
        ("img2img", body("X/Y/Z plot", 99, "1"), "script_args"),
        ("img2img", body("X/Y/Z plot", "Face restore", "1"), "script_args"),
        ("img2img", body("SD upscale", "", 64, 9), "script_args"),
    ],
)
def test_refusals(studio: pm.Studio, endpoint: str, given: dict[str, Any], field: str) -> None:
    with pytest.raises(pm.RequestError) as refused:
        sdapi.answer(studio, endpoint, given)
    assert refused.value.field == field


def test_scripts_are_listed_as_they_are_called() -> None:
    listed = listed_scripts()
    assert listed["txt2img"] == ["adetailer", "prompt matrix", "prompts from file or textbox", "x/y/z plot"]
    assert set(listed["img2img"]) == {row.title.lower() for row in TITLES} | {"adetailer", "soft inpainting"}
    for endpoint, names in listed.items():
        chosen = set(names) - {"x/y/z plot", "soft inpainting", "adetailer"}
        assert all(asked_script(endpoint, body(name), NONE) for name in chosen)
    assert len(script_info()) == sum(map(len, listed.values()))


ARGUMENTS = [
    (info["is_img2img"], title, place, told)
    for info in script_info()
    for title in TITLES
    if info["name"] == title.title.lower()
    for place, told in enumerate(info["args"])
]


def taken(is_img2img: bool, title: Any, place: int, value: Any) -> bool:
    """Tell whether a script takes a value as the argument of a place."""
    arguments = [one.default for one in title.arguments]
    arguments[place] = value
    if title.name == "sheet" and title.arguments[place].label.endswith("type"):
        arguments[place + 1] = "1,2"
    try:
        asked_script("img2img" if is_img2img else "txt2img", body(title.title, *arguments), NONE)
    except pm.RequestError as error:
        # An axis that is none here keeps its place: clients send its number.
        return "cannot vary here" in str(error)
    return True


@pytest.mark.parametrize(
    ("is_img2img", "title", "place", "told"), ARGUMENTS, ids=lambda one: getattr(one, "title", None)
)
def test_what_is_told_of_an_argument_is_what_is_taken(is_img2img: bool, title: Any, place: int, told: Any) -> None:
    for bound, step in (("minimum", -1), ("maximum", 1)):
        if told[bound] is not None:
            assert taken(is_img2img, title, place, told[bound])
            assert not taken(is_img2img, title, place, told[bound] + step)
            assert told["minimum"] <= told["value"] <= told["maximum"]
    chosen = [told["value"]] if isinstance(told["value"], str) else told["value"]
    for word in told["choices"] or ():
        assert taken(is_img2img, title, place, word)
    if told["choices"] and not isinstance(chosen, int):
        assert set(chosen) <= set(told["choices"])


def test_bounds_and_words_are_those_of_the_options() -> None:
    told = {info["name"]: {one["label"]: one for one in info["args"]} for info in script_info() if info["is_img2img"]}
    loops = told["loopback"]["Loops"]
    assert (loops["minimum"], loops["step"], loops["value"]) == (1, 1, 4)
    assert told["loopback"]["Denoising strength curve"]["choices"] == ["Aggressive", "Linear", "Lazy"]
    assert told["outpainting mk2"]["Color variation"]["maximum"] == 1
    axes = told["x/y/z plot"]["X type"]["choices"]
    assert (axes[:2], "Hires steps" in axes, "VAE" in axes) == (["Nothing", "Seed"], False, True)
