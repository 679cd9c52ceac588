"""Infotext: A1111's recorded texts to the byte, and round trips of everything a text can carry."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentimento import choices
from pentimento.diffusion.samplers import SAMPLERS, find_sampler
from pentimento.diffusion.schedules import SCHEDULES
from pentimento.errors import RequestError
from pentimento.geometry import Size
from pentimento.infotext import (
    InfotextFacts,
    describe,
    from_novelai,
    parse,
    to_request,
    with_defaults,
    write,
)
from pentimento.infotext.grammar import PAIR
from pentimento.infotext.keys import KEYS
from pentimento.request import Request

UNIT = Path(__file__).parent / "golden" / "unit"
CASES = [json.loads(line) for line in (UNIT / "infotext_cases.jsonl").read_text("utf-8").splitlines()]
PARSED = json.loads((UNIT / "infotext_parse.json").read_text("utf-8"))
# How A1111 finds pairs, from its description.
A1111_PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
# What another program could not have known.
NOT_CARRIED = {"prompt", "negative_prompt", "styles", "init_image", "mask", "latent_mask", "batch_size", "batch_count"}


def facts_of(case: dict[str, Any], index: int) -> InfotextFacts:
    told = case["facts"]
    others = {name: told[name] for name in ("model", "model_hash", "inpaint_model", "version", "extra")}
    return InfotextFacts(
        seed=told["seeds"][index], variation_seed=told["variation_seed"], size=Size(*told["size"]), **others
    )


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_texts_are_a1111s_to_the_byte(case: dict[str, Any]) -> None:
    request = Request(**case["fields"])
    for index, text in enumerate(case["texts"]):
        assert write(*case["prompts"], describe(request, facts_of(case, index))) == text


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a1111s_texts_give_the_request_back(case: dict[str, Any]) -> None:
    fields, not_understood = to_request(parse(case["texts"][0]))
    restored, asked = Request(**fields), Request(**case["fields"])
    never_recorded = {"resize_mode", "mask_round", "color_correction", "clip_skip_on_sdxl", "background"}
    of_no_effect = set() if asked.mask else {"denoising_strength"}
    for name in set(case["fields"]) - NOT_CARRIED - never_recorded - of_no_effect:
        if name == "schedule" and restored.schedule == "automatic":
            assert asked.schedule == find_sampler(asked.sampler).default_schedule
        else:
            assert getattr(restored, name) == getattr(asked, name), name
    assert (restored.prompt, restored.negative_prompt) == tuple(case["prompts"])
    assert restored.seed == case["facts"]["seeds"][0]
    assert (restored.width, restored.height) == tuple(case["facts"]["size"])
    assert set(not_understood) <= set(case["facts"]["extra"])


@pytest.mark.parametrize("row", PARSED, ids=[row["text"][:20] for row in PARSED])
def test_parsed_as_a1111(row: dict[str, Any]) -> None:
    got = with_defaults(parse(row["text"]))
    assert got == row["parsed"]
    assert list(got) == list(row["parsed"])


def lines(text: str) -> str:
    """Bring a prompt to what the grammar carries: no white space around lines, no mark of the negative prompt."""
    kept = [line.strip() for line in text.strip().split("\n")]
    return "\n".join(line for line in kept if not line.startswith("Negative prompt:")).strip()


PROMPTS = st.text(max_size=60).map(lines)
NAMES = st.text(min_size=1, max_size=20).filter(lambda text: not re.fullmatch(r"\d+x\d+", text))
KEYS_OF_TEXT = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9 /-]{0,10}[A-Za-z0-9/-])?", fullmatch=True)
FLOATS = st.floats(0, 1)
ODD = st.floats(0.5, 9)


SOFT = [name for name in Request.model_fields if name.startswith("soft_")]


def some(choice: choices.Choices) -> st.SearchStrategy[str]:
    return st.sampled_from(choice.names)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    values: dict[str, st.SearchStrategy[Any]] = {
        "sampler": st.sampled_from([row.name for row in SAMPLERS]),
        "schedule": st.sampled_from([row.name for row in SCHEDULES]),
        "steps": st.integers(1, 1000),
        "cfg_scale": st.floats(0, 1000),
        "variation_strength": FLOATS,
        "seed_resize": st.tuples(st.integers(1, 4096), st.integers(1, 4096)),
        "denoising_strength": FLOATS,
        "exact_steps": st.booleans(),
        "resize_mode": some(choices.RESIZE_MODE),
        "background": st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
        "tiling": st.booleans(),
        "mask_blur": st.one_of(st.floats(0, 1024), st.tuples(st.floats(0, 64), st.floats(0, 64))),
        "mask_mode": some(choices.MASK_MODE),
        "masked_content": some(choices.MASKED_CONTENT),
        "inpaint_area": some(choices.INPAINT_AREA),
        "only_masked_padding": st.integers(0, 512),
        "feather": some(choices.FEATHER),
        "mask_round": st.booleans(),
        "mask_action": some(choices.MASK_ACTION),
        **{name: st.floats(1, 8) for name in SOFT if name != "soft_mask_influence"},
        "soft_mask_influence": FLOATS,
        "inpainting_mask_weight": FLOATS,
        "clip_skip": st.integers(1, 12),
        "emphasis": some(choices.EMPHASIS),
        "clip_skip_on_sdxl": st.booleans(),
        "eta": st.floats(0, 10),
        "s_churn": st.floats(0, 1000),
        "s_tmin": ODD,
        "s_tmax": st.floats(0, 1e6),
        "s_noise": ODD,
        "sigma_min": st.floats(0.001, 0.4),
        "sigma_max": ODD,
        "rho": ODD,
        "beta_alpha": ODD,
        "beta_beta": ODD,
        "discard_penultimate_sigma": st.booleans(),
        "sgm_noise_multiplier": st.booleans(),
        "zero_terminal_snr": st.booleans(),
        "downcast_alphas": st.booleans(),
        "unipc_variant": some(choices.UNIPC_VARIANT),
        "unipc_spacing": some(choices.UNIPC_SPACING),
        "unipc_order": st.integers(1, 3),
        "unipc_lower_order_final": st.booleans(),
        "noise_multiplier": ODD,
        "extra_noise": FLOATS,
        "noise_source": some(choices.NOISE_SOURCE),
        "eta_noise_seed_delta": st.integers(0, 2**32 - 1),
        "skip_early_cond": FLOATS,
        "s_min_uncond": st.floats(0, 100),
        "s_min_uncond_all": st.booleans(),
        "pad_cond_uncond": st.booleans(),
        "color_correction": st.booleans(),
        "blend": some(choices.BLEND),
        "match_grain": st.booleans(),
        "profile": st.sampled_from(["pentimento", "a1111"]),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(values)), max_size=12))
    pictures = draw(st.sampled_from([{}, {"init_image": "a.png"}, {"init_image": "a.png", "mask": "m.png"}]))
    return Request(**{name: draw(values[name]) for name in sorted(chosen)}, **pictures)


def test_every_field_has_a_key() -> None:
    elsewhere = NOT_CARRIED | {"width", "height", "seed", "variation_seed", "model", "vae", "schedule", "sampler"}
    texts = ["1", "True", "1x1", "1 1", "#000000", "fill", "Only masked", "bh1", "Inward only", "No norm", "a1111"]
    texts += [
        "NV",
        "Crop and resize",
        "Inpaint masked",
        "time_uniform",
        "Zero Terminal SNR",
        "Karras",
        "Euler",
        "Latent",
        "first pass",
        "Poisson",
    ]
    read: set[str] = set()
    for key in KEYS:
        for text in texts:
            try:
                read |= set(key.read(text)) if key.read else set()
            except (ValueError, KeyError, RequestError):
                continue
    assert set(Request.model_fields) - elsewhere <= read


def carried(request: Request) -> dict[str, Any]:
    """Say which fields a text gives back: those with an effect, the others as their defaults."""
    fields = {name: getattr(request, name) for name in Request.model_fields}
    gone = set(NOT_CARRIED)
    if request.init_image is None:
        gone |= {"denoising_strength", "exact_steps", "resize_mode", "background", "color_correction"}
    if request.mask is None:
        gone |= {"mask_blur", "mask_mode", "masked_content", "inpaint_area", "feather", "mask_round", "mask_action"}
        gone |= {"blend", "match_grain"}
    if request.mask is None or request.mask_action != "soft":
        gone |= set(SOFT)
    if request.mask is None or request.inpaint_area == "whole_picture":
        gone |= {"only_masked_padding"}
    if request.schedule != "beta":
        gone |= {"beta_alpha", "beta_beta"}
    if request.variation_strength == 0:
        gone |= {"variation_seed"}
    sampler = find_sampler(request.sampler)
    if request.schedule == sampler.default_schedule != "uniform" and not sampler.timesteps:
        gone |= {"schedule"}
    return {name: Request.model_fields[name].default if name in gone else value for name, value in fields.items()}


@settings(max_examples=200, deadline=None)
@given(
    requests(),
    PROMPTS,
    PROMPTS,
    st.integers(0, 2**64 - 1),
    st.tuples(st.integers(1, 16384), st.integers(1, 16384)),
    NAMES,
    st.booleans(),
)
def test_round_trip_of_all_that_a_text_carries(
    request: Request, prompt: str, negative: str, seed: int, size: tuple[int, int], name: str, inpaint: bool
) -> None:
    facts = InfotextFacts(
        seed=seed, variation_seed=7, size=Size(*size), version="Pentimento 1.2.3", model=name, inpaint_model=inpaint
    )
    pairs = describe(request, facts)
    text = write(prompt, negative, pairs)
    infotext = parse(text)
    fields, not_understood = to_request(infotext)
    restored = Request(**fields)
    assert not not_understood
    assert (infotext.prompt, infotext.negative_prompt) == (prompt, negative)
    varied = {"variation_seed": 7} if request.variation_strength else {}
    expected = {**carried(request), **varied, "prompt": prompt, "negative_prompt": negative, "seed": seed}
    expected |= {"model": name, "width": size[0], "height": size[1]}
    assert {field: getattr(restored, field) for field in Request.model_fields} == expected


@settings(max_examples=100, deadline=None)
@given(requests(), PROMPTS)
def test_a1111_reads_every_pair_that_is_written(request: Request, prompt: str) -> None:
    facts = InfotextFacts(seed=1, size=Size(64, 64), version="Pentimento 1.2.3", model="a, b: c")
    pairs = {key: str(value) for key, value in describe(request, facts).items() if str(value) != key}
    last = write(prompt, "", describe(request, facts)).split("\n")[-1]
    found = {key: json.loads(value) if value.startswith('"') else value for key, value in A1111_PAIR.findall(last)}
    assert found == pairs


@given(st.dictionaries(KEYS_OF_TEXT, NAMES, max_size=8), PROMPTS, PROMPTS)
def test_round_trip_of_any_pairs(pairs: dict[str, str], prompt: str, negative: str) -> None:
    whole = {"Steps": "1", "Sampler": "Euler", "Seed": "2", **pairs}
    infotext = parse(write(prompt, negative, whole))
    assert (infotext.prompt, infotext.negative_prompt, infotext.parameters) == (prompt, negative, whole)


@settings(max_examples=1000)
@given(st.text(alphabet=st.sampled_from('ab1:,"\\ {}[]\n\t-/x'), max_size=80))
def test_any_text_is_read_and_pairs_are_found_where_a1111_finds_them(text: str) -> None:
    infotext = parse(text)
    fields, _ = to_request(infotext)
    Request(**fields)
    last = text.strip().split("\n")[-1]
    found = A1111_PAIR.findall(last)
    assert PAIR.findall(last) == found
    assert bool(infotext.parameters) == (len(found) >= 3)


@pytest.mark.parametrize(
    "part",
    [
        "a",
        " ",
        "\t",
        "a ",
        "a:",
        'aa: "',
        'aa: "\\"',
        "aa: b ",
        "a\t",
        ",a",
        "a, ",
        "aa: b,",
        '"',
        "-",
        "\n",
        "[",
        "1x",
    ],
)
def test_hostile_texts_take_no_longer_than_their_length(part: str) -> None:
    for text in (part * (300_000 // len(part)), f"aa: 1, bb: 2, cc: 3, {part * (300_000 // len(part))}!"):
        started = time.process_time()
        with_defaults(parse(text))
        assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("pairs", "line"),
    [
        ({"Model": "a, b"}, 'Model: "a, b"'),
        ({"Model": "a:b"}, 'Model: "a:b"'),
        ({"Hires prompt": "a\nü"}, 'Hires prompt: "a\\nü"'),
        ({"Tiling": "Tiling", "VAE": None}, "Tiling"),
        ({"x": 1, "Model": '"q"'}, 'x: 1, Model: "\\"q\\""'),
    ],
)
def test_quoting(pairs: dict[str, Any], line: str) -> None:
    assert write("", "", pairs) == line


def test_one_letter_keys_and_keys_without_value_come_back() -> None:
    infotext = parse('cat\nSteps: 1, x: "1, 2", Foo, Size: 64x96, Seed: 3, y: 4')
    assert infotext.parameters == {
        "Steps": "1",
        "x": "1, 2",
        "Foo": "Foo",
        "Size-1": "64",
        "Size-2": "96",
        "Seed": "3",
        "y": "4",
    }


def test_keys_that_could_not_be_read_are_refused() -> None:
    with pytest.raises(RequestError, match="could not be read back"):
        write("", "", {"a:b": 1})


def read(parameters: str) -> tuple[dict[str, Any], dict[str, str]]:
    return to_request(parse(f"a [b:c:0.5]\nSteps: 20, CFG scale: 7, Seed: 1, {parameters}"))


@pytest.mark.parametrize(
    ("parameters", "sampler", "schedule"),
    [
        ("Sampler: DPM++ 2M Karras", "dpmpp_2m", "automatic"),
        ("Sampler: DPM++ 2M SDE Karras, Version: v1.6.0", "dpmpp_2m_sde", "karras"),
        ("Sampler: DPM++ 2M, Version: v1.6.0", "dpmpp_2m", "uniform"),
        ("Sampler: DPM++ 2M, Version: v1.9.0", "dpmpp_2m", None),
        ("Sampler: DPM++ 2M, Schedule type: karras, Version: v1.8.0", "dpmpp_2m", "automatic"),
        ("Sampler: Euler a, Version: v1.6.0", "euler_a", None),
        ("Sampler: Euler, Schedule type: SGM Uniform, Version: v1.10.1", "euler", "sgm_uniform"),
        ("Sampler: k_lms", "lms", None),
    ],
)
def test_samplers_of_old_and_new_versions(parameters: str, sampler: str, schedule: str | None) -> None:
    fields, not_understood = read(parameters)
    assert (fields["sampler"], fields.get("schedule")) == (sampler, schedule)
    assert "Sampler" not in not_understood


@pytest.mark.parametrize(
    ("version", "old_timelines", "downcast"),
    [
        ("v1.5.2", True, True),
        ("v1.6.0", False, True),
        ("v1.7.0-224-gabc", False, True),
        ("v1.7.0-225-gabc", False, False),
        ("f0.0.17v1.8.0rc-latest", False, False),
        ("1.10.1", False, False),
        ("ComfyUI", False, False),
    ],
)
def test_gates_of_old_versions(version: str, old_timelines: bool, downcast: bool) -> None:
    fields, not_understood = read(f"Sampler: Euler, Version: {version}")
    assert ("Old prompt editing timelines" in not_understood) == old_timelines
    assert fields.get("downcast_alphas", False) == downcast


def test_texts_of_others_mean_a1111_where_they_say_nothing() -> None:
    fields, _ = read("Sampler: Euler, Masked content: latent nothing")
    assert fields["profile"] == "a1111"
    assert fields["noise_source"] == "device"
    request = Request(**fields)
    assert (request.masked_content, request.only_masked_padding) == ("latent_nothing", 32)
    assert to_request(parse("just a prompt")) == ({"prompt": "just a prompt", "negative_prompt": ""}, {})


def test_what_is_not_understood_is_told() -> None:
    sigmas = "Schedule min sigma: 5.0, Schedule max sigma: 2.0"
    fields, not_understood = read(f"Sampler: Foo 3M, Clip skip: 99, Tiling: maybe, Refiner switch at: 7, {sigmas}")
    assert set(not_understood) == {"Sampler", "Clip skip", "Tiling", "Refiner switch at", "sigma_min"}
    Request(**fields)


def test_both_spellings_of_the_beta_schedule_are_read() -> None:
    for word in ("schedule", "scheduler"):
        fields, _ = read(f"Sampler: Euler, Schedule type: Beta, Beta {word} alpha: 0.4, Beta {word} beta: 0.7")
        assert (fields["beta_alpha"], fields["beta_beta"]) == (0.4, 0.7)


def test_novelai_is_translated() -> None:
    comment = {"steps": 28, "sampler": "k_euler_ancestral", "seed": 5, "scale": 11.0, "uc": "low, bad"}
    text = from_novelai("a cat", json.dumps(comment), Size(512, 768))
    assert text == (
        "a cat\nNegative prompt: low, bad\n"
        "Steps: 28, Sampler: Euler a, CFG scale: 11.0, Seed: 5, Size: 512x768, Clip skip: 2, ENSD: 31337"
    )
    assert from_novelai("a cat", "{damaged", Size(1, 1)) is None
    assert from_novelai("a cat", "[]", Size(1, 1)) is None
    fields, not_understood = to_request(parse(text))
    assert (fields["eta_noise_seed_delta"], fields["clip_skip"], not_understood) == (31337, 2, {})
