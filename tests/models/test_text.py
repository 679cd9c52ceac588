"""Prompts to conditioning, against A1111's recorded figures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pentimento.errors import RequestError
from pentimento.models.base import Model
from pentimento.models.detect import detect
from pentimento.models.loading import load
from pentimento.models.text import TextOptions

GOLDEN = Path(__file__).parents[1] / "golden"
PROMPTS: list[str] = json.loads((GOLDEN / "unit" / "cond_prompts.json").read_text())


def open_model(path: Path) -> Model:
    return load(detect(path), device=torch.device("cpu"), dtype=torch.float32)


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(GOLDEN / "model" / "tiny_sd15")


@pytest.mark.parametrize("clip_skip", [1, 2])
@pytest.mark.parametrize("emphasis", ["Original", "No_norm", "Ignore", "None"])
def test_conditioning_is_as_recorded(model: Model, emphasis: str, clip_skip: int) -> None:
    options = TextOptions(clip_skip=clip_skip, emphasis=emphasis.lower(), norm="schedule", rules="a1111")
    with np.load(GOLDEN / "unit" / "cond.npz") as recorded:
        for number, prompt in enumerate(PROMPTS):
            got = model.encode_prompt([prompt], options)[0].tokens.numpy()
            wanted = recorded[f"{emphasis}__clip{clip_skip}__{number}"]
            # "original" divides by a mean near zero, which magnifies the last digit of the sum.
            bound = 4e-5 if emphasis == "Original" else 1e-6
            assert got.shape == wanted.shape
            assert np.abs(got - wanted).max() < bound * np.abs(wanted).max(), prompt


def test_texts_together_are_padded_to_one_length(model: Model) -> None:
    short, long = model.encode_prompt(["red", PROMPTS[-1]], TextOptions())
    assert short.tokens.shape == long.tokens.shape == (1, 231, 32)
    empty = model.encode_prompt([""], TextOptions())[0].tokens
    assert torch.allclose(short.tokens[:, 77:154], empty, atol=1e-6)


def test_norm_of_a_text_does_not_depend_on_its_company(model: Model) -> None:
    texts = ["a (red:1.5) circle", "((a)) [b]"]
    for norm, independent in (("text", True), ("schedule", False)):
        options = TextOptions(norm=norm)
        together = model.encode_prompt(texts, options)
        alone = [model.encode_prompt([text], options)[0] for text in texts]
        same = [torch.allclose(a.tokens, b.tokens, atol=1e-4) for a, b in zip(together, alone, strict=True)]
        assert all(same) == independent


def test_restored_mean_is_the_mean_without_weights(model: Model) -> None:
    weighted, plain = (
        model.encode_prompt(["a (red:1.4) circle"], TextOptions(emphasis=mode))[0].tokens
        for mode in ("original", "ignore")
    )
    assert torch.allclose(weighted.mean(), plain.mean(), rtol=1e-3)


def test_clip_skip_beyond_the_layers_is_refused(model: Model) -> None:
    model.encode_prompt(["red"], TextOptions(clip_skip=3))
    with pytest.raises(RequestError, match="clip_skip: 4 .* 3 layers"):
        model.encode_prompt(["red"], TextOptions(clip_skip=4))


def test_open_clip_takes_no_clip_skip_and_pads_with_zero(tiny: Any) -> None:
    sd2 = open_model(tiny("sd2", False)[0])
    one, two = (sd2.encode_prompt(["red"], TextOptions(clip_skip=skip))[0] for skip in (1, 2))
    assert torch.equal(one.tokens, two.tokens)
    seen: list[torch.Tensor] = []
    module: Any = sd2.text_encoders[0].module
    handle = module.get_input_embeddings().register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    sd2.encode_prompt(["red"], TextOptions())
    handle.remove()
    assert seen[0][0, :4].tolist() == [49406, 736, 49407, 0]
    assert not seen[0][0, 3:].any()


def test_sdxl_joins_two_encoders_and_pools_the_first_chunk(tiny: Any) -> None:
    sdxl = open_model(tiny("sdxl", False)[0])
    short, long = (sdxl.encode_prompt([text], TextOptions())[0] for text in ("red BREAK blue", "red"))
    assert short.tokens.shape == (1, 154, 40)
    assert short.pooled is not None
    assert long.pooled is not None
    assert short.pooled.shape == (1, 24)
    assert torch.allclose(short.pooled, long.pooled, atol=1e-6)


def test_sdxl_empty_negative_is_zeros(tiny: Any) -> None:
    sdxl = open_model(tiny("sdxl", False)[0])
    empty = sdxl.encode_prompt([""], TextOptions(negative=True))[0]
    assert empty.pooled is not None
    assert not empty.tokens.any()
    assert not empty.pooled.any()
    for text, negative in ((" ", True), ("", False)):
        assert sdxl.encode_prompt([text], TextOptions(negative=negative))[0].tokens.any()


def test_padding_repeats_the_last_token(model: Model) -> None:
    one = model.encode_prompt(["red"], TextOptions())[0]
    padded = one.padded_to(154)
    assert padded.tokens.shape == (1, 154, 32)
    assert torch.equal(padded.tokens[:, :77], one.tokens)
    assert torch.equal(padded.tokens[:, 153], one.tokens[:, 76])
    assert one.padded_to(77) is one
