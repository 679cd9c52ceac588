"""Models that find things in pictures: object detectors of transformers, with their classes or with words.

Nothing heavy is imported before a model is loaded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from ..errors import ModelFileError, ModelNotFoundError, RequestError, unknown_name
from .hub import HUB_ID

_FILES = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
)
_SAME_THING = 0.5
"""Share of two boxes' union that is in both, above which they are one thing found twice."""
Model = Any
"""A model or a processor of transformers, whose types say nothing."""


@dataclass(frozen=True)
class Found:
    """One thing in a picture: the edges of its box in px, how sure the model is (0..1), and what it is."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    label: str

    @property
    def area(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    def overlap(self, other: "Found") -> float:
        """Give the share of both boxes' union that is in both."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(0.0, width) * max(0.0, height)
        return shared / max(1e-9, self.area + other.area - shared)


@dataclass(frozen=True)
class Kind:
    """A kind of detector.

    Attributes
    ----------
    loads : name of the class of transformers that loads it
    find : (model, processor, picture, words, least score) to what was found
    """

    loads: str
    find: Callable[[Model, Model, Image.Image, Sequence[str], float], Sequence[Found]]


def _by_class(
    model: Model, processor: Model, image: Image.Image, words: Sequence[str], confidence: float
) -> Sequence[Found]:
    """Look for the classes that the model was trained on."""
    names: Mapping[int, str] = model.config.id2label
    known = {name.casefold(): name for name in names.values()}
    for word in words:
        if word.casefold() not in known:
            raise unknown_name("look_for", word, sorted(set(names.values())))
    outputs = model(**_on_device(processor(images=image, return_tensors="pt"), model))
    (found,) = processor.post_process_object_detection(
        outputs, threshold=confidence, target_sizes=[(image.height, image.width)]
    )
    wanted = {known[word.casefold()] for word in words}
    labels = [names[int(label)] for label in found["labels"]]
    return [one for one in _listed(found, labels) if not wanted or one.label in wanted]


def _by_words(
    model: Model, processor: Model, image: Image.Image, words: Sequence[str], confidence: float
) -> Sequence[Found]:
    """Look for what the words say."""
    if not words:
        raise RequestError("look_for", "", "this detector looks for what it is told; give words, such as 'a face'")
    texts = [list(words)]
    inputs = processor(text=texts, images=image, return_tensors="pt")
    outputs = model(**_on_device(inputs, model))
    (found,) = processor.post_process_grounded_object_detection(
        outputs, threshold=confidence, target_sizes=[(image.height, image.width)], text_labels=texts
    )
    return _listed(found, [str(label) for label in found["text_labels"]])


def _on_device(inputs: Mapping[str, Any], model: Model) -> dict[str, Any]:
    return {name: value.to(model.device) for name, value in inputs.items()}


def _listed(found: Mapping[str, Any], labels: Sequence[str]) -> list[Found]:
    boxes: list[tuple[float, float, float, float]] = found["boxes"].tolist()
    scores: list[float] = found["scores"].tolist()
    rows = zip(boxes, scores, labels, strict=True)
    return [Found(left, top, right, bottom, score, label) for (left, top, right, bottom), score, label in rows]


CLASSES = Kind("AutoModelForObjectDetection", _by_class)
WORDS = Kind("AutoModelForZeroShotObjectDetection", _by_words)
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(
        ("detr", "conditional_detr", "deformable_detr", "yolos", "rt_detr", "rt_detr_v2", "d_fine"), CLASSES
    ),
    **dict.fromkeys(("owlvit", "owlv2", "grounding-dino", "mm-grounding-dino"), WORDS),
}
"""A kind for every type of model that is known to work here, as its configuration names it."""


class ObjectFinder:
    """A detector in memory.

    Parameters
    ----------
    folder : as `find_detector` gives it
    device : where it runs; it is small, and always in single precision

    Raises
    ------
    ModelFileError
        Where it is no detector that can be used here.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        import transformers

        library = cast(Any, transformers)
        try:
            config = library.AutoConfig.from_pretrained(folder, local_files_only=True)
            self.kind = _kind_of(folder, config.model_type)
            loads = getattr(library, self.kind.loads)
            self._model: Model = loads.from_pretrained(folder, local_files_only=True, use_safetensors=True)
            reads = library.AutoProcessor if self.kind is WORDS else library.AutoImageProcessor
            self._processor: Model = reads.from_pretrained(folder, local_files_only=True, backend="pil")
        except (OSError, ValueError, ImportError) as error:
            reason = " ".join(str(error).split())
            raise ModelFileError(
                f"{folder} is no detector that can be used here: {reason}; take a folder of transformers with"
                " safetensors that needs neither timm nor torchvision, such as YOLOS, RT-DETR, OWLv2 or Grounding DINO"
            ) from error
        self._model.eval().to(device)

    def find(self, image: Image.Image, words: Sequence[str], confidence: float) -> list[Found]:
        """Find things, the surest first; of several boxes around one thing the surest.

        Parameters
        ----------
        words : what to look for; nothing = all classes, where the model has classes
        confidence : least score, 0..1

        Raises
        ------
        RequestError
            Where the model has no such class, or wants words.
        """
        import torch

        with torch.inference_mode():
            found = self.kind.find(self._model, self._processor, image.convert("RGB"), words, confidence)
        kept: list[Found] = []
        for one in sorted(found, key=lambda one: (-one.score, one.left, one.top)):
            if np.isfinite(one.area) and one.area > 0 and all(one.overlap(other) <= _SAME_THING for other in kept):
                kept.append(one)
        return kept


def _kind_of(folder: Path, model_type: str) -> Kind:
    if model_type not in KINDS:
        raise ModelFileError(
            f"{folder} is a model of type '{model_type}', no detector that is known here; choices: {', '.join(KINDS)}"
        )
    return KINDS[model_type]


def find_detector(name: str, *, allow_download: bool = False, allow_paths: bool = True) -> Path:
    """Find the folder of a detector by its path, or by its hub id in the hub's cache.

    Parameters
    ----------
    allow_download : what is not on this machine is fetched

    Raises
    ------
    ModelNotFoundError
        Where it is not here and may not be fetched, or the hub does not give it.
    """
    folder = Path(name).expanduser()
    if allow_paths and (folder / "config.json").is_file():
        return folder
    if not HUB_ID.fullmatch(name):
        raise ModelNotFoundError(f"'{name}' is no folder of a detector, and no hub id such as owner/name")
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    client = cast(Any, huggingface_hub)
    try:
        return Path(client.snapshot_download(name, allow_patterns=_FILES, local_files_only=not allow_download))
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise ModelNotFoundError(
            f"the detector '{name}' is not on this machine; allow downloads (--download), or give its folder"
        ) from error
    except (HfHubHTTPError, OSError) as error:
        reason = str(error).split("\n", 1)[0]
        raise ModelNotFoundError(f"the hub does not give out the detector '{name}': {reason}") from error
