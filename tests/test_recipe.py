"""Recipes: there and back, in every file, with and without their inputs."""

import base64
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pentimento.errors import ImageError, RecipeError
from pentimento.metadata import save
from pentimento.profiles import PENTIMENTO
from pentimento.recipe import (
    FORMAT,
    InputStore,
    ModelRecord,
    Recipe,
    export,
    library_versions,
    make_recipe,
    open_recipe,
    pixels_sha256,
    to_request,
)
from pentimento.request import Request
from pentimento.verify import differences

MODEL = ModelRecord(name="tiny", sha256="ab" * 32, family="sd1")
RESULT = Image.new("RGB", (16, 8), "red")


def picture_file(path: Path, colour: str = "blue") -> Path:
    Image.new("RGB", (16, 8), colour).save(path)
    return path


def recipe_of(request: Request, **changes: Any) -> Recipe:
    facts: dict[str, Any] = {
        "program": "Pentimento 0.1.0",
        "seed": 11,
        "variation_seed": 12,
        "profile": PENTIMENTO,
        "model": MODEL,
        "device": "cpu",
        "dtype": "float32",
        "index": 2,
    }
    return make_recipe(request, RESULT, **{**facts, **changes})


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    return Request(
        prompt="a cat, ü 🎨",
        init_image=picture_file(tmp_path / "in.png"),
        mask=Image.new("L", (16, 8), 255),
        mask_blur=(3, 4.5),
        batch_size=4,
        sampler="DPM++ 2M SDE",
        sigma_min=0.1,
        seed_resize=(64, 32),
    )


@pytest.fixture
def store(tmp_path: Path, request_: Request) -> InputStore:
    store = InputStore(tmp_path / "store")
    assert request_.init_image is not None
    assert request_.mask is not None
    store.put_picture(request_.init_image)
    store.put_picture(request_.mask)
    return store


def test_json_round_trip(request_: Request) -> None:
    recipe = recipe_of(request_)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert recipe.pixels == pixels_sha256(RESULT)
    assert recipe.model.hash == "ababababab"
    assert set(recipe.libraries) >= {"torch", "numpy", "pillow"}


def test_the_request_comes_back_with_the_picture_s_own_seed(
    request_: Request, store: InputStore, tmp_path: Path
) -> None:
    restored = to_request(recipe_of(request_), store)
    others = {"init_image", "mask", "seed", "variation_seed", "batch_size"}
    for name in set(Request.model_fields) - others:
        assert getattr(restored, name) == getattr(request_, name), name
    assert (restored.seed, restored.variation_seed, restored.batch_size) == (11, 12, 1)
    assert restored.init_image == (tmp_path / "in.png").read_bytes()
    assert isinstance(restored.mask, bytes)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(restored.mask))), np.full((8, 16), 255))


@pytest.mark.parametrize("format", ["png", "jpg", "webp", "avif", "json"])
def test_recipes_are_found_in_every_file(request_: Request, store: InputStore, tmp_path: Path, format: str) -> None:
    recipe = recipe_of(request_)
    path = tmp_path / f"out.{format}"
    if format == "json":
        path.write_text(recipe.to_json(), "utf-8")
    else:
        save(RESULT, path, recipe=recipe.to_json())
    assert open_recipe(path) == open_recipe(path.read_bytes()) == recipe
    assert to_request(open_recipe(path), store).prompt == request_.prompt


def test_an_exported_recipe_needs_no_store(request_: Request, store: InputStore, tmp_path: Path) -> None:
    recipe = export(recipe_of(request_), store)
    save(RESULT, tmp_path / "out.png", recipe=recipe.to_json())
    restored = to_request(open_recipe(tmp_path / "out.png"))
    assert restored.init_image == (tmp_path / "in.png").read_bytes()


def test_what_is_missing_is_named_with_its_place(request_: Request, tmp_path: Path) -> None:
    recipe = recipe_of(request_)
    empty = InputStore(tmp_path / "empty")
    with pytest.raises(RecipeError) as caught:
        to_request(recipe, empty)
    text = str(caught.value)
    assert str(tmp_path / "in.png") in text
    assert recipe.inputs["init_image"].sha256 in text
    assert "mask (" in text
    assert str(empty.folder) in text
    with pytest.raises(RecipeError, match="init_image"):
        export(recipe, empty)


def test_the_user_s_home_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    picture_file(tmp_path / "in.png")
    for given in ("in.png", "~/in.png", str(tmp_path / "in.png")):
        recipe = recipe_of(Request(init_image=given))
        assert recipe.inputs["init_image"].source == "~/in.png"
        assert str(tmp_path) not in recipe.to_json()


def test_a_missing_picture_is_named() -> None:
    with pytest.raises(ImageError, match=r"init_image: nowhere\.png cannot be read"):
        recipe_of(Request(init_image="nowhere.png"))


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}", "[]", '{"version": 1}', "\x00"],
)
def test_damaged_recipes_are_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        Recipe.from_json(text)


def changed(recipe: Recipe, **values: Any) -> Recipe:
    return Recipe.from_json(json.dumps({**json.loads(recipe.to_json()), **values}))


def test_newer_recipes_say_so(request_: Request) -> None:
    with pytest.raises(RecipeError, match="use a newer one"):
        changed(recipe_of(request_), version=FORMAT + 1)
    assert changed(recipe_of(request_), something_new=1) == recipe_of(request_)


def test_a_foreign_recipe_cannot_name_files(request_: Request, store: InputStore, tmp_path: Path) -> None:
    recipe = recipe_of(request_)
    secret = tmp_path / "in.png"
    for place in (str(secret), "../in.png", "sha256:../../in.png", "file:///etc/passwd"):
        with pytest.raises(RecipeError, match="init_image"):
            to_request(changed(recipe, request={**recipe.request, "init_image": place}), store)
        with pytest.raises(RecipeError, match="cannot be read"):
            changed(recipe, inputs={"init_image": {"sha256": place, "size": 1}})


def test_pictures_that_are_not_the_recorded_ones_are_not_taken(request_: Request, store: InputStore) -> None:
    recipe = recipe_of(request_)
    digest = recipe.inputs["init_image"].sha256
    (store.folder / digest[:2] / digest).write_bytes(b"damaged")
    with pytest.raises(RecipeError, match="init_image"):
        to_request(recipe, store)
    swapped = {**recipe.inputs["init_image"].model_dump(), "data": base64.b64encode(b"other").decode()}
    inputs = {"init_image": swapped, "mask": recipe.inputs["mask"].model_dump()}
    with pytest.raises(RecipeError, match="init_image"):
        to_request(changed(recipe, inputs=inputs), store)


def test_a_request_of_another_program_version_is_a_recipe_error(request_: Request, store: InputStore) -> None:
    recipe = recipe_of(request_)
    with pytest.raises(RecipeError, match="sampler"):
        to_request(changed(recipe, request={**recipe.request, "sampler": "of tomorrow"}), store)


def test_pictures_without_recipe_say_so(tmp_path: Path) -> None:
    save(RESULT, tmp_path / "a.png", infotext="cat\nSteps: 1, Sampler: Euler, Seed: 1")
    with pytest.raises(RecipeError, match=r"carries no recipe; its infotext"):
        open_recipe(tmp_path / "a.png")
    with pytest.raises(ImageError, match="there is no file"):
        open_recipe(tmp_path / "b.png")


def test_store_keeps_by_content(tmp_path: Path) -> None:
    store = InputStore(tmp_path / "deep" / "store")
    digest = store.put(b"bytes")
    assert digest == hashlib.sha256(b"bytes").hexdigest() == store.put(b"bytes")
    assert store.get(digest) == b"bytes"
    assert store.get("0" * 64) is None
    (store.folder / digest[:2] / digest).write_bytes(b"damaged")
    assert store.get(digest) is None
    store.put(b"bytes")
    assert store.get(digest) == b"bytes"
    assert sum(len(files) for _, _, files in os.walk(store.folder)) == 1


def test_differences_tell_what_may_change_the_bytes(request_: Request) -> None:
    recipe = recipe_of(request_)
    assert differences(recipe, recipe) == ()
    profile = {**recipe.profile, "strength": "a1111"}
    model = {"name": "tiny", "sha256": "cd" * 32}
    told = differences(recipe, changed(recipe, device="cuda:0", profile=profile, model=model, addons={"ink": "12ab"}))
    assert "device: cpu then, cuda:0 now" in told
    assert "profile strength: continuous then, a1111 now" in told
    assert "ink: None then, 12ab now" in told
    assert any(line.startswith("model: abab") for line in told)
    old = changed(recipe, libraries={**library_versions(), "torch": "2.0"})
    assert differences(old, recipe) == (f"torch: 2.0 then, {library_versions()['torch']} now",)


def test_pixels_are_hashed_whatever_the_file(tmp_path: Path) -> None:
    save(RESULT, tmp_path / "a.png")
    save(RESULT, tmp_path / "a.webp", lossless=True)
    with Image.open(tmp_path / "a.png") as png, Image.open(tmp_path / "a.webp") as webp:
        assert pixels_sha256(png) == pixels_sha256(webp) == pixels_sha256(RESULT)
