"""What fields and their groups are called on screen, in English and Russian."""

from dataclasses import dataclass

MODES = frozenset({"txt2img", "img2img", "inpaint"})


@dataclass(frozen=True)
class Group:
    """Fields that belong together: from one field of the request on, shown for some modes only."""

    name: str
    label: str
    label_ru: str
    first: str
    modes: frozenset[str] = MODES


@dataclass(frozen=True)
class Label:
    """The label of one field."""

    label: str
    label_ru: str


GROUPS = (
    Group("what", "What to paint", "Что нарисовать", "prompt"),
    Group("how", "How", "Как", "sampler"),
    Group("from_picture", "From the picture", "По картинке", "denoising_strength", frozenset({"img2img", "inpaint"})),
    Group("edges", "Edges", "Края", "tiling"),
    Group("inpaint", "Inpaint", "Перерисовка части", "mask_blur", frozenset({"inpaint"})),
    Group("reading", "Prompt reading", "Чтение запроса", "clip_skip"),
    Group("sampler", "Sampler's options", "Настройки сэмплера", "eta"),
    Group("noise", "Noise", "Шум", "noise_multiplier"),
    Group("guidance", "Guidance", "Управление запросом", "skip_early_cond"),
    Group("behaviour", "Behaviour", "Поведение", "color_correction"),
)

LABELS: dict[str, Label] = {
    "prompt": Label("Prompt", "Запрос"),
    "negative_prompt": Label("Negative prompt", "Отрицательный запрос"),
    "styles": Label("Styles", "Стили"),
    "init_image": Label("Picture", "Картинка"),
    "mask": Label("Mask", "Маска"),
    "model": Label("Model", "Модель"),
    "vae": Label("VAE", "VAE"),
    "sampler": Label("Sampling method", "Метод сэмплирования"),
    "schedule": Label("Schedule type", "Расписание"),
    "steps": Label("Sampling steps", "Шаги"),
    "width": Label("Width", "Ширина"),
    "height": Label("Height", "Высота"),
    "batch_size": Label("Batch size", "Картинок за раз"),
    "batch_count": Label("Batch count", "Сколько раз"),
    "cfg_scale": Label("CFG scale", "Сила запроса (CFG)"),
    "seed": Label("Seed", "Зерно"),
    "variation_seed": Label("Variation seed", "Зерно вариации"),
    "variation_strength": Label("Variation strength", "Сила вариации"),
    "seed_resize": Label("Resize seed from", "Зерно от размера"),
    "denoising_strength": Label("Denoising strength", "Сила изменения"),
    "exact_steps": Label("Exactly this many steps", "Ровно столько шагов"),
    "resize_mode": Label("Resize mode", "Изменение размера"),
    "background": Label("Background colour", "Цвет фона"),
    "tiling": Label("Tiling", "Бесшовные края"),
    "mask_blur": Label("Mask blur", "Размытие маски"),
    "mask_mode": Label("Mask mode", "Режим маски"),
    "masked_content": Label("Masked content", "Что под маской"),
    "inpaint_area": Label("Inpaint area", "Область перерисовки"),
    "only_masked_padding": Label("Only masked padding, px", "Отступ вокруг закрашенного, px"),
    "feather": Label("Feather", "Растушёвка"),
    "mask_round": Label("Whole latent cells", "Целые латентные клетки"),
    "inpainting_mask_weight": Label("Inpaint conditioning weight", "Вес маски для inpaint-моделей"),
    "clip_skip": Label("Clip skip", "Пропуск слоёв CLIP"),
    "emphasis": Label("Emphasis", "Веса слов"),
    "clip_skip_on_sdxl": Label("Clip skip on SDXL", "Пропуск слоёв CLIP на SDXL"),
    "eta": Label("Eta", "Эта"),
    "s_churn": Label("Sigma churn", "Взбалтывание сигмы"),
    "s_tmin": Label("Sigma tmin", "Нижняя сигма взбалтывания"),
    "s_tmax": Label("Sigma tmax", "Верхняя сигма взбалтывания"),
    "s_noise": Label("Sigma noise", "Шум сэмплера"),
    "sigma_min": Label("Lowest sigma", "Наименьшая сигма"),
    "sigma_max": Label("Highest sigma", "Наибольшая сигма"),
    "rho": Label("Rho", "Ро"),
    "beta_alpha": Label("Beta schedule: alpha", "Бета-расписание: альфа"),
    "beta_beta": Label("Beta schedule: beta", "Бета-расписание: бета"),
    "discard_penultimate_sigma": Label("Discard next-to-last sigma", "Без предпоследней сигмы"),
    "sgm_noise_multiplier": Label("SGM noise multiplier", "Множитель шума SGM"),
    "zero_terminal_snr": Label("Zero terminal SNR", "Нулевой конечный SNR"),
    "downcast_alphas": Label("Half-precision noise levels", "Уровни шума половинной точности"),
    "unipc_variant": Label("UniPC variant", "UniPC: вариант"),
    "unipc_spacing": Label("UniPC skip type", "UniPC: сетка"),
    "unipc_order": Label("UniPC order", "UniPC: порядок"),
    "unipc_lower_order_final": Label("UniPC lower order final", "UniPC: ниже порядок в конце"),
    "noise_multiplier": Label("Noise multiplier", "Множитель шума"),
    "extra_noise": Label("Extra noise", "Добавочный шум"),
    "noise_source": Label("Random number generator", "Источник случайных чисел"),
    "eta_noise_seed_delta": Label("Eta noise seed delta", "Сдвиг зерна позднего шума"),
    "skip_early_cond": Label("Ignore negative prompt early", "Без отрицательного в начале"),
    "s_min_uncond": Label("Negative guidance minimum sigma", "Сигма, ниже которой без отрицательного"),
    "s_min_uncond_all": Label("In every such step", "На каждом таком шаге"),
    "pad_cond_uncond": Label("Pad prompts to the same length", "Выровнять длину запросов"),
    "color_correction": Label("Colour correction", "Коррекция цвета"),
    "profile": Label("Profile", "Профиль"),
}


def group_of() -> dict[str, Group]:
    """Give the group of every labelled field, in the request's order."""
    starts = {group.first: group for group in GROUPS}
    groups: dict[str, Group] = {}
    group = GROUPS[0]
    for name in LABELS:
        group = starts.get(name, group)
        groups[name] = group
    return groups
