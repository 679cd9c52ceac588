"""What options of scripts are called on screen; one that is a field of the request too has that field's label."""

from ..labels import LABELS, Label

OPTION_LABELS: dict[str, Label] = {
    "x": Label("Across", "По горизонтали"),
    "y": Label("Down", "По вертикали"),
    "z": Label("Block by block", "По блокам"),
    "legend": Label("Legend", "Подписи"),
    "margin": Label("Margin between pictures, px", "Промежуток между картинками, px"),
    "next_seeds": Label("Next seed along", "Следующий сид вдоль"),
    "loops": Label("Loops", "Повторов"),
    "final_denoising_strength": Label("Final denoising strength", "Сила денойза в конце"),
    "curve": Label("Curve of the strength", "Как меняется сила"),
    "scale": Label("Enlarge, times", "Увеличить, раз"),
    "upscaler": Label("Upscaler", "Апскейлер"),
    "overlap": Label("Overlap of tiles, px", "Нахлёст плиток, px"),
    "mask_each_tile": Label("The whole mask on every tile", "Вся маска на каждой плитке"),
    "of": Label("Parts stand in", "Где стоят части"),
    "at_start": Label("Parts before the rest", "Части перед остальным"),
    "different_seeds": Label("Different seeds", "Разные сиды"),
    "delimiter": Label("Between the parts", "Между частями"),
    "text": Label("Lines", "Строки"),
    "place": Label("Where a line's prompt stands", "Где стоит промпт строки"),
    "step_size": Label("Grow at once by", "За один шаг"),
    "order": Label("Order", "Порядок"),
    "pixels": Label("Pixels to add", "Добавить px"),
    "blur": Label("Softness of the line, px", "Размытие границы, px"),
    "directions": Label("Sides that grow", "Какие стороны растут"),
    "fall_off": Label("Fall-off of the noise", "Спад шума"),
    "color_variation": Label("Colour variation", "Разброс цвета"),
    "regions": Label("Regions", "Области"),
    "detector": Label("What proposes details", "Что предлагает детали"),
    "boxes": Label("Boxes", "Прямоугольники"),
    "detector_model": Label("Detection model", "Модель-детектор"),
    "look_for": Label("What to look for", "Что искать"),
    "confidence": Label("Confidence", "Уверенность"),
    "min_area": Label("Least share of the picture", "Наименьшая доля картинки"),
    "max_area": Label("Largest share of the picture", "Наибольшая доля картинки"),
    "max_count": Label("Only the largest, 0 = all", "Только самые большие, 0 = все"),
    "shape": Label("Shape", "Форма"),
    "grow": Label("Widen masks by, px", "Расширить маски, px"),
    "merge": Label("Merge", "Слить"),
    "detail_prompt": Label("Prompt of details", "Промпт деталей"),
    "detail_negative_prompt": Label("Negative prompt of details", "Негативный промпт деталей"),
    "detail_denoising_strength": Label("Denoising strength of details", "Сила денойза деталей"),
    "detail_fields": Label("Other fields of details", "Другие поля деталей"),
    "then": Label("Further passes", "Следующие проходы"),
    "paint_first": Label("Run the request first", "Сначала выполнить запрос"),
}


def label_of(option: str) -> Label:
    """Give an option's label; one that has none yet is called by its name."""
    plain = option.replace("_", " ").capitalize()
    return OPTION_LABELS.get(option) or LABELS.get(option) or Label(plain, plain)
