"""The result: pictures, and all that is needed to understand, keep and re-run them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from . import __version__, infotext
from .addons import hashes_of
from .framing import FRAMERS, Floats, in_place
from .metadata import encode, save
from .models.hashes import content_hash
from .models.info import ModelInfo
from .models.upscalers.find import UpscalerFile
from .pictures.metrics import Footprint, footprint
from .pictures.seams import Seam, seam
from .plan import Plan, Seeds
from .recipe import InputStore, ModelRecord, Recipe, make_recipe
from .request import Request

PROGRAM = f"{infotext.PROGRAM} {__version__}"

if TYPE_CHECKING:
    from .pipeline import Painted


@dataclass(frozen=True, eq=False)
class Finished:
    """One finished picture, with all that goes into its file.

    Attributes
    ----------
    index : its place in the request, from 0
    footprint : where it changed; None without a mask
    weight : [H, W] share of the new pixel, 0..1; None where all is new
    made : what the network made of it, at its place, before it was pasted; RGBA
    painted : as it came from the road
    """

    index: int
    image: Image.Image
    seeds: Seeds
    infotext: str = field(repr=False)
    recipe: Recipe = field(repr=False)
    footprint: Footprint | None
    made: Image.Image = field(repr=False)
    weight: Floats | None = field(repr=False)
    icc: bytes | None = field(repr=False)
    painted: "Painted" = field(repr=False)

    def encode(self, format: str, quality: int = 90) -> bytes:
        """Give the bytes of its file, with infotext and recipe inside.

        Raises
        ------
        ImageError
            Where the format cannot hold the picture.
        """
        return encode(
            self.image, format, infotext=self.infotext, recipe=self.recipe.to_json(), icc=self.icc, quality=quality
        )


@dataclass(frozen=True, eq=False)
class Result:
    """What came out of a run.

    Attributes
    ----------
    images : in order; RGB, or RGBA where the source had transparency
    seeds, variation_seeds, infotexts, recipes : one for each picture
    footprints : where each picture changed; None without a mask
    timings : seconds of every step of the road, and "total"
    weights : of each, [H, W] share of the new pixel, 0..1; None where all is new
    made : what the network made of each, at its place, before it was pasted; RGBA
    painted : each as it came from the road
    """

    images: Sequence[Image.Image]
    seeds: Sequence[int]
    variation_seeds: Sequence[int]
    infotexts: Sequence[str] = field(repr=False)
    recipes: Sequence[Recipe] = field(repr=False)
    footprints: Sequence[Footprint | None]
    plan: Plan = field(repr=False)
    timings: Mapping[str, float] = field(repr=False)
    weights: Sequence[Floats | None] = field(repr=False)
    made: Sequence[Image.Image] = field(repr=False)
    icc: bytes | None = field(repr=False)
    inputs: InputStore = field(repr=False)
    painted: Sequence["Painted"] = field(repr=False)

    def tile(self, index: int = 0) -> Floats | None:
        """Give what was mixed into a picture, before it was rounded to 8 bits.

        Returns
        -------
        [h, w, 3] of the size of the box that was worked on, about 0..1; None where the source came back, or
        something was pasted otherwise than by the weight alone.
        """
        pixels = self.painted[index].pixels
        if pixels is None or self.plan.request.blend != "linear":
            return None
        profile = self.plan.profile
        return FRAMERS[profile.overlay].tile(self.painted[index].frame, pixels, profile)

    @cached_property
    def seams(self) -> Sequence[Seam | None]:
        """How well the edge of what was repainted can be seen in each picture; None without a mask."""
        pairs = zip(self.images, self.weights, strict=True)
        return [None if w is None else seam(np.asarray(image.convert("RGB")), w) for image, w in pairs]

    def save(self, path: str | Path, format: str | None = None, quality: int = 90) -> list[Path]:
        """Write the pictures with infotext and recipe inside, and keep their inputs for a re-run.

        Parameters
        ----------
        path : a file, or a folder (which exists, or ends in a slash), where names are `00001-seed.png`
        format : png, jpg, webp or avif; left out = from the file name, else png

        Raises
        ------
        RequestError
            Where the format cannot hold the picture.
        """
        for picture in self.plan.request.pictures.values():
            self.inputs.put_picture(picture)
        targets = self.targets(path, format)
        for index, (image, target) in enumerate(zip(self.images, targets, strict=True)):
            save(
                image,
                target,
                format,
                infotext=self.infotexts[index],
                recipe=self.recipes[index].to_json(),
                icc=self.icc,
                quality=quality,
            )
        return targets

    def targets(self, path: str | Path, format: str | None = None) -> list[Path]:
        """Name the files that `save` writes."""
        folder = Path(path)
        if not (folder.is_dir() or str(path).endswith(("/", "\\"))):
            extra = [folder.with_stem(f"{folder.stem}-{index + 1}") for index in range(1, len(self.images))]
            return [folder, *extra]
        folder.mkdir(parents=True, exist_ok=True)
        taken = [int(digits) for file in folder.iterdir() if (digits := file.name.split("-")[0]).isdigit()]
        first = max(taken, default=0) + 1
        suffix = format or "png"
        return [folder / f"{first + index:05d}-{seed}.{suffix}" for index, seed in enumerate(self.seeds)]


def finish(plan: Plan, painted: "Painted", where: tuple[str, str]) -> Finished:
    """Describe a picture that was painted.

    Parameters
    ----------
    where : device and precision
    """
    return Finished(
        index=painted.index,
        image=painted.image,
        seeds=painted.seeds,
        infotext=infotext_of(plan, painted.seeds),
        recipe=_recipe(plan, painted, *where),
        footprint=_footprint(plan, painted),
        made=in_place(painted.made, plan.layout),
        weight=painted.frame.weight,
        icc=painted.frame.icc,
        painted=painted,
    )


def make_result(plan: Plan, pictures: Sequence[Finished], timings: Mapping[str, float], inputs: InputStore) -> Result:
    """Gather the pictures of a run.

    Parameters
    ----------
    inputs : where saving keeps the pictures of the request
    """
    return Result(
        images=[picture.image for picture in pictures],
        seeds=[picture.seeds.seed for picture in pictures],
        variation_seeds=[picture.seeds.variation_seed for picture in pictures],
        infotexts=[picture.infotext for picture in pictures],
        recipes=[picture.recipe for picture in pictures],
        footprints=[picture.footprint for picture in pictures],
        plan=plan,
        timings=timings,
        weights=[picture.weight for picture in pictures],
        made=[picture.made for picture in pictures],
        icc=next((picture.icc for picture in pictures), None),
        inputs=inputs,
        painted=[picture.painted for picture in pictures],
    )


def parameters(plan: Plan, seeds: Seeds) -> dict[str, infotext.Value]:
    """List what the infotext of one picture says."""
    facts = infotext.InfotextFacts(
        seed=seeds.seed,
        size=plan.layout.asked,
        version=PROGRAM,
        variation_seed=seeds.variation_seed,
        model=plan.model.name,
        model_hash=plan.model.hash,
        inpaint_model=plan.model.inpaint,
        vae=plan.request.vae and Path(plan.request.vae).name,
        extra={**hashes_of(plan.all_addons), **_other_models(plan)},
    )
    return infotext.describe(plan.request, facts)


def _other_models(plan: Plan) -> dict[str, str]:
    """Name the models of the second pass and of the refiner as A1111 does."""
    told = {"Hires checkpoint": plan.then.model.title} if plan.then and plan.request.hires_model else {}
    for each in plan.passes:
        told |= {"Refiner": each.refiner.model.title} if each.refiner else {}
    return told


def infotext_of(plan: Plan, seeds: Seeds) -> str:
    """Write the infotext of one picture."""
    return infotext.write(plan.prompt_text, plan.negative_text, parameters(plan, seeds))


def _recipe(plan: Plan, picture: "Painted", device: str, dtype: str) -> Recipe:
    vae = plan.request.vae and Path(plan.request.vae).expanduser()
    return make_recipe(
        _as_it_ran(plan),
        picture.image,
        program=PROGRAM,
        seed=picture.seeds.seed,
        variation_seed=picture.seeds.variation_seed,
        profile=plan.profile,
        model=model_record(plan.model),
        vae=ModelRecord(name=vae.name, sha256=content_hash(vae)) if vae else None,
        device=device,
        dtype=dtype,
        index=picture.index,
        addons=hashes_of(plan.all_addons),
        others={one.name: content_hash(one.path) for one in _others(plan)},
    )


def _others(plan: Plan) -> list[ModelInfo | UpscalerFile]:
    """List all files that affect the picture beside the model: of other passes, and upscalers."""
    return [*(info for info in plan.models if info.path != plan.model.path), *plan.upscalers]


def _as_it_ran(plan: Plan) -> Request:
    """Give the request with its styles merged into the prompts."""
    request = plan.request
    texts = {"prompt": plan.prompt_text, "negative_prompt": plan.negative_text}
    if plan.then is not None:
        texts["hires_prompt"] = request.hires_prompt and plan.then.prompt_text
        texts["hires_negative_prompt"] = request.hires_negative_prompt and plan.then.negative_text
    return request.changed(**texts, styles=())


def model_record(model: ModelInfo) -> ModelRecord:
    """Name a model for a recipe."""
    return ModelRecord(name=model.name, sha256=content_hash(model.path), family=model.family)


def _footprint(plan: Plan, picture: "Painted") -> Footprint | None:
    source, painted = picture.frame.source, plan.inputs.painted
    if source is None or painted is None or not painted.size == source.size == picture.image.size:
        return None
    return footprint(np.asarray(source.image), np.asarray(picture.image.convert("RGB")), np.asarray(painted))
