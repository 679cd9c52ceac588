"""The studio: holds models and what was encoded, plans and runs requests."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PIL import Image

from .errors import OutOfMemoryError, RequestError
from .framing import FRAMERS
from .models.captioners import Captioner, find_captioner, scan_captioners
from .models.find import Library, scan
from .models.folders import look_in
from .models.hub import Watch
from .models.info import ModelInfo
from .models.networks.files import EmbeddingFile, NetworkFile
from .models.networks.find import NetworkLibrary, scan_networks
from .models.previews import PreviewDecoder, PreviewMethod, check_method, decoder_for, scan_preview_decoders
from .models.upscalers.find import UpscalerFile, UpscalerLibrary, scan_upscalers
from .models.vaes import list_vaes
from .pictures.read import read_picture, split
from .pictures.upscale import PIXEL_UPSCALERS
from .plan import Plan, resolve
from .prompts.styles import Style, read_styles
from .recipe import InputStore
from .request import Picture, Request
from .upscaling import upscale_request

if TYPE_CHECKING:
    from .encoding import Cache
    from .models.base import Model
    from .models.describing import Describer
    from .models.sketching import Sketch, TinyDecoder
    from .models.upscalers.upscaler import Upscaler
    from .pipeline import Event
    from .result import Finished, Result


@dataclass
class Resident:
    """The models that are in memory, the one used last at the end."""

    capacity: int = 1
    models: dict[tuple[object, ...], "Model"] = field(default_factory=dict[tuple[object, ...], "Model"])

    def get(self, key: tuple[object, ...], load: Callable[[], "Model"], together: int = 1) -> "Model":
        """Give a model, loaded if it is not here; `together` are needed at once."""
        if key not in self.models:
            while len(self.models) >= max(self.capacity, together):
                self.models.pop(next(iter(self.models)))
            self.models[key] = load()
        self.models[key] = self.models.pop(key)
        return self.models[key]


class Studio:
    """Plan and run requests on one device.

    Parameters
    ----------
    models : folder or folders to look for models in, with all that is below them; the user's own is looked through too
    model : name, file or hub id of the model that is used unless a request names another
    device : `auto`, `cpu`, `cuda`, `cuda:1`, `mps`
    dtype : `auto`, `float32`, `bfloat16`, `float16`
    data : folder for what results need to be run again; left out = the user's data folder
    styles : a styles.csv as A1111 writes it
    download : whether a model given by hub id or by its name in the catalogue may be fetched
    paths : whether a request may name a model by a path outside the folders
    watch : opened around a download, see `models.hub.fetch`
    preview : what events of steps show: `auto` (a tiny decoder where there is one, else a map of colours),
        `cheap` (the map), `tiny`, `full` (the model's own decoder), `off`; no picture depends on it

    Examples
    --------
    >>> studio = Studio()  # doctest: +SKIP
    >>> studio.run(Request(prompt="a red house", seed=1)).save("house.png")  # doctest: +SKIP
    """

    def __init__(
        self,
        models: str | Path | Iterable[str | Path] = (),
        model: str = "builtin",
        device: str = "auto",
        dtype: str = "auto",
        *,
        data: str | Path | None = None,
        styles: str | Path | None = None,
        download: bool = False,
        paths: bool = True,
        watch: Watch = nullcontext,
        preview: str = "auto",
    ) -> None:
        self.model = model
        self.device = device
        self.dtype = dtype
        self.download = download
        self.paths = paths
        self.watch = watch
        self.data = data
        self.preview: PreviewMethod = check_method(preview)
        self._folders = (models,) if isinstance(models, str | Path) else tuple(models)
        self._styles_file = styles
        self._resident = Resident()
        self._upscaler: tuple[UpscalerFile, Upscaler] | None = None
        self._describer: tuple[Captioner, Describer] | None = None
        self._tiny: TinyDecoder | None = None
        self._busy = threading.Lock()
        self._caches: WeakKeyDictionary[Model, Cache] = WeakKeyDictionary()

    @cached_property
    def styles(self) -> dict[str, Style]:
        """Saved styles by name."""
        if self._styles_file is None:
            return {}
        try:
            return read_styles(Path(self._styles_file).expanduser().read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            message = f"{self._styles_file} cannot be read ({error}); give a styles.csv in UTF-8"
            raise RequestError("styles", str(self._styles_file), message) from error

    @cached_property
    def inputs(self) -> InputStore:
        """The store of input pictures that recipes point to."""
        return InputStore(self.data)

    @cached_property
    def library(self) -> Library:
        """The models that were found; scanned on first use."""
        return scan(look_in(self._folders))

    @cached_property
    def addons(self) -> NetworkLibrary:
        """The networks and embeddings that were found in and beside the model folders; scanned on first use."""
        return scan_networks(look_in(self._folders))

    @cached_property
    def upscalers(self) -> UpscalerLibrary:
        """The upscalers that were found in and beside the model folders; scanned on first use."""
        return scan_upscalers(look_in(self._folders))

    @cached_property
    def captioners(self) -> tuple[Captioner, ...]:
        """The models that describe pictures in the model folders; scanned on first use."""
        return scan_captioners(look_in(self._folders))

    @cached_property
    def preview_decoders(self) -> tuple[PreviewDecoder, ...]:
        """The decoders for previews in and beside the model folders; scanned on first use."""
        return scan_preview_decoders(look_in(self._folders))

    def refresh(self) -> None:
        """Look for models, networks, upscalers and styles again when they are next needed."""
        for name in ("library", "addons", "upscalers", "captioners", "preview_decoders", "styles"):
            self.__dict__.pop(name, None)

    @cached_property
    def where(self) -> tuple[str, str]:
        """The device and the precision that are used, such as ("cpu, 2 threads", "float32")."""
        import torch

        from .models.memory import choose_device, choose_dtype

        device = choose_device(self.device)
        # On a CPU the number of threads decides in what order sums are made, and so the last bit.
        threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
        return f"{device}{threads}", str(choose_dtype(self.dtype, device)).removeprefix("torch.")

    def models(self) -> list[ModelInfo]:
        """List all models that were found, the built-in one first."""
        return list(self.library.models)

    def networks(self) -> list[NetworkFile]:
        """List the networks (LoRA and its kin) that prompts may call."""
        return list(self.addons.networks)

    def embeddings(self) -> list[EmbeddingFile]:
        """List the textual inversions whose names may stand in prompts."""
        return list(self.addons.embeddings)

    def find(self, name: str | None = None) -> ModelInfo:
        """Find a model by name, file name, hash, path or hub id.

        Raises
        ------
        ModelNotFoundError
            Where there is none; names the nearest.
        """
        allow_paths = self.paths or not name  # what the studio was opened with is nobody's request
        return self.library.find(
            name or self.model, allow_download=self.download, allow_paths=allow_paths, watch=self.watch
        )

    def plan(self, request: Request) -> Plan:
        """Decide what a request will do, without doing it.

        Raises
        ------
        RequestError, ModelError
            Where it cannot be done; names the field and the way out.
        """
        request = self._with_vae(request)
        return resolve(request, self.find(request.model), self.styles, self.addons, self.find, self.upscalers)

    def _with_vae(self, request: Request) -> Request:
        """Let the file of a VAE stand for its name, which is looked for beside the models."""
        if request.vae is None or Path(request.vae).is_absolute():
            return request
        found = list_vaes(self._folders).get(request.vae.removesuffix(".safetensors"))
        return request if found is None else request.changed(vae=str(found))

    def preview_frame(self, request: Request) -> dict[str, Image.Image]:
        """Show what a plan does to the picture: `source`, `mask` and `shown` to the network.

        An upscaler's network does not run for it; Lanczos stands for it.
        """
        plan = self.plan(request)
        upscale = PIXEL_UPSCALERS.get(request.resize_upscaler, PIXEL_UPSCALERS["lanczos"])
        frame = FRAMERS[plan.profile.overlay].frame(request, plan.inputs, plan.layout, upscale)
        pictures = {"source": frame.source and frame.source.image, "mask": plan.inputs.blurred, "shown": frame.shown}
        return {name: picture for name, picture in pictures.items() if picture is not None}

    def run(
        self,
        request: Request | Plan,
        on_event: Callable[["Event"], None] | None = None,
        cancel: threading.Event | None = None,
        *,
        on_picture: Callable[["Finished"], None] | None = None,
        only: Collection[int] | None = None,
    ) -> "Result":
        """Make the pictures of a request, or execute a plan.

        Parameters
        ----------
        on_event : told of every step and picture
        cancel : set it from anywhere to stop within one call of the network
        on_picture : given every picture with infotext and recipe as soon as it is finished
        only : which pictures to make, by their place in the plan; each is the same as with all the others

        Raises
        ------
        Cancelled
            Where `cancel` was set.
        OutOfMemoryError
            Where the device's memory does not do; says what to change.
        """
        import torch

        from .pipeline import Event, Run, paint
        from .result import finish, make_result

        plan = self.plan(request) if isinstance(request, Request) else request
        run = Run(
            caches=self._caches, cancel=cancel or threading.Event(), upscaler=self.load_upscaler, sketch=self._sketch
        )
        if on_event is not None:
            run.on_event = on_event
        started = time.perf_counter()
        pictures: list[Finished] = []

        def load(info: ModelInfo) -> "Model":
            model = self.load(plan, info, lambda: run.on_event(Event("loading", 0, len(plan.pictures))))
            run.on_event(Event("loaded", 0, len(plan.pictures)))
            return model

        with self._busy:
            try:
                for painted in paint(plan, load, run, only):
                    pictures.append(finish(plan, painted, self.where))
                    if on_picture is not None:
                        on_picture(pictures[-1])
            except torch.OutOfMemoryError as error:
                self._resident.models.clear()
                self._upscaler = None
                raise OutOfMemoryError(
                    f"the device has too little memory for {plan.passes[-1].layout.working} px; ask for a smaller"
                    " width and height, inpaint_area 'only_masked', or dtype 'float16'"
                ) from error
        run.seconds["total"] = time.perf_counter() - started
        run.on_event(Event("finished", len(pictures), len(pictures)))
        return make_result(plan, pictures, run.seconds, self.inputs)

    def upscale(
        self,
        picture: Picture,
        *,
        by: float | None = None,
        width: int | None = None,
        height: int | None = None,
        upscaler: str = "lanczos",
        crop: bool = False,
        on_event: Callable[["Event"], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> "Result":
        """Enlarge a picture, repainting nothing.

        Parameters
        ----------
        by : factor on both sides
        width, height : px, instead of the factor; one alone keeps the shape
        upscaler : lanczos, nearest, or a network in the model folders
        crop : cut off what sticks out of width x height; otherwise it is stretched to it
        on_event, cancel : as for `run`

        Raises
        ------
        RequestError
            Where the size or the upscaler cannot be taken.
        """
        asked = upscale_request(picture, by=by, width=width, height=height, upscaler=upscaler, crop=crop)
        return self.run(asked, on_event, cancel)

    def describe(self, picture: Picture, model: str | None = None, *, most_tokens: int = 40) -> str:
        """Say what a picture shows, by a BLIP, GIT or ViT-GPT2 model.

        Parameters
        ----------
        model : name, folder or hub id; left out = the first in the model folders
        most_tokens : where the text ends at the latest

        Raises
        ------
        ModelNotFoundError
            Where there is none; says how to get one.
        """
        from .models.describing import load_describer
        from .models.memory import choose_device, choose_dtype

        captioner = find_captioner(model, self.captioners, allow_download=self.download)
        image = split(read_picture(picture, "image"), "#ffffff", "flatten").image
        with self._busy:
            if self._describer is None or self._describer[0] != captioner:
                device = choose_device(self.device)
                self._describer = captioner, load_describer(captioner, device, choose_dtype(self.dtype, device))
            return self._describer[1].describe(image, most_tokens)

    def load_upscaler(self, file: UpscalerFile) -> "Upscaler":
        """Bring an upscaler's network into memory; the last one stays there."""
        from .models.memory import choose_device, choose_dtype
        from .models.upscalers.loading import load_upscaler

        if self._upscaler is None or self._upscaler[0] != file:
            device = choose_device(self.device)
            self._upscaler = file, load_upscaler(file, device, choose_dtype(self.dtype, device))
        return self._upscaler[1]

    def _sketch(self, model: "Model") -> "Sketch | None":
        """Give what draws previews of a model; the last tiny decoder stays in memory."""
        from .models.sketching import WITH_TINY, load_tiny, sketch_by

        file = decoder_for(model.info, self.preview_decoders) if self.preview in WITH_TINY else None
        if file is not None and (self._tiny is None or self._tiny.file != file):
            self._tiny = load_tiny(file, model.device, model.dtype)
        return sketch_by(self.preview, model, None if file is None else self._tiny)

    def warm_up(self) -> None:
        """Import what running needs, so that the first run does not wait for it."""
        for name in ("pipeline", "result", "models.loading"):
            import_module(f".{name}", __package__)
        from .models.loading import LIBRARIES

        for name in LIBRARIES:
            import_module(name)

    def load(self, plan: Plan, info: ModelInfo | None = None, on_loading: Callable[[], None] = lambda: None) -> "Model":
        """Bring a model of the plan into memory.

        Parameters
        ----------
        info : which; left out = the plan's first
        on_loading : called where that takes time, because it is not there yet
        """
        from .models.loading import load
        from .models.memory import choose_device, choose_dtype

        device = choose_device(self.device)
        dtype = choose_dtype(self.dtype, device)
        vae = None if plan.request.vae is None else Path(plan.request.vae).expanduser()
        tiling, wanted = plan.request.tiling, info or plan.model

        def bring() -> "Model":
            on_loading()
            return load(wanted, device=device, dtype=dtype, vae=vae, tiling=tiling)

        return self._resident.get((wanted.path, vae, device, dtype, tiling), bring, together=len(plan.models))
