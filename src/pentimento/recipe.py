"""The recipe: everything that is needed to make a picture again, byte for byte.

A recipe is JSON. Pictures in its request are references, `sha256:<hex>`; their bytes are
in an `InputStore`, or in the recipe itself once it was exported.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Self

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from . import metadata
from .apart import mapped, taken_apart
from .errors import ImageError, RecipeError, RequestError
from .files import data_dir, write_atomically
from .libraries import library_versions
from .pictures.mask_text import is_mask_text
from .pictures.write import to_png
from .profiles import Profile
from .request import PICTURE_FIELDS, Picture, Request

FORMAT = 2
"""Version of the recipe's own form; 2 knows scripts, and 1 is written where there is none."""

_REFERENCE = "sha256:"
_OPTIONS = "script.options."
"""Before the place of a picture among a script's options."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelRecord(_Record):
    """A model or VAE: its name and the SHA-256 of its content."""

    name: str
    sha256: Sha256
    family: str = ""

    @property
    def hash(self) -> str:
        """First 10 digits, as infotexts name models."""
        return self.sha256[:10]


class InputRecord(_Record):
    """An input picture.

    Attributes
    ----------
    size : bytes of the file
    source : where it was, the user's home written "~"; None where it never was a file
    data : the file itself in base64, in exported recipes
    """

    sha256: Sha256
    size: int
    source: str | None = None
    data: str | None = None


class ScriptRecord(_Record):
    """A script that put a picture together from several runs: its name, its options, pictures as references."""

    name: str
    options: dict[str, Any] = {}


class Recipe(_Record):
    """How one picture was made.

    Attributes
    ----------
    version : of the recipe's form
    program : what wrote it, "Pentimento 0.1.0"
    request : all fields as they ran (styles merged into the prompts), pictures as references;
        where there is a script, as they were given to it
    script : what put the picture together; None where it is from one run
    index : the picture's place among those of the request, or of the script
    profile : every choice of the profile, so that a later change of it is noticed
    addons : hashes of the networks and embeddings that the prompts call, as the infotext tells them
    others : SHA-256 of the other models (refiner, second pass) by name
    inputs : the pictures by their field; those of a script's options by their place in the
        recipe, such as "script.options.masks.0"
    libraries : versions that affect bytes
    pixels : SHA-256 of the picture's pixels, see `pixels_sha256`
    """

    version: int = 1
    program: str
    request: dict[str, Any]
    script: ScriptRecord | None = None
    index: int = 0
    seed: int
    variation_seed: int = 0
    profile: dict[str, str]
    model: ModelRecord
    vae: ModelRecord | None = None
    addons: dict[str, str] = {}
    others: dict[str, Sha256] = {}
    libraries: dict[str, str]
    device: str
    dtype: str
    inputs: dict[str, InputRecord] = {}
    pixels: Sha256

    @property
    def fields(self) -> dict[str, Any]:
        """The request's fields for the one picture: its own seed, alone in its batch; all that a script was given."""
        if self.script is not None:
            return self.request
        alone = {"seed": self.seed, "variation_seed": self.variation_seed, "batch_size": 1, "batch_count": 1}
        return {**self.request, **alone}

    def to_json(self) -> str:
        """Write it; `from_json` reads it back equal."""
        return self.model_dump_json(exclude_none=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        RecipeError
            Where it is damaged, or of a newer form than this program knows.
        """
        try:
            recipe = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "text"
            raise RecipeError(f"the recipe cannot be read: {place}: {first['msg']}") from error
        if recipe.version > FORMAT:
            raise RecipeError(
                f"the recipe is of form {recipe.version}, written by {recipe.program}; this program reads forms"
                f" up to {FORMAT}: use a newer one"
            )
        return recipe


class InputStore:
    """Input pictures on disk, found by the SHA-256 of their bytes.

    Parameters
    ----------
    folder : made when needed; left out = in the user's data folder
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder).expanduser() if folder is not None else data_dir() / "inputs"

    def put(self, data: bytes) -> str:
        """Keep bytes; return their SHA-256, 64 hex digits."""
        digest = hashlib.sha256(data).hexdigest()
        place = self._place(digest)
        if self.get(digest) is None:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(place, data)
        return digest

    def put_picture(self, picture: Picture, field: str = "init_image") -> str:
        """Keep a picture of a request as the file that it is."""
        return self.put(picture_bytes(picture, field))

    def get(self, sha256: str) -> bytes | None:
        """Give bytes back; None where they are not here, or are damaged."""
        try:
            data = self._place(sha256).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256


def picture_bytes(picture: Picture, field: str) -> bytes:
    """Give the bytes of a picture of a request: the file's, or a PNG of what never was a file.

    Raises
    ------
    ImageError
        Where a file is missing.
    """
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, Image.Image):
        return to_png(picture)
    try:
        return Path(picture).expanduser().read_bytes()
    except OSError as error:
        raise ImageError(field, picture, f"{picture} cannot be read ({error.strerror})") from error


def reference_to(picture: Picture) -> str:
    """Name a picture by its content, `sha256:<hex>`; a path stays one."""
    return picture if isinstance(picture, str) else _REFERENCE + hashlib.sha256(picture_bytes(picture, "")).hexdigest()


def pixels_sha256(image: Image.Image) -> str:
    """Hash a picture's mode, size and pixels, whatever file it is in.

    Examples
    --------
    >>> grey, colour = Image.new("L", (2, 2)), Image.new("RGB", (2, 2))
    >>> pixels_sha256(grey) == pixels_sha256(grey.copy()), pixels_sha256(grey) == pixels_sha256(colour)
    (True, False)
    """
    head = f"{image.mode} {image.width}x{image.height}\n".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()


def make_recipe(
    request: Request,
    image: Image.Image,
    *,
    program: str,
    seed: int,
    variation_seed: int,
    profile: Profile,
    model: ModelRecord,
    device: str,
    dtype: str,
    index: int = 0,
    vae: ModelRecord | None = None,
    addons: Mapping[str, str] | None = None,
    others: Mapping[str, str] | None = None,
) -> Recipe:
    """Record how a picture was made.

    Parameters
    ----------
    request : as it ran, styles merged into the prompts
    image : the result
    """
    fields, inputs = _by_content(request)
    return Recipe(
        program=program,
        request=fields,
        index=index,
        seed=seed,
        variation_seed=variation_seed,
        profile=asdict(profile),
        model=model,
        vae=vae,
        addons=dict(addons or {}),
        others=dict(others or {}),
        libraries=dict(library_versions()),
        device=device,
        dtype=dtype,
        inputs=inputs,
        pixels=pixels_sha256(image),
    )


def compose_recipe(
    parts: Sequence[Recipe],
    request: Request,
    script: str,
    options: BaseModel,
    image: Image.Image,
    *,
    model: ModelRecord,
    seed: int,
    variation_seed: int,
    index: int,
) -> Recipe:
    """Record how a script put a picture together.

    Parameters
    ----------
    parts : of all its runs
    request : as it was given to the script, seeds fixed
    model : which the request names
    index : the picture's place among those that the script gives
    """
    fields, inputs = _by_content(request)
    chosen, more = _by_content(options, _OPTIONS)
    others = {part.model.name: part.model.sha256 for part in parts if part.model.sha256 != model.sha256}
    for part in parts:
        others |= {name: digest for name, digest in part.others.items() if digest != model.sha256}
    return parts[0].model_copy(
        update={
            "version": FORMAT,
            "request": fields,
            "script": ScriptRecord(name=script, options=chosen),
            "index": index,
            "seed": seed,
            "variation_seed": variation_seed,
            "model": model,
            "addons": {name: digest for part in parts for name, digest in part.addons.items()},
            "others": others,
            "inputs": {**inputs, **more},
            "pixels": pixels_sha256(image),
        }
    )


def _by_content(values: BaseModel, above: str = "") -> tuple[dict[str, Any], dict[str, InputRecord]]:
    """Give a model's values with references for its pictures, and what they point to, by place."""
    fields, pictures = taken_apart(values)
    inputs = {place: _record(picture, place) for place, picture in pictures.items()}
    told = mapped(fields, lambda place, value: _REFERENCE + inputs[place].sha256 if place in inputs else value)
    return told, {f"{above}{place}": record for place, record in inputs.items()}


def _record(picture: Picture, field: str) -> InputRecord:
    data = picture_bytes(picture, field)
    source = _without_home(Path(picture)) if isinstance(picture, str) else None
    return InputRecord(sha256=hashlib.sha256(data).hexdigest(), size=len(data), source=source)


def _without_home(path: Path) -> str:
    # Results are given away; the name of the user's account should not go with them.
    whole = path.expanduser().absolute()
    home = Path.home()
    return f"~/{whole.relative_to(home).as_posix()}" if whole.is_relative_to(home) else whole.as_posix()


def open_recipe(source: str | Path | bytes) -> Recipe:
    """Read the recipe in a picture or in a .json file.

    Parameters
    ----------
    source : path, or the bytes of such a file

    Raises
    ------
    RecipeError
        Where there is none, or it is damaged.
    ImageError
        Where the file is missing, or neither a picture nor JSON.
    """
    name = "the given bytes" if isinstance(source, bytes) else str(source)
    if isinstance(source, bytes):
        head = source[:64]
    elif Path(source).is_file():
        with Path(source).open("rb") as file:
            head = file.read(64)
    else:
        head = b""
    if head.lstrip().startswith(b"{"):
        return Recipe.from_json(source if isinstance(source, bytes) else Path(source).read_bytes())
    found = metadata.read(source)
    if found.recipe is None:
        hint = "; its infotext tells prompt and settings, but not the pictures" if found.infotext else ""
        raise RecipeError(f"{name} carries no recipe{hint}")
    return Recipe.from_json(found.recipe)


def export(recipe: Recipe, store: InputStore) -> Recipe:
    """Put the input pictures into the recipe, so that it can be run anywhere.

    Raises
    ------
    RecipeError
        Where one is missing.
    """
    found = _found_inputs(recipe, store)
    records = {
        name: record.model_copy(update={"data": base64.b64encode(found[name]).decode()})
        for name, record in recipe.inputs.items()
    }
    return recipe.model_copy(update={"inputs": records})


def to_fields(
    recipe: Recipe, store: InputStore | Mapping[str, bytes] | None = None, without: Collection[str] = ()
) -> dict[str, Any]:
    """Restore the fields of a recipe's request, see `Recipe.fields`, pictures as their bytes.

    Parameters
    ----------
    without : fields that are not wanted; their pictures may be missing

    Raises
    ------
    RecipeError
        Where input pictures are missing; it says which and where they were.
    """
    fields = {name: value for name, value in recipe.fields.items() if name not in without}
    found = _found_inputs(recipe.model_copy(update={"request": fields}), store)
    return {name: found.get(name, value) for name, value in fields.items()}


def to_request(
    recipe: Recipe, store: InputStore | Mapping[str, bytes] | None = None, *, over: Picture | None = None
) -> Request:
    """Restore the request of a recipe, see `Recipe.fields`.

    Parameters
    ----------
    store : where its input pictures are, by the SHA-256 of their bytes
    over : a picture to work on instead of its own

    Raises
    ------
    RecipeError
        Where input pictures are missing (it says which and where they were), or the request
        is not one that this program takes.
    """
    given = {} if over is None else {"init_image": over}
    fields = to_fields(recipe, store, without=given)
    try:
        return Request(**fields, **given)
    except RequestError as error:
        raise RecipeError(f"the recipe's request cannot be run by this program: {error}") from error


def to_options(recipe: Recipe, store: InputStore | None = None) -> dict[str, Any]:
    """Restore the options of a recipe's script, pictures as their bytes; none where there is no script.

    Raises
    ------
    RecipeError
        Where input pictures are missing.
    """
    found = _found_inputs(recipe, store)
    options = recipe.script.options if recipe.script else {}
    return mapped(options, lambda place, value: found.get(f"{_OPTIONS}{place}", value))


def _references(recipe: Recipe) -> dict[str, object]:
    """List by place what stands for a picture that is kept elsewhere; a drawn mask stands for itself."""
    found = {name: recipe.request.get(name) for name in PICTURE_FIELDS}

    def note(place: str, value: Any) -> None:
        if f"{_OPTIONS}{place}" in recipe.inputs:
            found[f"{_OPTIONS}{place}"] = value

    mapped(recipe.script.options if recipe.script else {}, note)
    is_here = {name: value is None or isinstance(value, str) and is_mask_text(value) for name, value in found.items()}
    return {name: value for name, value in found.items() if not is_here[name]}


def _found_inputs(recipe: Recipe, store: InputStore | Mapping[str, bytes] | None) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    missing: list[str] = []
    for name, reference in _references(recipe).items():
        record = recipe.inputs.get(name)
        data = _input(record, store) if record and reference == _REFERENCE + record.sha256 else None
        if data is None:
            missing.append(f"{name} ({_told(record) if record else reference})")
        else:
            found[name] = data
    if missing:
        place = f"in {store.folder}" if isinstance(store, InputStore) else "in the recipe"
        raise RecipeError(f"not {place}: {', '.join(missing)}; put it there, or export the recipe where it is")
    return found


def _input(record: InputRecord, store: InputStore | Mapping[str, bytes] | None) -> bytes | None:
    if record.data is not None:
        try:
            data = base64.b64decode(record.data, validate=True)
        except ValueError:
            return None
        return data if hashlib.sha256(data).hexdigest() == record.sha256 else None
    return store.get(record.sha256) if store else None


def _told(record: InputRecord) -> str:
    was = f"was {record.source}, " if record.source else ""
    return f"{was}{record.size} bytes, sha256 {record.sha256}"
