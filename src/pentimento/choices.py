"""Named choices of a request, each with its label and A1111's number for it.

This is the one place that knows how a choice is called: our name, the label on
screen in English and Russian, and the integer that A1111's API uses. Samplers and
schedules are named in their own tables (`diffusion.samplers`, `diffusion.schedules`).
"""

from dataclasses import dataclass
from typing import Literal

from .errors import unknown_name

ResizeMode = Literal["just_resize", "crop_and_resize", "resize_and_fill", "latent_upscale"]
MaskMode = Literal["inpaint_masked", "inpaint_not_masked"]
MaskedContent = Literal["fill", "original", "latent_noise", "latent_nothing", "content_aware", "edge_growth", "neutral"]
InpaintArea = Literal["whole_picture", "only_masked"]
Feather = Literal["both", "inward"]
Blend = Literal["linear", "multiband", "poisson", "auto"]
MaskAction = Literal["blend", "soft", "differential"]
Emphasis = Literal["original", "no_norm", "ignore", "none"]
NoiseSource = Literal["cpu", "philox", "device"]
UniPCVariant = Literal["bh1", "bh2", "vary_coeff"]
UniPCSpacing = Literal["time_uniform", "time_quadratic", "logsnr"]
RefinerPass = Literal["both", "first", "second"]


@dataclass(frozen=True)
class Choice:
    """One value of a choice: name, labels, A1111's integer, other spellings."""

    name: str
    label: str
    label_ru: str
    a1111: int | None = None
    aliases: tuple[str, ...] = ()

    @property
    def spellings(self) -> frozenset[str]:
        return frozenset(_folded(word) for word in (self.name, self.label, *self.aliases))


@dataclass(frozen=True)
class Choices:
    """All values of one field, in the order in which they are shown.

    Attributes
    ----------
    open : names of files that were found are values too
    """

    field: str
    rows: tuple[Choice, ...]
    open: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(row.name for row in self.rows)

    def find(self, word: str) -> Choice:
        """Find a row by name, label or alias in any letter case.

        Raises
        ------
        RequestError
            Where no row is called so; it lists the choices.
        """
        if (row := self.known(word)) is not None:
            return row
        raise unknown_name(self.field, word, self.names)

    def known(self, word: str) -> Choice | None:
        """Find a row as `find` does; None where there is none."""
        folded = _folded(word)
        return next((row for row in self.rows if folded in row.spellings), None)

    def name_of(self, word: str) -> str:
        """Give the name of a row; a word that no row is called is the name of a file, where those are taken."""
        row = self.known(word) if self.open else self.find(word)
        return word.strip() if row is None else row.name

    def label_of(self, name: str) -> str:
        """Give what is shown for a value: a row's label, or the file's name."""
        row = self.known(name) if self.open else self.find(name)
        return name if row is None else row.label

    def from_a1111(self, number: int) -> Choice:
        """Find the row for an integer of A1111's API."""
        for row in self.rows:
            if row.a1111 == number:
                return row
        raise unknown_name(self.field, str(number), [str(row.a1111) for row in self.rows if row.a1111 is not None])


def _folded(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")


RESIZE_MODE = Choices(
    "resize_mode",
    (
        Choice("just_resize", "Just resize", "Просто растянуть", 0),
        Choice("crop_and_resize", "Crop and resize", "Обрезать и растянуть", 1),
        Choice("resize_and_fill", "Resize and fill", "Вписать и заполнить", 2),
        Choice("latent_upscale", "Just resize (latent upscale)", "Растянуть в латентах", 3),
    ),
)
MASK_MODE = Choices(
    "mask_mode",
    (
        Choice("inpaint_masked", "Inpaint masked", "Перерисовать закрашенное", 0),
        Choice("inpaint_not_masked", "Inpaint not masked", "Перерисовать незакрашенное", 1),
    ),
)
MASKED_CONTENT = Choices(
    "masked_content",
    (
        Choice("fill", "fill", "заливка", 0),
        Choice("original", "original", "оригинал", 1),
        Choice("latent_noise", "latent noise", "латентный шум", 2),
        Choice("latent_nothing", "latent nothing", "латентная пустота", 3),
        Choice("content_aware", "content-aware", "по содержимому"),
        Choice("edge_growth", "edge growth", "рост краёв"),
        Choice("neutral", "neutral grey", "серый"),
    ),
)
INPAINT_AREA = Choices(
    "inpaint_area",
    (
        Choice("whole_picture", "Whole picture", "Вся картинка", 0),
        Choice("only_masked", "Only masked", "Только маска", 1),
    ),
)
FEATHER = Choices(
    "feather",
    (
        Choice("both", "Both sides", "В обе стороны"),
        Choice("inward", "Inward only", "Только внутрь"),
    ),
)
MASK_ACTION = Choices(
    "mask_action",
    (
        Choice("blend", "Blend at every step", "Смешивать на каждом шаге"),
        Choice("soft", "Soft inpainting", "Мягкий инпейнт"),
        Choice("differential", "Differential diffusion", "Сила по серому маски"),
    ),
)
BLEND = Choices(
    "blend",
    (
        Choice("linear", "Linear", "Линейно"),
        Choice("multiband", "Multiband", "По полосам частот"),
        Choice("poisson", "Poisson", "По Пуассону"),
        Choice("auto", "Least visible seam", "Наименее заметный шов", aliases=("automatic",)),
    ),
)
EMPHASIS = Choices(
    "emphasis",
    (
        Choice("original", "Original", "Как в A1111"),
        Choice("no_norm", "No norm", "Без нормировки"),
        Choice("ignore", "Ignore", "Не учитывать"),
        Choice("none", "None", "Не разбирать"),
    ),
)
NOISE_SOURCE = Choices(
    "noise_source",
    (
        Choice("cpu", "CPU", "Процессор"),
        Choice("philox", "NV", "Philox (как CUDA)", aliases=("nvidia",)),
        Choice("device", "GPU", "Устройство"),
    ),
)
UNIPC_VARIANT = Choices(
    "unipc_variant",
    (
        Choice("bh1", "bh1", "bh1"),
        Choice("bh2", "bh2", "bh2"),
        Choice("vary_coeff", "vary_coeff", "vary_coeff"),
    ),
)
UNIPC_SPACING = Choices(
    "unipc_spacing",
    (
        Choice("time_uniform", "time_uniform", "равномерно по времени"),
        Choice("time_quadratic", "time_quadratic", "квадратично по времени"),
        Choice("logsnr", "logSNR", "равномерно по logSNR"),
    ),
)
_PIXEL_UPSCALERS = (
    Choice("lanczos", "Lanczos", "Ланцош", aliases=("none",)),
    Choice("nearest", "Nearest", "Ближайший"),
)
RESIZE_UPSCALER = Choices("resize_upscaler", _PIXEL_UPSCALERS, open=True)
HIRES_UPSCALER = Choices(
    "hires_upscaler",
    (
        Choice("latent", "Latent", "Латенты"),
        Choice("latent_antialiased", "Latent (antialiased)", "Латенты (со сглаживанием)"),
        Choice("latent_bicubic", "Latent (bicubic)", "Латенты (бикубически)"),
        Choice("latent_bicubic_antialiased", "Latent (bicubic antialiased)", "Латенты (бикубически, со сглаживанием)"),
        Choice("latent_nearest", "Latent (nearest)", "Латенты (ближайший)"),
        Choice("latent_nearest_exact", "Latent (nearest-exact)", "Латенты (ближайший, точно)"),
        *_PIXEL_UPSCALERS,
    ),
    open=True,
)
REFINER_PASS = Choices(
    "refiner_pass",
    (
        Choice("both", "both passes", "оба прохода"),
        Choice("first", "first pass", "первый проход"),
        Choice("second", "second pass", "второй проход"),
    ),
)
TABLES: tuple[Choices, ...] = (
    RESIZE_MODE,
    MASK_MODE,
    MASKED_CONTENT,
    INPAINT_AREA,
    FEATHER,
    MASK_ACTION,
    BLEND,
    EMPHASIS,
    NOISE_SOURCE,
    UNIPC_VARIANT,
    UNIPC_SPACING,
    RESIZE_UPSCALER,
    HIRES_UPSCALER,
    REFINER_PASS,
)
