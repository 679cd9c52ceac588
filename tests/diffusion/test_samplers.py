"""Samplers against closed forms, the published implementations and A1111's table."""

import itertools
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pentimento.diffusion.samplers import SAMPLERS, Sampler, SamplerOptions, Step, find_sampler
from pentimento.errors import ModelError, RequestError

GOLDEN = Path(__file__).parents[1] / "golden" / "unit"
REFERENCE = json.loads((GOLDEN / "samplers_reference.json").read_text())
MEAN, SPREAD = 0.3, 0.5  # of the data that the ideal denoiser knows

PLAIN = SamplerOptions()
ON_THE_ODE = [row for row in SAMPLERS if row.order is not None]
every_sampler = pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)


@pytest.fixture(autouse=True)
def in_float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@dataclass
class Counted:
    """A denoiser from a function of (x, sigma), which counts its calls."""

    function: Callable[[Tensor, float], Tensor]
    calls: int = 0
    last: Tensor | None = None

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        self.calls += 1
        self.last = self.function(x, sigma)
        return self.last

    @property
    def uncond(self) -> Tensor:
        assert self.last is not None
        return self.last


def ideal(x: Tensor, sigma: float) -> Tensor:
    """The best prediction for data ~ N(MEAN, SPREAD^2)."""
    return (SPREAD**2 * x + sigma**2 * MEAN) / (SPREAD**2 + sigma**2)


def crooked(x: Tensor, sigma: float) -> Tensor:
    """The denoiser with which the reference was made: anything but linear."""
    scaled = x / math.sqrt(sigma**2 + 1)
    return torch.tanh(1.3 * scaled) + 0.3 * torch.sin(3 * scaled) / (1 + sigma) + 0.2


def solution(x: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """Where the ODE of the ideal denoiser takes x."""
    return MEAN + (x - MEAN) * math.sqrt((SPREAD**2 + sigma_next**2) / (SPREAD**2 + sigma**2))


def karras(steps: int, lowest: float = 0.03, highest: float = 14.6) -> list[float]:
    """steps + 1 levels that end at the lowest."""
    top, bottom = highest ** (1 / 7), lowest ** (1 / 7)
    return [(top + i / steps * (bottom - top)) ** 7 for i in range(steps + 1)]


def waves(shape: Sequence[int]) -> Callable[[float, float], Tensor]:
    """The reference's stand-in for noise: the same on every machine, another at every draw."""
    draws = itertools.count(1)

    def draw(_sigma: float, _sigma_next: float) -> Tensor:
        k = next(draws)
        return (torch.sin(torch.arange(math.prod(shape)) * (k * 1.7) + k) * math.sqrt(2)).reshape(*shape)

    return draw


def gaussian(seed: int, shape: Sequence[int]) -> Callable[[float, float], Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return lambda _sigma, _sigma_next: torch.randn(*shape, generator=generator)


def sample(
    row: Sampler,
    denoiser: Callable[[Tensor, float], Tensor],
    x: Tensor,
    sigmas: Sequence[float],
    *,
    options: SamplerOptions = PLAIN,
    seed: int | None = None,
) -> tuple[Tensor, list[Step], int]:
    """Run a sampler; give its result, its steps and the number of model calls."""
    steps: list[Step] = []
    counted = Counted(denoiser)
    noise = waves(x.shape) if seed is None else gaussian(seed, x.shape)
    result = row.function(counted, x, sigmas, noise=noise, options=options, on_step=steps.append)
    return result, steps, counted.calls


def test_the_table_is_a1111s() -> None:
    recorded = json.loads((GOLDEN / "samplers.json").read_text())
    ours = []
    for row in SAMPLERS:
        options: dict[str, object] = {}
        if row.default_schedule != "uniform":
            options["scheduler"] = row.default_schedule
        flags = {
            "second_order": row.evaluations == 2,
            "brownian_noise": row.noise == "brownian",
            "uses_ensd": row.uses_ensd,
            "discard_next_to_last_sigma": row.discard_penultimate,
        }
        options |= {name: True for name, flag in flags.items() if flag}
        ours.append({"name": row.label, "aliases": list(row.aliases), "options": options})
    for row in recorded:
        row["options"].pop("solver_type", None)
    assert ours == recorded


@every_sampler
def test_it_is_found_by_every_spelling(row: Sampler) -> None:
    for word in (row.name, row.label, *row.aliases):
        assert find_sampler(f" {word.upper()} ") is row


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="did you mean 'euler'"):
        find_sampler("eulr")


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"{case['sampler']}-{case['options']}")
def test_it_equals_the_published_implementation(case: dict) -> None:
    """Recorded from k-diffusion and the code of UniPC's authors, in float64."""
    x = torch.linspace(-2, 2, 8).reshape(1, 1, 2, 4) * case["sigmas"][0]
    options = SamplerOptions(**case["options"])
    result, _, _ = sample(find_sampler(case["sampler"]), crooked, x, case["sigmas"], options=options)
    torch.testing.assert_close(result.flatten(), torch.tensor(case["result"]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("row", ON_THE_ODE, ids=lambda row: row.name)
def test_it_converges_with_its_order(row: Sampler) -> None:
    x = torch.linspace(-40, 40, 33)
    errors = []
    for steps in (36, 288):
        sigmas = karras(steps)
        result, _, _ = sample(row, ideal, x, sigmas, options=SamplerOptions(eta=0.0))
        errors.append(float((result - solution(x, sigmas[0], sigmas[-1])).abs().max()))
    measured = math.log(errors[0] / errors[1], 8)
    assert row.order is not None
    assert row.order - 0.4 < measured < row.order + 0.6


@pytest.mark.parametrize("row", ON_THE_ODE, ids=lambda row: row.name)
def test_it_solves_a_flow(row: Sampler) -> None:
    """With x = (1 - sigma) * x0 + sigma * noise: dx/dsigma is (x - x0) / sigma there too."""

    def level(sigma: float) -> float:
        return math.sqrt(((1 - sigma) * SPREAD) ** 2 + sigma**2)

    def flow(x: Tensor, sigma: float) -> Tensor:
        return MEAN + (1 - sigma) * SPREAD**2 / level(sigma) ** 2 * (x - (1 - sigma) * MEAN)

    x = torch.linspace(-3, 3, 33)
    sigmas = [1 - i / 60 for i in range(60)] + [0.0]
    result, _, _ = sample(row, flow, x, sigmas, options=SamplerOptions(eta=0.0))
    expected = MEAN + x * SPREAD
    assert float((result - expected).abs().max()) < (0.06 if row.order == 1 else 0.02)


def test_adaptive_steps_solve_the_ode() -> None:
    x = torch.linspace(-40, 40, 33)
    result, _, calls = sample(
        find_sampler("dpm_adaptive"), ideal, x, [14.6, 0.03, 0.0], options=SamplerOptions(eta=0.0)
    )
    torch.testing.assert_close(result, solution(x, 14.6, 0.0), rtol=0, atol=0.05)
    assert calls < 60


@pytest.mark.parametrize(
    ("row", "s_churn"),
    [(row, s_churn) for row in SAMPLERS for s_churn in (0.0, 10.0) if row.uses_churn or not s_churn],
    ids=lambda value: getattr(value, "name", value),
)
def test_its_pictures_are_spread_like_the_data(row: Sampler, s_churn: float) -> None:
    def consistent(x: Tensor, sigma: float) -> Tensor:
        return solution(x, sigma, 0.0)  # LCM is for networks that predict the end of the ODE

    sigmas, pixels = [*karras(120), 0.0], 40_000
    start = MEAN + gaussian(7, (pixels,))(0, 0) * math.hypot(SPREAD, sigmas[0])
    options = SamplerOptions(s_churn=s_churn, eta=1.0 if row.uses_eta else None)
    denoiser = consistent if row.name == "lcm" else ideal
    result, _, _ = sample(row, denoiser, start, sigmas, options=options, seed=11)
    assert abs(float(result.mean()) - MEAN) < 4 * SPREAD / math.sqrt(pixels)
    assert abs(float(result.std()) / SPREAD - 1) < 0.06


@pytest.mark.parametrize(
    ("one", "other", "eta"),
    [
        ("euler_a", "euler", 0.0),
        ("dpm_2_a", "dpm_2", 0.0),
        ("dpmpp_2m_sde", "dpmpp_2m", 0.0),
        ("ddim", "euler", 0.0),
        ("ddim_cfgpp", "euler", 0.0),
        ("ddim", "euler_a", 0.7),
        ("ddim_cfgpp", "ddim", 0.7),
        ("restart", "heun", 0.0),
    ],
)
def test_they_are_the_same(one: str, other: str, eta: float) -> None:
    x, sigmas = torch.linspace(-40, 40, 33), [*karras(12), 0.0]
    options = SamplerOptions(eta=eta)
    results = [sample(find_sampler(name), crooked, x, sigmas, options=options)[0] for name in (one, other)]
    torch.testing.assert_close(*results, rtol=0, atol=1e-12)


@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("unguided", [False, True])
def test_ddim_equals_the_published_formula(unguided: bool, eta: float) -> None:
    """In variance-preserving latents, as Song et al. 2020 and Chung et al. 2024 write it."""

    @dataclass
    class TwoMinded(Counted):
        @property
        def uncond(self) -> Tensor:
            assert self.last is not None
            return self.last * 0.5 - 0.1

    sigmas = karras(6)
    alphas = [1 / (1 + sigma**2) for sigma in sigmas]
    start = torch.linspace(-2, 2, 8)
    vp, draw = start.clone(), waves(start.shape)
    for sigma, a, a_next in zip(sigmas, alphas, alphas[1:], strict=False):
        x0 = crooked(vp / math.sqrt(a), sigma)
        behind = x0 * 0.5 - 0.1 if unguided else x0
        eps = (vp - math.sqrt(a) * behind) / math.sqrt(1 - a)
        s = eta * math.sqrt((1 - a_next) / (1 - a) * (1 - a / a_next))
        vp = math.sqrt(a_next) * x0 + math.sqrt(1 - a_next - s**2) * eps
        if s:
            vp = vp + s * draw(0, 0)
    row = find_sampler("ddim_cfgpp" if unguided else "ddim")
    result = row.function(
        TwoMinded(crooked),
        start / math.sqrt(alphas[0]),
        sigmas,
        noise=waves(start.shape),
        options=SamplerOptions(eta=eta),
        on_step=lambda _step: None,
    )
    torch.testing.assert_close(result * math.sqrt(alphas[-1]), vp, rtol=0, atol=1e-12)


def test_plms_is_of_fourth_order_where_steps_are_even() -> None:
    x = torch.linspace(-5, 5, 9)
    errors = []
    for steps in (40, 80):
        sigmas = [2 - i / steps for i in range(steps + 1)]
        result, _, _ = sample(find_sampler("plms"), ideal, x, sigmas)
        errors.append(float((result - solution(x, 2, 1)).abs().max()))
    assert math.log2(errors[0] / errors[1]) > 2.8  # its first step is of lower order


@pytest.mark.parametrize("steps", [1, 2, 3, 8])
@every_sampler
def test_steps_are_told_and_calls_are_counted(row: Sampler, steps: int) -> None:
    x = torch.linspace(-2, 2, 8).reshape(1, 1, 2, 4) * 14.6
    sigmas = [14.6, 0.0] if steps == 1 else [*karras(steps - 1), 0.0]
    result, told, calls = sample(row, crooked, x, sigmas)
    assert result.isfinite().all()
    assert [step.index for step in told] == list(range(len(told)))
    assert all(step.index < step.total for step in told)
    assert told[-1].index == told[-1].total - 1
    if row.name == "dpm_adaptive":
        return
    extra = 1 if row.name == "plms" and steps > 1 else 0
    assert calls == (steps - 1) * row.evaluations + 1 + extra
    if row.name != "dpm_fast":
        assert len(told) == steps
        assert [step.sigma for step in told] == sigmas[:-1]


@every_sampler
def test_a_run_that_ends_at_zero_ends_on_a_prediction(row: Sampler) -> None:
    if row.name in ("lms", "plms"):
        return  # they mix in older slopes to the end
    x = torch.linspace(-2, 2, 8) * 14.6
    result, told, _ = sample(row, crooked, x, [*karras(9), 0.0])
    assert torch.equal(result, told[-1].denoised)


@every_sampler
def test_a_single_level_is_no_step(row: Sampler) -> None:
    x = torch.linspace(-2, 2, 8)
    result, told, calls = sample(row, crooked, x, [3.0])
    assert torch.equal(result, x)
    assert told == []
    assert calls == 0


@every_sampler
def test_it_is_deterministic_and_does_not_change_its_input(row: Sampler) -> None:
    x = torch.linspace(-2, 2, 8) * 14.6
    before = x.clone()
    first, _, _ = sample(row, crooked, x, [*karras(7), 0.0], seed=3)
    second, _, _ = sample(row, crooked, x, [*karras(7), 0.0], seed=3)
    assert torch.equal(first, second)
    assert torch.equal(x, before)


@every_sampler
def test_a_batch_is_its_pictures(row: Sampler) -> None:
    batch = torch.linspace(-2, 2, 16).reshape(2, 1, 2, 4) * 14.6
    sigmas = [*karras(7), 0.0]
    noises = [gaussian(seed, (1, 1, 2, 4)) for seed in (1, 2)]
    together = row.function(
        Counted(crooked),
        batch,
        sigmas,
        noise=lambda a, b: torch.cat([noise(a, b) for noise in noises]),
        options=SamplerOptions(),
        on_step=lambda _step: None,
    )
    alone = torch.cat([sample(row, crooked, batch[i : i + 1], sigmas, seed=i + 1)[0] for i in range(2)])
    assert torch.equal(together, alone) is not row.couples_batch


@every_sampler
def test_the_table_names_the_default_eta(row: Sampler) -> None:
    x, sigmas = torch.linspace(-2, 2, 8) * 14.6, [*karras(7), 0.0]
    plain = sample(row, crooked, x, sigmas)[0]
    assert torch.equal(plain, sample(row, crooked, x, sigmas, options=SamplerOptions(eta=row.eta))[0])
    moved = sample(row, crooked, x, sigmas, options=SamplerOptions(eta=0.5))[0]
    assert torch.equal(plain, moved) is not row.uses_eta


@every_sampler
def test_only_churned_samplers_know_churn(row: Sampler) -> None:
    x, sigmas = torch.linspace(-2, 2, 8) * 14.6, [*karras(7), 0.0]
    plain, churned = (sample(row, crooked, x, sigmas, options=SamplerOptions(s_churn=churn))[0] for churn in (0.0, 3.0))
    assert torch.equal(plain, churned) is not row.uses_churn


@every_sampler
def test_noise_is_drawn_only_where_the_row_says_so(row: Sampler) -> None:
    def refuse(_sigma: float, _sigma_next: float) -> Tensor:
        raise AssertionError("drew noise")

    x, sigmas = torch.linspace(-2, 2, 8) * 14.6, [*karras(24), 0.0]

    def run(options: SamplerOptions) -> None:
        row.function(Counted(crooked), x, sigmas, noise=refuse, options=options, on_step=lambda _step: None)

    if row.noise == "none":
        run(SamplerOptions())
    elif row.uses_eta:
        run(SamplerOptions(eta=0.0))
    else:
        with pytest.raises(AssertionError, match="drew noise"):
            run(SamplerOptions())


def test_churn_draws_at_every_step_also_outside_its_levels() -> None:
    """So A1111 moves its random streams on."""
    x, sigmas = torch.linspace(-2, 2, 8) * 14.6, [*karras(9), 0.0]
    options = SamplerOptions(s_churn=3.0, s_tmin=1.0, s_tmax=5.0)
    for name in ("euler", "heun", "dpm_2"):
        draws: list[float] = []

        def draw(sigma: float, _sigma_next: float, draws: list[float] = draws) -> Tensor:
            draws.append(sigma)
            return torch.zeros(8)

        row = find_sampler(name)
        row.function(Counted(crooked), x, sigmas, noise=draw, options=options, on_step=lambda _step: None)
        assert draws == sigmas[:-1]


@pytest.mark.parametrize(("steps", "jumps"), [(19, 0), (20, 1), (35, 1), (36, 2), (61, 2)])
def test_restart_goes_back_up(steps: int, jumps: int) -> None:
    sigmas = [*karras(steps - 1), 0.0]
    x = torch.linspace(-2, 2, 8) * 14.6
    _, told, _ = sample(find_sampler("restart"), crooked, x, sigmas, seed=1)
    levels = [step.sigma for step in told]
    ups = [(a, b) for a, b in itertools.pairwise(levels) if b > a]
    assert len(told) == steps
    assert len(ups) == jumps
    assert all(b == pytest.approx(2, rel=0.35) for _, b in ups)


def test_restart_is_not_moved_by_the_schedule_in_between() -> None:
    x = torch.linspace(-2, 2, 8) * 14.6
    even = [14.6 + i / 29 * (0.03 - 14.6) for i in range(30)] + [0.0]
    results = [sample(find_sampler("restart"), crooked, x, s, seed=1)[0] for s in (even, [*karras(29), 0.0])]
    torch.testing.assert_close(*results, rtol=0, atol=1e-9)


def test_adaptive_steps_refuse_what_is_not_a_number() -> None:
    x = torch.linspace(-2, 2, 8)
    with pytest.raises(ModelError, match="float32"):
        sample(find_sampler("dpm_adaptive"), lambda x, _sigma: x * math.nan, x, [14.6, 0.03, 0.0])


def test_adaptive_steps_end_also_with_a_network_that_jumps() -> None:
    calls = itertools.count()

    def jumping(x: Tensor, _sigma: float) -> Tensor:
        return x * 0 + 10 * (-1) ** next(calls)

    x = torch.linspace(-2, 2, 8) * 14.6
    result, told, _ = sample(find_sampler("dpm_adaptive"), jumping, x, [14.6, 0.03, 0.0])
    assert result.isfinite().all()
    assert len(told) < 1200


@pytest.mark.parametrize("variant", ["bh1", "bh2", "vary_coeff"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_unipc_lowers_its_order_for_few_steps(steps: int, variant: str) -> None:
    x = torch.linspace(-2, 2, 8) * 14.6
    options = replace(PLAIN, unipc_variant=variant, unipc_lower_order_final=False)
    result, _, calls = sample(find_sampler("unipc"), crooked, x, karras(steps), options=options)
    assert result.isfinite().all()
    assert calls == steps


@pytest.mark.parametrize("steps", [3, 8, 20])
def test_unipc_lowers_its_order_before_a_step_to_zero(steps: int) -> None:
    x = torch.linspace(-2, 2, 8) * 14.6
    levels = karras(steps)
    to_zero, _, _ = sample(find_sampler("unipc"), crooked, x, [*levels, 0.0])
    above, _, _ = sample(find_sampler("unipc"), crooked, x, levels)
    assert torch.equal(to_zero, crooked(above, levels[-1]))
