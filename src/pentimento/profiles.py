"""Profiles: which of two behaviours is meant wherever A1111 and we differ.

A profile is data. Code never asks for a profile's name, only for one of its choices.
"""

from dataclasses import dataclass
from typing import Literal

from .errors import unknown_name


@dataclass(frozen=True)
class Profile:
    """One frozen record of named behaviours.

    Attributes
    ----------
    strength : what denoising strength means. `continuous`: a level of noise, the same
        for every schedule; 0 gives the source back, 1 starts from pure noise.
        `a1111`: cuts the table of sigmas at `int(strength * steps)`.
    kept_area : what the network sees outside the mask. `renoised`: the source at the
        current level of noise; `clean`: as A1111 (denoised blend; DDIM family sees it clean).
    latent_mask : `max_pool`: every cell that holds a paintable pixel is repainted;
        `rounded`: bicubic reduction, rounded at one half.
    vae_encode : `mode` or `sample` of the posterior.
    to_bytes : `round` or `truncate` when pixels become 8 bits.
    overlay : `float`: composited in float, untouched bytes kept; `a1111`: 8-bit
        premultiplied overlay, doubled mask in "Whole picture".
    color : what colour correction does. `known`: takes out the shift that the untouched part
        shows; `hues`: matches the histogram of hues, as A1111. Without a mask both do that.
    latent_noise : `independent` of the start noise, or the `shared` one.
    prompt_rules : `mended`: schedules count executed steps, a part that does not parse
        stays literal alone, no accidental weights; `a1111`: as A1111 v1.10.1.
    emphasis_norm : mean restored per `text`, or over all texts of a `schedule` at once.
    sizes : `any`: padded to the model's multiple and cropped back; `floored`.
    cfg_one : at guidance 1 `skip` the negative prompt, or `run` it.
    mask_size : a mask of another size than the picture is refused (`strict`), or taken (`lenient`).
    alpha : `keep` the source's transparency, or `flatten` it on the background colour.
    tile_edges : with tiling, pictures go on over their edges also while they are enlarged and
        encoded (`wrapped`), or only inside the network (`plain`).
    refiner_networks : the prompt's networks are `applied` to the refiner too, or `left_out`.
    silence : unknown names are refused (`strict`), or replaced and noted (`lenient`).
    """

    name: str
    strength: Literal["continuous", "a1111"]
    kept_area: Literal["renoised", "clean"]
    latent_mask: Literal["max_pool", "rounded"]
    vae_encode: Literal["mode", "sample"]
    to_bytes: Literal["round", "truncate"]
    overlay: Literal["float", "a1111"]
    color: Literal["known", "hues"]
    latent_noise: Literal["independent", "shared"]
    prompt_rules: Literal["mended", "a1111"]
    emphasis_norm: Literal["text", "schedule"]
    sizes: Literal["any", "floored"]
    cfg_one: Literal["skip", "run"]
    mask_size: Literal["strict", "lenient"]
    alpha: Literal["keep", "flatten"]
    tile_edges: Literal["wrapped", "plain"]
    refiner_networks: Literal["applied", "left_out"]
    silence: Literal["strict", "lenient"]


PENTIMENTO = Profile(
    name="pentimento",
    strength="continuous",
    kept_area="renoised",
    latent_mask="max_pool",
    vae_encode="mode",
    to_bytes="round",
    overlay="float",
    color="known",
    latent_noise="independent",
    prompt_rules="mended",
    emphasis_norm="text",
    sizes="any",
    cfg_one="skip",
    mask_size="strict",
    alpha="keep",
    tile_edges="wrapped",
    refiner_networks="applied",
    silence="strict",
)
A1111 = Profile(
    name="a1111",
    strength="a1111",
    kept_area="clean",
    latent_mask="rounded",
    vae_encode="sample",
    to_bytes="truncate",
    overlay="a1111",
    color="hues",
    latent_noise="shared",
    prompt_rules="a1111",
    emphasis_norm="schedule",
    sizes="floored",
    cfg_one="run",
    mask_size="lenient",
    alpha="flatten",
    tile_edges="plain",
    refiner_networks="left_out",
    silence="lenient",
)
PROFILES: dict[str, Profile] = {profile.name: profile for profile in (PENTIMENTO, A1111)}


def find_profile(name: str) -> Profile:
    """Look a profile up by name.

    Raises
    ------
    RequestError
        Where there is no such profile; it lists them.
    """
    if name.lower() not in PROFILES:
        raise unknown_name("profile", name, list(PROFILES))
    return PROFILES[name.lower()]
