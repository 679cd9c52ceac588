"""Upscalers' networks everywhere that pictures are enlarged: the request, hires fix, SD upscale, recipes, commands."""

import io
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pentimento as pm
from pentimento import infotext, metadata
from pentimento.cli.main import main
from pentimento.enlarging import by_network
from pentimento.geometry import Box, Size
from pentimento.infotext import parse, to_request
from pentimento.pictures.resize import crop_and_resize, resample
from pentimento.pipeline import Event
from pentimento.recipe import open_recipe
from pentimento.recipe import to_request as rerun_request
from pentimento.scripts import find_script, plan_script, run_script
from pentimento.verify import verify

from .models.test_upscalers import compact, esrgan, loaded, noise, published, saved

GOLDEN = Path(__file__).parent / "golden"
SOURCE = str(GOLDEN / "inputs" / "astro_128.png")


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with two upscalers: one twice, one four times."""
    folder = tmp_path_factory.mktemp("upscale_models")
    saved(folder / "Twice.safetensors", published(compact(2)))
    saved(folder / "Four.safetensors", published(esrgan()))
    return folder


@pytest.fixture(scope="module")
def studio(networks: Path, tmp_path_factory: pytest.TempPathFactory) -> pm.Studio:
    return pm.Studio([GOLDEN / "model", networks], "tiny_sd15", "cpu", "float32", data=tmp_path_factory.mktemp("data"))


def asked(**fields: object) -> pm.Request:
    return pm.Request(**{"prompt": "a red circle", "init_image": SOURCE, "steps": 2, "seed": 11, **fields})


def by(studio: pm.Studio, name: str, image: Image.Image, size: Size) -> Image.Image:
    file = studio.upscalers.find(name)
    assert file is not None
    return by_network(image, size, studio.load_upscaler(file))


def test_a_picture_is_enlarged_by_the_network_and_can_be_made_again(studio: pm.Studio, tmp_path: Path) -> None:
    source = Image.open(SOURCE).convert("RGB")
    result = studio.upscale(SOURCE, by=3, upscaler="four")
    assert result.images[0].tobytes() == by(studio, "Four", source, Size(384, 384)).tobytes()
    (file,) = result.save(tmp_path / "a.png")
    recipe = open_recipe(file)
    assert recipe.others.keys() == {"Four"}
    assert studio.run(rerun_request(recipe, studio.inputs)).images[0].tobytes() == result.images[0].tobytes()
    assert "Resize upscaler: four" in result.infotexts[0]


def test_alpha_goes_by_lanczos_and_the_colour_profile_is_kept(studio: pm.Studio) -> None:
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    colours = Image.fromarray(noise(24, 16))
    alpha = Image.fromarray(noise(24, 16)[..., 0])
    picture = colours.copy()
    picture.putalpha(alpha)
    file = io.BytesIO()
    picture.save(file, "PNG", icc_profile=icc)
    result = studio.upscale(file.getvalue(), by=2, upscaler="Twice")
    (made,) = result.images
    assert made.mode == "RGBA" and result.icc == icc
    assert made.convert("RGB").tobytes() == by(studio, "Twice", colours, Size(48, 32)).tobytes()
    assert made.getchannel("A").tobytes() == resample(alpha, Size(48, 32)).tobytes()


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"by": 1.5}, (192, 192)),
        ({"width": 200}, (200, 200)),
        ({"height": 64}, (64, 64)),
        ({"width": 300, "height": 200}, (300, 200)),
        ({"width": 300, "height": 200, "crop": True}, (300, 200)),
    ],
)
def test_every_way_to_give_a_size(studio: pm.Studio, given: dict[str, object], size: tuple[int, int]) -> None:
    assert studio.upscale(SOURCE, upscaler="nearest", **given).images[0].size == size  # type: ignore[arg-type]


def test_cropping_cuts_the_middle_out_of_the_network_s_picture(studio: pm.Studio) -> None:
    source = Image.open(SOURCE).convert("RGB")
    cut = studio.upscale(SOURCE, width=300, height=200, crop=True, upscaler="Twice").images[0]
    assert cut.tobytes() == crop_and_resize(source, Size(300, 200), lambda i, s: by(studio, "Twice", i, s)).tobytes()


def test_tiles_are_told_and_stopping_stops(studio: pm.Studio) -> None:
    events: list[Event] = []
    big = Image.fromarray(noise(400, 30))
    studio.upscale(big, by=2, upscaler="Twice", on_event=events.append)
    tiles = [(event.step, event.steps) for event in events if event.kind == "upscaling"]
    assert tiles == [(1, 3), (2, 3), (3, 3)]
    cancel = threading.Event()
    with pytest.raises(pm.Cancelled):
        studio.upscale(big, by=2, upscaler="Twice", on_event=lambda event: cancel.set(), cancel=cancel)


def test_resize_modes_use_the_network_only_where_the_picture_grows(studio: pm.Studio) -> None:
    def shown(**fields: object) -> Image.Image:
        return studio.run(asked(denoising_strength=0, **fields)).images[0]

    source = Image.open(SOURCE).convert("RGB")
    for mode in ("just_resize", "crop_and_resize", "resize_and_fill"):
        large = {"width": 256, "height": 320, "resize_mode": mode}
        assert shown(resize_upscaler="Twice", **large).tobytes() != shown(**large).tobytes()
        small = {"width": 64, "height": 96, "resize_mode": mode}
        assert shown(resize_upscaler="Twice", **small).tobytes() == shown(**small).tobytes()
        assert shown(resize_upscaler="Twice", resize_mode=mode).tobytes() == source.tobytes()


@pytest.mark.parametrize("profile", ["pentimento", "a1111"])
def test_a_crop_is_shown_to_the_model_enlarged_by_the_network(studio: pm.Studio, profile: str) -> None:
    mask = Image.new("L", (128, 128))
    mask.paste(255, (40, 40, 72, 72))
    request = asked(
        mask=mask, inpaint_area="only_masked", only_masked_padding=0, mask_blur=0, width=64, height=64, profile=profile
    )
    plan = studio.plan(request.changed(resize_upscaler="Twice"))
    assert plan.layout.box == Box(40, 40, 72, 72) and plan.upscaler is not None
    by_lanczos = studio.run(request)
    by_own = studio.run(request.changed(resize_upscaler="Twice"))
    assert by_own.images[0].tobytes() != by_lanczos.images[0].tobytes()
    outside = np.asarray(by_own.images[0].convert("RGB")) == np.asarray(Image.open(SOURCE).convert("RGB"))
    assert outside.all(axis=2)[np.asarray(mask) == 0].all()


def test_a_network_that_repeats_pixels_puts_a_crop_where_nearest_does() -> None:
    """Whatever enlarges a crop, it lies at the same place: linear ramps come out as with Lanczos."""
    from pentimento.pictures.compose import crop_to_working
    from pentimento.pictures.upscale import nearest

    ramp = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (60, 1))
    image = Image.fromarray(np.dstack([ramp] * 3))
    for box, working in ((Box(10, 10, 30, 30), Size(80, 80)), (Box(11, 9, 32, 30), Size(64, 64))):
        plain = np.asarray(crop_to_working(image, box, working), int)[8:-8, 8:-8]
        other = np.asarray(crop_to_working(image, box, working, nearest), int)[8:-8, 8:-8]
        assert abs((other - plain).mean()) < 0.3 and np.abs(other - plain).max() <= 3


def test_hires_fix_enlarges_by_the_network(studio: pm.Studio, tmp_path: Path) -> None:
    request = pm.Request(
        prompt="a red circle", width=64, height=64, steps=2, seed=3, hires_scale=2, hires_upscaler="Twice"
    )
    plan = studio.plan(request)
    assert [one.name for one in plan.upscalers] == ["Twice"]
    assert plan.passes[1].pass_as_dict()["upscaler"] == "Twice"
    result = studio.run(plan)
    other = studio.run(request.changed(hires_upscaler="lanczos"))
    assert result.images[0].size == (128, 128) and result.images[0].tobytes() != other.images[0].tobytes()
    fields, _ = to_request(parse(result.infotexts[0]))
    assert fields["hires_upscaler"] == "Twice"
    (file,) = result.save(tmp_path / "a.png")
    assert open_recipe(file).others.keys() == {"Twice"}
    assert metadata.read(file).infotext == result.infotexts[0]


def test_sd_upscale_asks_for_the_enlarged_picture(studio: pm.Studio) -> None:
    script = find_script("sd_upscale")
    options = script.options(scale=2, upscaler="Twice", overlap=32)
    request = asked(width=192, height=192, denoising_strength=0)
    plan = plan_script(studio, script, request, options)
    assert len(plan.runs) == 1 + 4 and plan.runs[0].upscaler is not None
    result = run_script(studio, plan)
    source = Image.open(SOURCE).convert("RGB")
    # Nothing is repainted, so what is left is the network's picture.
    assert result.images[0].tobytes() == by(studio, "Twice", source, Size(256, 256)).tobytes()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"init_image": SOURCE, "resize_upscaler": "Twise"}, "resize_upscaler"),
        ({"hires_scale": 2, "hires_upscaler": "Twise"}, "hires_upscaler"),
    ],
)
def test_an_unknown_upscaler_is_refused_with_the_nearest(
    studio: pm.Studio, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(pm.RequestError, match=rf"^{field}: 'Twise' is not known; did you mean 'Twice'\?"):
        studio.plan(pm.Request(**fields))


def test_a_pickle_that_is_asked_for_is_refused_with_the_way_out(tmp_path: Path) -> None:
    import torch

    folder = tmp_path / "ESRGAN"
    folder.mkdir()
    torch.save({"params_ema": published(esrgan())}, folder / "Old.pth")
    with pytest.raises(pm.RequestError, match=r"pentimento convert .*Old\.pth") as refused:
        pm.Studio([folder]).upscale(SOURCE, by=2, upscaler="Old")
    command = str(refused.value).partition("convert it once: pentimento ")[2]
    assert main(command.split()) == 0
    assert pm.Studio([folder], device="cpu", data=tmp_path).upscale(SOURCE, by=2, upscaler="Old").images[0].width == 256


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "by: give a factor"),
        ({"by": 2, "width": 10}, "by: give a factor"),
        ({"by": 0}, "by: 0 must be above 0"),
        ({"by": 17}, "by: 17 must be above 0 and at most 16"),
        ({"width": 0}, "width: 0 is too small"),
        ({"by": 2, "upscaler": "latent"}, "resize_upscaler: 'latent' is not known"),
    ],
)
def test_what_cannot_be_done_is_refused(studio: pm.Studio, given: dict[str, object], message: str) -> None:
    with pytest.raises(pm.RequestError, match=message):
        studio.upscale(SOURCE, **given)  # type: ignore[arg-type]


def test_what_a_network_enlarged_is_not_said_to_be_the_source(studio: pm.Studio, tmp_path: Path) -> None:
    mask = Image.new("L", (128, 128))
    mask.paste(255, (40, 40, 72, 72))
    result = studio.run(asked(mask=mask, width=192, height=192, resize_upscaler="Twice"))
    (file,) = result.save(tmp_path / "a.png")
    with pytest.raises(pm.RecipeError, match="enlarged by 'Twice'"):
        verify(file, studio.inputs)
    (file,) = studio.run(asked(mask=mask, resize_upscaler="Twice")).save(tmp_path / "b.png")
    assert verify(file, studio.inputs).holds


def test_the_infotext_carries_the_upscaler() -> None:
    request = pm.Request(init_image=SOURCE, resize_upscaler="4x_Ultra: sharp")
    facts = infotext.InfotextFacts(seed=1, size=Size(64, 64), version=f"{infotext.PROGRAM} 1")
    fields, _ = to_request(parse(infotext.write("", "", infotext.describe(request, facts))))
    assert fields["resize_upscaler"] == "4x_Ultra: sharp"


def test_the_command_enlarges_and_lists(networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = ["--models", str(networks), "--device", "cpu", "--data", str(tmp_path / "data")]
    target = tmp_path / "large.png"
    assert main(["upscale", SOURCE, "--by", "2", "--upscaler", "Twice", "-o", str(target), *machine]) == 0
    network = loaded(tmp_path / "again.safetensors", published(compact(2)))
    large = by_network(Image.open(SOURCE).convert("RGB"), Size(256, 256), network)
    assert Image.open(target).tobytes() == large.tobytes()
    capsys.readouterr()
    assert main(["upscale", SOURCE, "--by", "2", "--upscaler", "Twice", "--plan", "--json", *machine]) == 0
    assert json.loads(capsys.readouterr().out)["upscaler"] == "Twice"
    assert main(["models", "--models", str(networks), "--json"]) == 0
    kinds = {row["name"]: row["kind"] for row in json.loads(capsys.readouterr().out)}
    assert kinds["Twice"] == "compact 2x upscaler" and kinds["Four"] == "esrgan 4x upscaler"
