"""What `/sdapi/v1` remembers of a caller between requests: settings, and jobs by the caller's own task ids."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .reading import SETTINGS

MOST_TASKS, MOST_SETTINGS = 1000, 2000

# What A1111 v1.10.1 answers where nobody has set anything; clients send the whole of it back.
DEFAULTS: Mapping[str, Any] = {
    "samples_save": True,
    "samples_format": "png",
    "save_images_add_number": True,
    "grid_save": True,
    "return_grid": True,
    "return_mask": False,
    "return_mask_composite": False,
    "enable_pnginfo": True,
    "jpeg_quality": 80,
    "sd_model_checkpoint": None,
    "sd_checkpoint_hash": "",
    "sd_vae": "Automatic",
    "CLIP_stop_at_last_layers": 1,
    "sdxl_clip_l_skip": False,
    "emphasis": "Original",
    "randn_source": "GPU",
    "eta_noise_seed_delta": 0,
    "eta_ddim": 0.0,
    "eta_ancestral": 1.0,
    "s_churn": 0.0,
    "s_tmin": 0.0,
    "s_tmax": 0.0,
    "s_noise": 1.0,
    "sigma_min": 0.0,
    "sigma_max": 0.0,
    "rho": 0.0,
    "beta_dist_alpha": 0.6,
    "beta_dist_beta": 0.6,
    "always_discard_next_to_last_sigma": False,
    "sgm_noise_multiplier": False,
    "sd_noise_schedule": "Default",
    "use_downcasted_alpha_bar": False,
    "uni_pc_variant": "bh1",
    "uni_pc_skip_type": "time_uniform",
    "uni_pc_order": 3,
    "uni_pc_lower_order_final": True,
    "skip_early_cond": 0.0,
    "s_min_uncond": 0.0,
    "s_min_uncond_all": False,
    "pad_cond_uncond": False,
    "img2img_fix_steps": False,
    "img2img_extra_noise": 0.0,
    "img2img_background_color": "#ffffff",
    "img2img_color_correction": False,
    "inpainting_mask_weight": 1.0,
    "initial_noise_multiplier": 1.0,
    "tiling": False,
    "face_restoration": False,
    "upscaler_for_img2img": None,
    "live_previews_enable": True,
    "show_progress_every_n_steps": 10,
    "show_progress_type": "Approx NN",
}

# What A1111 calls the server's way of showing previews.
PREVIEWS: Mapping[str, Mapping[str, Any]] = {
    "auto": {},
    "tiny": {"show_progress_type": "TAESD"},
    "cheap": {"show_progress_type": "Approx cheap"},
    "full": {"show_progress_type": "Full"},
    "off": {"live_previews_enable": False},
}


@dataclass
class Caller:
    """What is remembered of one owner.

    Attributes
    ----------
    settings : what was posted to `options`, whatever its name
    tasks : id of the job by the caller's task id
    """

    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    tasks: "OrderedDict[str, str]" = field(default_factory=OrderedDict[str, str])

    @property
    def sees_previews(self) -> bool:
        """Whether the caller wants pictures with the progress of a job."""
        return bool(self.settings.get("live_previews_enable", True))

    def task(self, name: object, job: str) -> None:
        """Remember under what name a caller knows a job."""
        if isinstance(name, str) and name:
            self.tasks[name[:200]] = job
            while len(self.tasks) > MOST_TASKS:
                self.tasks.popitem(last=False)

    def remember(self, posted: Mapping[str, Any]) -> None:
        """Keep settings; later ones of the same name win."""
        self.settings.update(posted)
        for name in list(self.settings)[:-MOST_SETTINGS]:
            del self.settings[name]

    def for_a_job(self) -> dict[str, Any]:
        """Give the settings that change a picture and are not what they would be anyway."""
        return {
            name: value
            for name, value in self.settings.items()
            if (name in SETTINGS or name in DEFAULTS) and value != DEFAULTS.get(name)
        }


@dataclass
class Callers:
    """All owners that have called."""

    known: dict[str, Caller] = field(default_factory=dict[str, Caller])

    def of(self, owner: str) -> Caller:
        return self.known.setdefault(owner, Caller())
