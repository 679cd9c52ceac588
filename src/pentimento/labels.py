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
    Group("strength", "Strength", "Сила", "denoising_strength"),
    Group("from_picture", "From the picture", "По картинке", "resize_mode", frozenset({"img2img", "inpaint"})),
    Group("edges", "Edges", "Края", "tiling"),
    Group("inpaint", "Inpaint", "Инпейнт", "mask_blur", frozenset({"inpaint"})),
    Group("outpaint", "Outpaint", "Аутпейнт", "extend", frozenset({"img2img", "inpaint"})),
    Group("second_pass", "Second pass", "Второй проход", "hires_scale", frozenset({"txt2img"})),
    Group("refiner", "Refiner", "Рефайнер", "refiner"),
    Group("reading", "Prompt reading", "Чтение промпта", "clip_skip"),
    Group("sampler", "Sampler's options", "Настройки сэмплера", "eta"),
    Group("noise", "Noise", "Шум", "noise_multiplier"),
    Group("guidance", "Guidance", "Следование промпту", "skip_early_cond"),
    Group("behaviour", "Behaviour", "Поведение", "color_correction"),
)

LABELS: dict[str, Label] = {
    "prompt": Label("Prompt", "Промпт"),
    "negative_prompt": Label("Negative prompt", "Негативный промпт"),
    "styles": Label("Styles", "Стили"),
    "init_image": Label("Picture", "Картинка"),
    "mask": Label("Mask", "Маска"),
    "model": Label("Model", "Модель"),
    "vae": Label("VAE", "VAE"),
    "sampler": Label("Sampling method", "Сэмплер"),
    "schedule": Label("Schedule type", "Расписание"),
    "steps": Label("Sampling steps", "Шаги"),
    "width": Label("Width", "Ширина"),
    "height": Label("Height", "Высота"),
    "batch_size": Label("Batch size", "Картинок за раз"),
    "batch_count": Label("Batch count", "Сколько раз"),
    "cfg_scale": Label("CFG scale", "Сила промпта (CFG)"),
    "seed": Label("Seed", "Сид"),
    "variation_seed": Label("Variation seed", "Сид вариации"),
    "variation_strength": Label("Variation strength", "Сила вариации"),
    "seed_resize": Label("Resize seed from", "Размер для сида"),
    "denoising_strength": Label("Denoising strength", "Сила денойза"),
    "exact_steps": Label("Exactly this many steps", "Ровно столько шагов"),
    "resize_mode": Label("Resize mode", "Режим изменения размера"),
    "resize_upscaler": Label("Upscaler for the picture", "Апскейлер картинки"),
    "background": Label("Background colour", "Цвет фона"),
    "tiling": Label("Tiling", "Бесшовные края"),
    "mask_blur": Label("Mask blur", "Размытие маски"),
    "mask_mode": Label("Mask mode", "Режим маски"),
    "masked_content": Label("Masked content", "Содержимое под маской"),
    "inpaint_area": Label("Inpaint area", "Область инпейнта"),
    "only_masked_padding": Label("Only masked padding, px", "Отступ вокруг маски, px"),
    "feather": Label("Feather", "Растушёвка"),
    "mask_round": Label("Whole latent cells", "Целые латентные клетки"),
    "mask_action": Label("What grey does", "Что делает серое"),
    "soft_schedule_bias": Label("Schedule bias", "Смещение по расписанию"),
    "soft_preservation_strength": Label("Preservation strength", "Сила сохранения"),
    "soft_transition_contrast": Label("Transition contrast boost", "Контраст перехода"),
    "soft_mask_influence": Label("Mask influence", "Влияние маски"),
    "soft_difference_threshold": Label("Difference threshold", "Порог отличия"),
    "soft_difference_contrast": Label("Difference contrast", "Контраст отличия"),
    "inpainting_mask_weight": Label("Inpaint conditioning weight", "Вес маски для inpaint-моделей"),
    "latent_mask": Label("Mask while sampling", "Маска для латентов"),
    "extend": Label("Extend by: left, top, right, bottom", "Расширить: слева, сверху, справа, снизу"),
    "extend_overlap": Label("Overlap, px", "Нахлёст, px"),
    "hires_scale": Label("Hires. fix: upscale by", "Hires. fix: во сколько раз"),
    "hires_width": Label("Resize width to", "Ширина второго прохода"),
    "hires_height": Label("Resize height to", "Высота второго прохода"),
    "hires_upscaler": Label("Upscaler", "Апскейлер"),
    "hires_steps": Label("Hires steps", "Шаги второго прохода"),
    "hires_cfg_scale": Label("Hires CFG scale", "CFG второго прохода"),
    "hires_sampler": Label("Hires sampling method", "Сэмплер второго прохода"),
    "hires_schedule": Label("Hires schedule type", "Расписание второго прохода"),
    "hires_model": Label("Hires checkpoint", "Модель второго прохода"),
    "hires_prompt": Label("Hires prompt", "Промпт второго прохода"),
    "hires_negative_prompt": Label("Hires negative prompt", "Негативный промпт второго прохода"),
    "refiner": Label("Refiner checkpoint", "Модель рефайнера"),
    "refiner_switch_at": Label("Switch at", "Переключить при"),
    "refiner_by_steps": Label("Count by steps", "Считать по шагам"),
    "refiner_pass": Label("In which pass", "В каком проходе"),
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
    "eta_noise_seed_delta": Label("Eta noise seed delta", "Сдвиг сида позднего шума"),
    "skip_early_cond": Label("Ignore negative prompt early", "Без негативного в начале"),
    "s_min_uncond": Label("Negative guidance minimum sigma", "Сигма, ниже которой без негативного"),
    "s_min_uncond_all": Label("In every such step", "На каждом таком шаге"),
    "pad_cond_uncond": Label("Pad prompts to the same length", "Выровнять длину промптов"),
    "color_correction": Label("Colour correction", "Коррекция цвета"),
    "blend": Label("Paste-back", "Как вклеить"),
    "match_grain": Label("Match grain", "Подобрать зерно"),
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
