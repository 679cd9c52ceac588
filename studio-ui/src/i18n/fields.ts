// What the server says in English only, in Russian: descriptions of fields and warnings of plans.
// What is not here is shown as the server says it.

import type { Field, FieldName, Warning } from '../api/types';
import { language } from '../state/preferences';

const FIELDS: Readonly<Partial<Record<string, string>>> = {
  prompt: 'что должно быть на картинке',
  negative_prompt: 'чего на ней быть не должно',
  styles: 'сохранённые стили, добавляются к обоим запросам',
  model: 'название модели',
  vae: 'файл другого VAE; пусто = свой у модели',
  sampler: 'метод сэмплирования',
  schedule: 'расстановка уровней шума; automatic = своя у сэмплера',
  steps: 'шаги сэмплирования',
  batch_size: 'сколько картинок сразу',
  batch_count: 'сколько раз',
  cfg_scale: 'насколько точно следовать запросу',
  seed: '-1 = случайное',
  variation_seed: '-1 = случайное',
  variation_strength: '0 = только зерно, 1 = только зерно вариации',
  seed_resize: 'ширина и высота, для которых берётся шум зерна, затем он кладётся в середину',
  denoising_strength: '0 = без изменений, 1 = совсем новая',
  exact_steps: 'выполнить все шаги, какой бы ни была сила',
  resize_mode: 'что делать, если у картинки другая форма',
  background: 'цвет под прозрачными частями, пока на них смотрит сеть',
  tiling: 'края стыкуются, как у плитки',
  mask_blur: 'пиксели картинки, сигма Гаусса; одно число или по числу на ось',
  mask_mode: 'перерисовать закрашенное или всё остальное',
  masked_content: 'что сеть увидит под маской',
  inpaint_area: 'работать со всей картинкой или с увеличенной закрашенной частью',
  only_masked_padding: 'сколько пикселей картинки вокруг закрашенного увидит сеть',
  feather: 'внутрь = ни один незакрашенный пиксель не изменится',
  mask_round: 'перерисовывать латентную клетку целиком или никак; выключено = по серому маски',
  inpainting_mask_weight: 'модели для инпейнта: какая доля закрашенного скрыта от сети',
  clip_skip: 'слой текстового кодировщика, считая с конца',
  emphasis: 'что делают (веса:1.2)',
  clip_skip_on_sdxl: 'пропуск слоёв действует и на первый кодировщик SDXL',
  eta: 'сколько шума добавляется назад; пусто = своё у сэмплера (1, у DDIM 0)',
  s_churn: 'случайность Euler, Heun и DPM2',
  s_tmin: 'наименьшая сигма, при которой она действует',
  s_tmax: 'наибольшая сигма, при которой она действует; пусто = без предела',
  s_noise: 'множитель шума, который добавляет сэмплер',
  sigma_min: 'наименьшая сигма расписания; пусто = от модели',
  sigma_max: 'наибольшая сигма расписания; пусто = от модели',
  rho: 'кривизна расписаний Karras и polyexponential; пусто = своя',
  beta_alpha: 'первый параметр расписания beta',
  beta_beta: 'второй параметр расписания beta',
  discard_penultimate_sigma: 'пропустить последнюю сигму перед 0',
  sgm_noise_multiplier: 'txt2img: начинать с sqrt(1 + sigma^2) вместо sigma',
  zero_terminal_snr: 'растянуть уровни шума так, чтобы последний был чистым шумом',
  downcast_alphas: 'округлять уровни шума до половинной точности, как старые версии',
  unipc_variant: 'UniPC: B(h)',
  unipc_spacing: 'UniPC: сетка',
  unipc_order: 'UniPC: порядок',
  unipc_lower_order_final: 'UniPC: ниже порядок на последних шагах',
  noise_multiplier: 'множитель начального шума',
  extra_noise: 'шум сверху, о котором сэмплер не знает',
  noise_source: 'генератор случайных чисел',
  eta_noise_seed_delta: 'прибавляется к зерну только для позднего шума',
  skip_early_cond: 'доля первых шагов без отрицательного запроса',
  s_min_uncond: 'сигма, ниже которой каждый второй шаг идёт без отрицательного запроса',
  s_min_uncond_all: 'пропускать его на каждом таком шаге',
  pad_cond_uncond: 'дополнить оба запроса до одной длины',
  color_correction: 'подогнать цвета результата к исходной картинке',
  profile: 'pentimento или a1111: те же картинки, что у A1111',
} satisfies Partial<Record<FieldName, string>>;

/** `{0}`, `{1}` … are the numbers of the English sentence, in their order. */
const WARNINGS: Readonly<Record<string, string>> = {
  mask_empty: 'маска пуста: ничего не закрашено',
  mask_swallowed: 'размытая маска нигде не доходит до половины (самое большее {0} %): закрашенное почти не изменится',
  mask_thin: 'маска тоньше латентной клетки ({0} px при {1} px): части её могут не перерисоваться',
  mask_full: 'закрашена вся картинка: это img2img',
  feather_inward_thin: 'маска шириной {0} px смягчается внутрь на {1} px: её середина не станет совсем новой',
  strength_zero: 'сила 0 возвращает картинку без изменений',
  no_steps: 'при такой силе не выполнится ни одного шага; увеличьте силу или число шагов',
  one_step: 'при такой силе выполнится только {0} шаг из {1}',
  size_above_model:
    'работа идёт в {0} × {1}, а модель сделана для {2} × {3}: предметы могут повторяться, и это в {4} раза дольше',
  size_below_model: 'работа идёт в {0} × {1}, а модель сделана для {2} × {3}: деталей будет меньше',
  crop_upscaled:
    'закрашенная часть увеличивается больше чем вчетверо: она будет резче окружения; отступ побольше покажет сети больше картинки',
  aspect_changed: 'картинка растягивается с {0} × {1} до {2} × {3}',
  latent_content_strength: 'такое содержимое под маской оставляет следы при силе ниже 0,8',
  inpaint_model_without_mask: 'модель для инпейнта без маски перерисует всю картинку',
  resize_mode_unused: '«только закрашенное» сохраняет размер картинки: изменение размера не действует',
  network_other_family: 'сеть сделана для другой модели',
  network_unknown: 'такой сети нет',
  network_refused: 'сеть не удалось прочитать',
  network_weight_unreadable: 'вес сети не читается',
  network_kind_unknown: 'такого вида сетей нет',
  embedding_other_family: 'эмбеддинг сделан для другой модели',
  prompt_switch_never: 'переключение в запросе: второй текст никогда не действует',
  prompt_switch_at_start: 'переключение в запросе: первый текст никогда не действует',
  prompt_part_not_parsed: 'скобка в запросе похожа на переключение, но не читается; она осталась текстом',
  prompt_not_parsed: 'запрос не разобран: один знак мешает всем переключениям',
  prompt_bracket_not_closed: 'открытая скобка в запросе не закрыта',
  prompt_bracket_not_opened: 'закрывающая скобка в запросе осталась текстом',
  prompt_weight_without_and: 'число в конце запроса без AND осталось текстом',
  prompt_weight_in_open_bracket: 'число после незакрытой скобки осталось текстом',
  prompt_weight_unreadable: 'вес в скобках не читается как число',
  prompt_break_in_brackets: 'BREAK внутри скобок с весом стал словом',
  prompt_network_in_negative: 'сеть вызвана в отрицательном запросе: она не действует',
  prompt_network_not_closed: 'у вызова сети не закрыта скобка',
};

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const describe = (field: Field): string =>
  sentence((language.value === 'ru' && FIELDS[field.name]) || field.description);

export function warningText(warning: Warning): string {
  const template = language.value === 'ru' ? WARNINGS[warning.code] : undefined;
  if (!template) return sentence(warning.message);
  const numbers = warning.message.match(/\d+(?:\.\d+)?/g) ?? [];
  return sentence(template.replace(/\{(\d+)\}/g, (_, place: string) => numbers[Number(place)] ?? '?'));
}
