"""The road as a whole, with a real model at tiny size."""

import base64
import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pentimento as pm
from pentimento.diffusion.samplers import SAMPLERS
from pentimento.server import sdapi

from .hostile import HOSTILE, HostileModel

GOLDEN = Path(__file__).parent / "golden"
SOURCE = GOLDEN / "inputs" / "astro_128.png"
MASK = GOLDEN / "inputs" / "m_ellipse_128.png"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> pm.Studio:
    data = tmp_path_factory.mktemp("data")
    return pm.Studio(models=[GOLDEN / "model"], model="tiny_sd15", dtype="float32", device="cpu", data=data)


def inpaint(**fields: object) -> pm.Request:
    given = {"prompt": "a red circle", "init_image": str(SOURCE), "mask": str(MASK), "steps": 4, "seed": 11}
    return pm.Request(**{**given, **fields})


def pixels(image: Image.Image) -> bytes:
    return image.convert("RGBA").tobytes()


def test_a_picture_is_the_same_alone_and_in_a_batch(studio: pm.Studio) -> None:
    for fields in ({"sampler": "euler_a"}, {"sampler": "dpmpp_sde"}, {"profile": "a1111", "sampler": "Euler a"}):
        batch = studio.run(inpaint(batch_size=2, batch_count=2, **fields))
        assert list(batch.seeds) == [11, 12, 13, 14]
        alone = studio.run(inpaint(seed=13, **fields))
        assert pixels(alone.images[0]) == pixels(batch.images[2])


def test_library_and_dialect_give_the_same_bytes(studio: pm.Studio) -> None:
    body = {
        "prompt": "a red circle",
        "init_images": [base64.b64encode(SOURCE.read_bytes()).decode()],
        "mask": base64.b64encode(MASK.read_bytes()).decode(),
        "width": 128,
        "height": 128,
        "steps": 5,
        "seed": 7,
        "sampler_name": "DPM++ 2M",
        "inpainting_fill": 1,
        "inpaint_full_res": False,
        "override_settings": {"randn_source": "CPU"},
    }
    reply = sdapi.answer(studio, "img2img", body)
    got = Image.open(io.BytesIO(base64.b64decode(reply["images"][0])))
    same = studio.run(inpaint(profile="a1111", width=128, height=128, steps=5, seed=7))
    assert pixels(got) == pixels(same.images[0])


def test_strength_one_forgets_the_source(studio: pm.Studio) -> None:
    results = [
        studio.run(pm.Request(prompt="x", init_image=source, denoising_strength=1, steps=3, seed=5)).images[0]
        for source in (Image.new("RGB", (64, 64), "red"), Image.effect_noise((64, 64), 99).convert("RGB"))
    ]
    assert pixels(results[0]) == pixels(results[1])


def test_strength_zero_runs_no_model() -> None:
    source = Image.open(SOURCE)
    studio = pm.Studio(models=[GOLDEN / "model"], model="tiny_sd15")
    events: list[str] = []
    result = studio.run(pm.Request(init_image=source, denoising_strength=0), lambda event: events.append(event.kind))
    assert pixels(result.images[0]) == pixels(source) and "step" not in events


def test_agreement_with_the_source_falls_with_strength(studio: pm.Studio) -> None:
    source = np.asarray(Image.open(SOURCE).convert("RGB"), float)
    errors = [
        np.abs(np.asarray(studio.run(inpaint(mask=None, denoising_strength=s, steps=10)).images[0]) - source).mean()
        for s in (0.0, 0.15, 0.4, 0.7, 1.0)
    ]
    assert errors == sorted(errors) and errors[0] == 0


def test_a_rerun_from_the_file_gives_the_same_bytes(studio: pm.Studio, tmp_path: Path) -> None:
    from pentimento.recipe import open_recipe, to_request

    result = studio.run(inpaint(batch_size=2, masked_content="latent_noise", inpaint_area="only_masked"))
    for index, path in enumerate(result.save(tmp_path / "out.png")):
        again = studio.run(to_request(open_recipe(path), studio.inputs))
        assert pixels(again.images[0]) == pixels(result.images[index])


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda row: row.name)
def test_every_sampler_inpaints(studio: pm.Studio, sampler) -> None:
    result = studio.run(inpaint(sampler=sampler.name, steps=3, denoising_strength=0.6))
    footprint = result.footprints[0]
    assert footprint is not None and footprint.reach_px <= 10
    painted = np.asarray(Image.open(MASK)) > 0
    change = np.abs(np.asarray(result.images[0], int) - np.asarray(Image.open(SOURCE).convert("RGB"), int)).max(2)
    assert (change[painted] > 0).mean() > 0.5


@pytest.mark.parametrize("size", [(61, 83), (130, 124), (8, 200)])
@pytest.mark.parametrize("area", ["whole_picture", "only_masked"])
def test_any_size_comes_back_the_same(studio: pm.Studio, size: tuple[int, int], area: str) -> None:
    image = Image.effect_noise(size, 60).convert("RGB")
    mask = Image.new("L", size)
    mask.paste(255, (2, 2, size[0] // 2 + 2, size[1] // 2))
    result = studio.run(inpaint(init_image=image, mask=mask, inpaint_area=area, steps=2))
    assert result.images[0].size == size


def test_of_no_pictures_there_is_a_result_without_any(studio: pm.Studio) -> None:
    assert studio.run(inpaint(), only=()).images == []


def test_cancel_takes_effect_within_one_call(studio: pm.Studio) -> None:
    cancel, seen = threading.Event(), []

    def on_event(event: pm.Event) -> None:
        seen.append(event.kind)
        if event.kind == "step" and event.step == 2:
            cancel.set()

    with pytest.raises(pm.Cancelled):
        studio.run(inpaint(steps=50), on_event, cancel)
    assert seen.count("step") == 2 and "picture" not in seen


def test_a_new_seed_runs_only_steps_and_decode(studio: pm.Studio) -> None:
    from pentimento.encoding import Cache
    from pentimento.pipeline import Run, paint
    from pentimento.plan import resolve

    model = HostileModel()
    asked: list[str] = []
    for name in ("encode_prompt", "encode_image", "decode"):
        whole = getattr(model, name)
        setattr(model, name, lambda *args, _name=name, _whole=whole: (asked.append(_name), _whole(*args))[1])
    run = Run()
    assert isinstance(run.caches.setdefault(model, Cache()), Cache)
    for seed in (1, 2, 3):
        list(paint(resolve(inpaint(seed=seed), HOSTILE), lambda info: model, run))
    assert asked.count("encode_image") == 1 and asked.count("encode_prompt") == 2 and asked.count("decode") == 3


def test_previews_show_the_prediction(studio: pm.Studio) -> None:
    previews: list[Image.Image] = []
    studio.run(inpaint(steps=3), lambda event: previews.append(event.preview()) if event.preview else None)
    assert {preview.size for preview in previews} == {(16, 16)}


def test_a_drawn_mask_is_kept_by_the_recipe_as_it_was_drawn(studio: pm.Studio, tmp_path: Path) -> None:
    from pentimento.recipe import open_recipe, to_request
    from pentimento.verify import verify

    result = studio.run(inpaint(mask="ellipse 20% 20% 50% 50%; grow 3", steps=2))
    (path,) = result.save(tmp_path / "out.png")
    recipe = open_recipe(path)
    assert recipe.request["mask"] == "mask: ellipse 20% 20% 50% 50%; grow 3" and set(recipe.inputs) == {"init_image"}
    again = studio.run(to_request(recipe, studio.inputs))
    assert pixels(again.images[0]) == pixels(result.images[0])
    assert verify(path, studio.inputs).holds
    assert result.seams[0] is not None and 0 <= result.seams[0].score <= 100
