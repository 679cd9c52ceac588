"""Textual inversion: vectors in the place of a name are what the words would have been, and recorded figures."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pentimento import Request, Studio
from pentimento.models.base import Model
from pentimento.models.detect import detect
from pentimento.models.header import read_header
from pentimento.models.loading import load
from pentimento.models.networks.files import EmbeddingFile, NetworkFile, read_file
from pentimento.models.networks.find import scan_networks
from pentimento.models.text import TextOptions

GOLDEN = Path(__file__).parents[1] / "golden"
TINY = GOLDEN / "model" / "tiny_sd15"
PROMPTS: dict[str, str] = json.loads((GOLDEN / "unit" / "cond_embeddings.json").read_text())
MEANT = "red circle, bigger"


def open_model(path: Path) -> Model:
    return load(detect(path), device=torch.device("cpu"), dtype=torch.float32)


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(TINY)


def fitting(folder: Path, model: Model) -> tuple[EmbeddingFile, ...]:
    return tuple(one for one in scan_networks([folder]).embeddings if one.fits(model.info))


def embedding(path: Path) -> EmbeddingFile:
    file = read_file(read_header(path))
    assert isinstance(file, EmbeddingFile)
    return file


def words(model: Model, text: str) -> list[torch.Tensor]:
    """Give the vectors that each text encoder has for the tokens of a text."""
    tables: list[Any] = [encoder.module for encoder in model.text_encoders]
    return [table.get_input_embeddings().weight[model.tokenizer(text)].clone() for table in tables]


def test_conditioning_is_as_recorded(model: Model) -> None:
    options = TextOptions(norm="schedule", rules="a1111", embeddings=fitting(GOLDEN / "model" / "embeddings", model))
    assert {one.name for one in options.embeddings} == {"embone", "embthree"}
    with np.load(GOLDEN / "unit" / "cond_embeddings.npz") as recorded:
        for number, prompt in PROMPTS.items():
            got = model.encode_prompt([prompt], options)[0].tokens.numpy()
            assert got.shape == recorded[number].shape
            assert np.abs(got - recorded[number]).max() < 4e-5 * np.abs(recorded[number]).max(), prompt


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_vectors_of_words_are_those_words(tiny: Any, tmp_path: Path, family: str) -> None:
    model = open_model(tiny(family, False)[0])
    keys = ["clip_l", "clip_g"] if family == "sdxl" else ["emb_params"]
    save_file(dict(zip(keys, words(model, MEANT), strict=True)), tmp_path / "my-word.safetensors")
    options = TextOptions(embeddings=fitting(tmp_path, model))
    plain = replace(options, embeddings=())
    many = "a, " * 36 + "a "  # leaves room for 2 of its 4 vectors: it is not cut
    for text, meant in (
        ("a my-word!", f"a {MEANT}!"),
        ("MY-WORD", MEANT),
        ("(my-word:1.4) [my-word]", f"({MEANT}:1.4) [{MEANT}]"),
        ("my-wordy", "my-wordy"),
        (f"{many}(my-word:1.3) end", f"{many}BREAK ({MEANT}:1.3) end"),
    ):
        got, wanted = model.encode_prompt([text], options)[0], model.encode_prompt([meant], plain)[0]
        assert torch.allclose(got.tokens, wanted.tokens, atol=1e-5), text
        if got.pooled is not None and wanted.pooled is not None:
            assert torch.allclose(got.pooled, wanted.pooled, atol=1e-5)


def test_one_vector_and_diffusers_own_form(model: Model, tmp_path: Path) -> None:
    (vectors,) = words(model, "circle")
    for name, tensors in (("flat", {"<cat-toy>": vectors[0]}), ("star", {"string_to_param.*": vectors})):
        save_file(tensors, tmp_path / f"{name}.safetensors")
        got = model.encode_prompt([f"a {name}"], TextOptions(embeddings=(embedding(tmp_path / f"{name}.safetensors"),)))
        assert torch.allclose(got[0].tokens, model.encode_prompt(["a circle"], TextOptions())[0].tokens, atol=1e-6)


@pytest.mark.parametrize(
    ("shapes", "what"),
    [
        ({"emb_params": (2, 32)}, (2, (32,))),
        ({"clip_l": (3, 16), "clip_g": (3, 24)}, (3, (16, 24))),
        ({"<word>": (32,)}, (1, (32,))),
        ({"word": (2, 32)}, None),
        ({"emb_params": (2, 3, 4)}, None),
    ],
)
def test_files_are_told_apart(tmp_path: Path, shapes: dict[str, tuple[int, ...]], what: object) -> None:
    save_file({name: torch.zeros(shape) for name, shape in shapes.items()}, tmp_path / "x.safetensors")
    file = read_file(read_header(tmp_path / "x.safetensors"))
    assert (isinstance(file, EmbeddingFile) and (file.vectors, file.widths)) == (what or False)


def test_a_network_brings_its_own() -> None:
    file = read_file(read_header(GOLDEN / "model" / "lora" / "bundle_r2.safetensors"))
    assert isinstance(file, NetworkFile)
    (bundled,) = file.bundled
    assert (bundled.name, bundled.vectors, bundled.hash) == ("bembx", 2, "bundle_r2")


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(models=[GOLDEN / "model"], model="tiny_sd15", dtype="float32", data=tmp_path)


def names(found: Sequence[EmbeddingFile]) -> list[str]:
    return [one.name for one in found]


@pytest.mark.parametrize(
    ("prompt", "negative", "wanted"),
    [
        ("a [embone:EMBTHREE:0.5] circle", "", ["embone", "embthree"]),
        ("embones", "(embthree:1.2)", ["embthree"]),
        ("a [emb|x]one", "", ["embone"]),
        ("a bembx", "", []),
        ("a bembx <lora:bundle_r2>", "", ["bembx"]),
        ("a circle", "", []),
    ],
)
def test_the_plan_says_which_are_called(studio: Studio, prompt: str, negative: str, wanted: list[str]) -> None:
    plan = studio.plan(Request(prompt=prompt, negative_prompt=negative, seed=1, steps=4))
    assert names(plan.addons.embeddings) == wanted
    assert plan.as_dict()["embeddings"] == wanted


def test_one_of_another_family_is_read_as_words_with_a_note(studio: Studio) -> None:
    plan = studio.plan(Request(prompt="embwrongsize embone", seed=1))
    assert names(plan.addons.embeddings) == ["embone"]
    assert [note.text for note in plan.addons.notes] == [
        "the embedding 'embwrongsize' is read as words: its vectors are 64 wide, tiny_sd15 needs others"
    ]


def test_hashes_are_in_the_infotext_and_the_picture_changes(studio: Studio) -> None:
    fields: dict[str, Any] = {"seed": 1, "steps": 2, "width": 64, "height": 64}
    result = studio.run(Request(prompt="a embone circle", **fields))
    other = studio.run(Request(prompt="a circle", **fields))
    assert 'TI hashes: "embone: b9f73a6c7e80"' in result.infotexts[0]
    assert "TI hashes" not in other.infotexts[0]
    assert result.images[0].tobytes() != other.images[0].tobytes()
