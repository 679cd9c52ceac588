"""Device, precision and memory, chosen before loading."""

import pytest
import torch

from pentimento.errors import RequestError
from pentimento.geometry import Size
from pentimento.models.architecture import shipped
from pentimento.models.detect import detect
from pentimento.models.estimate import memory_estimate
from pentimento.models.memory import choose_device, choose_dtype, vae_dtype
from pentimento.models.tokenizer import clip_tokenizer


def test_auto_takes_what_is_there() -> None:
    device = choose_device("auto")
    assert device.type == (
        "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    )
    assert choose_dtype("auto", torch.device("cpu")) == torch.float32
    assert choose_dtype("auto", torch.device("cuda")) == choose_dtype("auto", torch.device("mps")) == torch.float16
    assert choose_dtype("bfloat16", torch.device("cpu")) == torch.bfloat16


def test_a_device_that_is_named_is_taken() -> None:
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cuda:99", "cuda:", "cpu:", "cpu:1", "auto:"])
def test_unknown_or_absent_device_is_refused(device: str) -> None:
    with pytest.raises(RequestError, match="device: "):
        choose_device(device)


def test_unknown_dtype_is_refused() -> None:
    with pytest.raises(RequestError, match="dtype: 'float8' is not known"):
        choose_dtype("float8", torch.device("cpu"))


def test_only_sdxl_decodes_in_single_precision(tiny: "pytest.FixtureRequest") -> None:
    for family, wanted in (("sd1", torch.float16), ("sdxl", torch.float32)):
        info = detect(tiny(family, False)[0])  # type: ignore[operator]
        assert vae_dtype(info, torch.float16) == wanted
        assert vae_dtype(info, torch.bfloat16) == torch.bfloat16


def test_memory_grows_with_the_picture_and_holds_the_weights(tiny: "pytest.FixtureRequest") -> None:
    info = detect(tiny("sd1", False)[0])  # type: ignore[operator]
    sizes = [memory_estimate(info, Size(side, side), value_bytes=4) for side in (64, 512, 1024)]
    assert info.parameters * 4 < sizes[0] < sizes[1] < sizes[2]


def test_tokens_of_clip() -> None:
    tokenizer = clip_tokenizer()
    assert (tokenizer.start_id, tokenizer.end_id, tokenizer.comma_id) == (49406, 49407, 267)
    assert tokenizer("A  Red\ncircle") == tokenizer("a red circle") == [320, 736, 7117]
    assert tokenizer("") == []
    assert shipped("sd1")["text_encoder"]["vocab_size"] == 49408
