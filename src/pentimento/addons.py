"""Add-ons: the networks and embeddings that a prompt calls, looked up by name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

from .errors import ModelFileError, RequestError
from .models.embeddings import called
from .models.info import ModelInfo
from .models.networks.files import Applied, EmbeddingFile, NetworkFile
from .models.networks.find import NetworkLibrary
from .models.tokenizer import tokenizer_of
from .profiles import Profile
from .prompts import NetworkTag, Note, Prompt

_KINDS = ("lora", "lyco")


@dataclass(frozen=True)
class AddOns:
    """What is added to the model for one plan.

    Attributes
    ----------
    networks : in the order of their tags
    labels : what each network was called in its tag
    embeddings : those whose names stand in the prompts, in order
    notes : what the author of the prompt should know of them
    """

    networks: tuple[Applied, ...] = ()
    labels: tuple[str, ...] = ()
    embeddings: tuple[EmbeddingFile, ...] = ()
    notes: tuple[Note, ...] = ()


def hashes_of(addons: Iterable[AddOns]) -> dict[str, str]:
    """List the hashes of networks and embeddings as infotexts tell them, each once."""
    networks: dict[str, str] = {}
    embeddings: dict[str, str] = {}
    for own in addons:
        networks |= {label: one.file.hash for label, one in zip(own.labels, own.networks, strict=True)}
        embeddings |= {one.name: one.hash for one in own.embeddings}
    pairs = {"Lora hashes": networks, "TI hashes": embeddings}
    return {key: ", ".join(f"{name}: {own}" for name, own in rows.items()) for key, rows in pairs.items() if rows}


def find_addons(
    prompt: Prompt, negative: Prompt, library: NetworkLibrary, model: ModelInfo, profile: Profile, emphasis: str
) -> AddOns:
    """Look up what the prompts call.

    Raises
    ------
    RequestError
        Where a network is not there, is made for another family, or a weight cannot be
        read; in lenient profiles these become notes.
    """
    networks: dict[int, Applied] = {}
    notes: list[Note] = []
    for place, tag in enumerate(prompt.networks):
        try:
            network = networks[place] = _applied(tag, library, model, profile)
        except _Refused as refused:
            if profile.silence == "strict":
                raise RequestError("prompt", f"<{tag.kind}:{tag.name}>", refused.message, refused.choices) from refused
            notes.append(Note(refused.code, f"{refused.message}; it has no effect"))
            continue
        if not network.file.fits(model):
            message = f"{_made_for_another(network.file, model)}; only the layers that fit are changed"
            notes.append(Note("network_other_family", message))
    bundled = [embedding for one in networks.values() for embedding in one.file.bundled]
    texts = [segment.text for part in (*prompt.parts, *negative.parts) for segment in part.segments]
    used, strange = (
        called(texts, found, tokenizer_of(model.path), emphasis, profile.prompt_rules) if found else ()
        for found in _named((*bundled, *library.embeddings), texts, model)
    )
    for one in strange:
        widths = " and ".join(map(str, one.widths))
        message = (
            f"the embedding '{one.name}' is read as words: its vectors are {widths} wide, {model.name} needs others"
        )
        notes.append(Note("embedding_other_family", message))
    labels = tuple(prompt.networks[place].name for place in networks)
    return AddOns(tuple(networks.values()), labels, used, tuple(notes))


class _Refused(Exception):
    """A tag cannot be done; `code` and `message` are for the note or the error that comes of it."""

    def __init__(self, code: str, message: str, choices: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.choices = tuple(choices)


def _applied(tag: NetworkTag, library: NetworkLibrary, model: ModelInfo, profile: Profile) -> Applied:
    if tag.kind.lower() not in _KINDS:
        message = f"<{tag.kind}:{tag.name}> is of a kind that is not known; choices: {', '.join(_KINDS)}"
        raise _Refused("network_kind_unknown", message, _KINDS)
    try:
        file = library.find(tag.name)
    except ModelFileError as error:
        raise _Refused("network_refused", str(error)) from error
    if file is None:
        near = library.near(tag.name)
        hint = f"did you mean {' or '.join(near)}?" if near else f"networks found: {', '.join(library.names) or 'none'}"
        raise _Refused("network_unknown", f"no network is called '{tag.name}'; {hint}", library.names)
    if profile.silence == "strict" and not file.fits(model):
        raise _Refused("network_other_family", _made_for_another(file, model))
    named = dict(zip(("te", "unet", "dyn"), tag.arguments, strict=False)) | dict(tag.named)
    text_encoder = _number(tag, "te", named.get("te", "1"), float)
    unet = _number(tag, "unet", named["unet"], float) if "unet" in named else text_encoder
    rank = int(_number(tag, "dyn", named["dyn"], _rank)) if "dyn" in named else None
    return Applied(file, text_encoder, unet, rank, partly=profile.silence == "lenient")


def _made_for_another(file: NetworkFile, model: ModelInfo) -> str:
    widths = [f"width {width}" for width in (file.context_width, file.text_width) if width]
    told = ", ".join([file.family, *widths] if file.family else widths)
    return (
        f"the network '{file.name}' was made for another family of models ({told}) than {model.name} ({model.family})"
    )


def _rank(text: str) -> int:
    if (rank := int(text)) < 1:
        raise ValueError(text)
    return rank


def _number(tag: NetworkTag, name: str, text: str, convert: Callable[[str], float]) -> float:
    message = f"{name} of <{tag.kind}:{tag.name}> is '{text}', which cannot be taken; write <lora:name:0.8>"
    try:
        number = convert(text)
    except ValueError as error:
        raise _Refused("network_weight_unreadable", message) from error
    if not isfinite(number):
        raise _Refused("network_weight_unreadable", message)
    return number


def _named(
    embeddings: Sequence[EmbeddingFile], texts: Sequence[str], model: ModelInfo
) -> tuple[list[EmbeddingFile], list[EmbeddingFile]]:
    """Take the embeddings whose names may be in the texts: those that fit the model, and the others.

    Exactly which are called only tokens tell; the vocabulary is read where a name was seen.
    """
    plain = " ".join(_plain(text) for text in texts)
    found = [one for one in embeddings if _plain(one.name) in plain]
    fitting = [one for one in found if one.fits(model)]
    names = {one.name for one in fitting}
    return fitting, [one for one in found if one.name not in names]


def _plain(text: str) -> str:
    return " ".join(text.replace("\\", "").casefold().split())
