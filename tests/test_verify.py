"""`verify` holds for results of a hostile network, and fails on one flipped byte."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento import RecipeError, Request, metadata
from pentimento.framing import FRAMERS, lay_out, read_inputs
from pentimento.profiles import find_profile
from pentimento.recipe import InputStore, ModelRecord, make_recipe
from pentimento.verify import verify

MODEL = ModelRecord(name="noise", sha256="0" * 64)


def pictures(seed: int, width: int, height: int, *, alpha: bool = False) -> tuple[Image.Image, Image.Image]:
    """Draw noise and a mask of one rectangle."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(0, 256, (height, width, 4 if alpha else 3), np.uint8))
    mask = np.zeros((height, width), np.uint8)
    left, top = int(rng.integers(width)), int(rng.integers(height))
    mask[top : top + 1 + int(rng.integers(height)), left : left + 1 + int(rng.integers(width))] = 255
    return picture, Image.fromarray(mask)


def repaint(path: Path, store: InputStore, request: Request, seed: int = 0) -> np.ndarray[Any, Any]:
    """Write a result as a network would that returns noise; gives the weight of the new pixels."""
    profile = find_profile(request.profile)
    inputs = read_inputs(request, profile)
    layout = lay_out(request, profile, inputs, multiple=8, native=64)
    framer = FRAMERS[profile.overlay]
    frame = framer.frame(request, inputs, layout)
    noise = np.random.default_rng(seed).random((layout.working.height, layout.working.width, 3), np.float32)
    image = framer.compose(frame, noise, profile)
    recipe = make_recipe(
        request,
        image,
        program="Pentimento 0.1.0",
        seed=1,
        variation_seed=0,
        profile=profile,
        model=MODEL,
        device="cpu",
        dtype="float32",
    )
    for picture in (request.init_image, request.mask):
        if picture is not None:
            store.put_picture(picture)
    metadata.save(image, path, recipe=recipe.to_json())
    return np.ones((layout.output.height, layout.output.width)) if frame.weight is None else frame.weight


def flipped(path: Path, x: int, y: int, channel: int) -> Path:
    """Write the same file with one bit of one pixel changed."""
    found = metadata.read(path)
    with Image.open(path) as image:
        pixels = np.array(image)
    pixels[y, x, channel] ^= 1
    other = path.with_name("flipped.png")
    metadata.save(Image.fromarray(pixels), other, infotext=found.infotext, recipe=found.recipe)
    return other


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    alpha=st.booleans(),
    fields=st.fixed_dictionaries(
        {
            "mask_blur": st.floats(0, 9),
            "mask_mode": st.sampled_from(["inpaint_masked", "inpaint_not_masked"]),
            "inpaint_area": st.sampled_from(["whole_picture", "only_masked"]),
            "feather": st.sampled_from(["both", "inward"]),
            "masked_content": st.sampled_from(["fill", "original"]),
            "blend": st.sampled_from(["linear", "multiband", "poisson", "auto"]),
            "mask_action": st.sampled_from(["blend", "soft", "differential"]),
        }
    ),
    data=st.data(),
)
def test_holds_for_any_result_and_fails_on_one_flipped_byte(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    width: int,
    height: int,
    alpha: bool,
    fields: dict[str, Any],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("verify")
    store = InputStore(folder / "inputs")
    picture, mask = pictures(seed, width, height, alpha=alpha)
    path = folder / "result.png"
    weight = repaint(path, store, Request(init_image=picture, mask=mask, **fields), seed)
    found = verify(path, store)
    assert found.holds
    assert found.kept == np.count_nonzero(weight == 0)

    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    channel = data.draw(st.integers(0, 3 if alpha else 2))
    broken = verify(flipped(path, x, y, channel), store)
    assert not broken.holds
    assert not broken.intact
    if weight[y, x] == 0:
        assert (broken.difference.pixels, broken.difference.first) == (1, (x, y))
    else:
        assert broken.difference.pixels == 0


def test_a_result_without_a_mask_has_nothing_to_keep_but_itself(tmp_path: Path) -> None:
    store = InputStore(tmp_path / "inputs")
    picture, _ = pictures(1, 24, 16)
    repaint(tmp_path / "result.png", store, Request(init_image=picture))
    found = verify(tmp_path / "result.png", store)
    assert (found.holds, found.kept) == (True, 0)
    assert not verify(flipped(tmp_path / "result.png", 3, 3, 0), store).holds


def test_missing_inputs_are_named(tmp_path: Path) -> None:
    picture, mask = pictures(2, 24, 16)
    repaint(tmp_path / "result.png", InputStore(tmp_path / "inputs"), Request(init_image=picture, mask=mask))
    with pytest.raises(RecipeError, match="init_image .*mask "):
        verify(tmp_path / "result.png", InputStore(tmp_path / "elsewhere"))


def test_a_picture_without_a_recipe_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    with pytest.raises(RecipeError, match="carries no recipe"):
        verify(tmp_path / "plain.png", InputStore(tmp_path / "inputs"))


def test_the_sentence_names_where_and_how_many(tmp_path: Path) -> None:
    store = InputStore(tmp_path / "inputs")
    picture = Image.new("RGB", (40, 40), "red")
    mask = Image.new("L", (40, 40))
    mask.paste(255, (30, 30, 36, 36))
    repaint(tmp_path / "result.png", store, Request(init_image=picture, mask=mask, mask_blur=0))
    assert verify(tmp_path / "result.png", store).describe() == (
        "all 1564 pixels outside the mask are those of the source (of 1600)"
    )
    assert (
        verify(flipped(tmp_path / "result.png", 5, 7, 2), store).describe()
    ) == "1 of 1564 pixels outside the mask differ from the source, by up to 1; the first at x, y = (5, 7)"
