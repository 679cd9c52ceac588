"""Tiny models of every family, made once."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pentimento.models.architecture import shipped

from . import original_layout as layout

MakeTiny = Callable[[str, bool], tuple[Path, Path]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTIMENTO_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> MakeTiny:
    """Give (folder, single file) of a tiny random model by family and whether it is an inpaint model."""
    made: dict[tuple[str, bool], tuple[Path, Path]] = {}

    def make(family: str, inpaint: bool) -> tuple[Path, Path]:
        if (family, inpaint) not in made:
            torch.manual_seed(0)
            base = dict(shipped(family))
            configs = layout.tiny_configs(family, base)
            modules = layout.modules_of(configs, inpaint)
            for name, parameter in modules["text_encoder"].named_parameters():
                if name == "final_layer_norm.bias":  # without it the mean that emphasis restores is zero
                    torch.nn.init.normal_(parameter)
            root = tmp_path_factory.mktemp("tiny")
            name = f"{family}-{'inpaint' if inpaint else 'base'}"
            layout.save_folder(root / name, configs, modules, base["scheduler"])
            single = root / f"{name}-single.safetensors"
            layout.save_single(single, layout.original_checkpoint(family, modules))
            single.with_suffix(".yaml").write_text(_YAML[family])
            made[family, inpaint] = (root / name, single)
        return made[family, inpaint]

    return make


_LDM = """
model:
  params:
    image_size: 8
    scale_factor: 0.18215
    {extra}
    unet_config: {{params: {{{heads}}}}}
"""
_YAML = {
    "sd1": _LDM.format(extra="linear_start: 0.00085", heads="num_heads: 4"),
    "sd2": _LDM.format(extra="parameterization: v", heads="num_head_channels: 8"),
    "sdxl": """
model:
  params:
    scale_factor: 0.13025
    denoiser_config: {params: {scaling_config: {target: sgm.modules.diffusionmodules.denoiser_scaling.EpsScaling}}}
    network_config: {params: {num_heads: -1, num_head_channels: 8}}
""",
}
