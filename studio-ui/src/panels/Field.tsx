// One field of the request, drawn by its type.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Choice, FieldName, Field as FieldRow } from '../api/types';
import { labelOf, t } from '../i18n';
import { describe } from '../i18n/fields';
import { troubleWith } from '../state/plan';
import { defaultOf, isSet, read, resetValue, setValue } from '../state/request';
import { fieldOf, styles } from '../state/server';
import { fitsSegments, Head, NumberBox, type Range, Segments, Slider } from './controls';

/** What a slider covers; larger numbers can be typed. */
const RANGES: Readonly<Partial<Record<string, Range>>> = {
  denoising_strength: { low: 0, high: 1, step: 0.01 },
  steps: { low: 1, high: 60, step: 1 },
  cfg_scale: { low: 1, high: 20, step: 0.5 },
  mask_blur: { low: 0, high: 64, step: 1 },
  only_masked_padding: { low: 0, high: 256, step: 4 },
  batch_size: { low: 1, high: 8, step: 1 },
  batch_count: { low: 1, high: 16, step: 1 },
} satisfies Partial<Record<FieldName, Range>>;

const UNITS: Readonly<Partial<Record<string, string>>> = {
  width: 'px',
  height: 'px',
  mask_blur: 'px',
  only_masked_padding: 'px',
  seed_resize: 'px',
} satisfies Partial<Record<FieldName, string>>;

export const choicesOf = (field: FieldRow): Choice[] => field.choices ?? [];

function rangeOf(field: FieldRow): Range | null {
  const known = RANGES[field.name];
  if (known) return known;
  const unit = field.minimum === 0 && field.maximum === 1 && field.type === 'number';
  return unit ? { low: 0, high: 1, step: 0.01 } : null;
}

const clamp = (value: number, field: FieldRow): number =>
  Math.min(field.maximum ?? Number.MAX_VALUE, Math.max(field.minimum ?? -Number.MAX_VALUE, value));

interface Drawn {
  field: FieldRow;
  id: string;
  label: string;
  help: string;
  trouble: string | null;
}

const setters = (name: string) => ({ set: isSet(name), reset: () => resetValue(name) });

/** The number that stands for any: of seeds, whose smallest it is. */
const RANDOM = -1;

function NumberField({ field, label, help, trouble, id }: Drawn) {
  const value = read(field.name);
  const random = value === RANDOM && field.minimum === RANDOM;
  const shown = typeof value === 'number' && !random ? value : null;
  const range = rangeOf(field);
  const set = (next: number | null) => setValue(field.name, next === null ? null : clamp(next, field));
  return (
    <>
      <Head label={label} help={help} {...setters(field.name)}>
        <NumberBox
          value={shown}
          set={set}
          label={label}
          step={range?.step ?? (field.type === 'integer' ? 1 : 0.1)}
          unit={label.endsWith('px') ? undefined : UNITS[field.name]}
          placeholder={random ? t('seed.any') : t('field.auto')}
          width={field.name.includes('seed') ? 92 : 48}
          integer={field.type === 'integer'}
          invalid={trouble !== null}
          describedBy={trouble ? `${id}-trouble` : undefined}
        />
      </Head>
      {range && (
        <Slider {...range} value={shown ?? range.low} set={set} label={label} reset={() => resetValue(field.name)} />
      )}
    </>
  );
}

function PairField({ field, label, help }: Drawn) {
  const value = read(field.name);
  const pair = Array.isArray(value) ? (value as number[]) : null;
  const range = rangeOf(field);
  const together = field.name in RANGES;
  const set = (place: 0 | 1, next: number | null) => {
    if (next === null) return resetValue(field.name);
    const other = pair?.[1 - place] ?? next;
    setValue(field.name, place === 0 ? [next, other] : [other, next]);
  };
  const both = (next: number) => setValue(field.name, [next, next]);
  const axes = [t('axis.x'), t('axis.y')] as const;
  const boxes = together && pair?.[0] === pair?.[1] ? ([0] as const) : ([0, 1] as const);
  return (
    <>
      <Head label={label} help={help} {...setters(field.name)}>
        <span class="row">
          {boxes.map((place) => (
            <NumberBox
              key={place}
              value={pair?.[place] ?? null}
              set={(next) => (boxes.length === 1 && next !== null ? both(clamp(next, field)) : set(place, next))}
              label={boxes.length === 1 ? label : `${label}, ${axes[place]}`}
              unit={UNITS[field.name]}
              placeholder={t('field.auto')}
            />
          ))}
        </span>
      </Head>
      {range && (
        <Slider {...range} value={pair?.[0] ?? 0} set={both} label={label} reset={() => resetValue(field.name)} />
      )}
    </>
  );
}

function ChoiceField({ field, label, help, id }: Drawn) {
  const none = field.default === null ? [{ name: '', label: t('field.auto') }] : [];
  const rows = [...none, ...choicesOf(field).map((row) => ({ name: row.name, label: labelOf(row) }))];
  const value = String(read(field.name) ?? '');
  const set = (name: string) => setValue(field.name, name || null);
  if (fitsSegments(rows)) {
    return (
      <>
        <Head label={label} help={help} {...setters(field.name)} />
        <Segments name={id} rows={rows} value={value} set={set} label={label} />
      </>
    );
  }
  return (
    <>
      <Head label={label} help={help} htmlFor={id} {...setters(field.name)} />
      <select id={id} class="select" value={value} onChange={(event) => set(event.currentTarget.value)}>
        {rows.map((row) => (
          <option key={row.name} value={row.name}>
            {row.label}
          </option>
        ))}
      </select>
    </>
  );
}

function ToggleField({ field, label, help }: Drawn) {
  return (
    <label class="toggle" title={help}>
      <input
        type="checkbox"
        checked={read(field.name) === true}
        onChange={(event) => setValue(field.name, event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}

function ListField({ field, label, help }: Drawn) {
  const chosen = (read(field.name) ?? []) as string[];
  const names = [...new Set([...styles.value, ...chosen])];
  if (!names.length) {
    return (
      <>
        <Head label={label} help={help} />
        <p class="dim">{t('styles.none')}</p>
      </>
    );
  }
  const flip = (name: string) =>
    setValue(field.name, chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <fieldset>
      <Head label={label} help={help} {...setters(field.name)} />
      {names.map((name) => (
        <label key={name} class="toggle">
          <input type="checkbox" checked={chosen.includes(name)} onChange={() => flip(name)} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function TextField({ field, label, help, id }: Drawn) {
  const value = String(read(field.name) ?? '');
  const change = (event: { currentTarget: HTMLInputElement }) =>
    setValue(field.name, event.currentTarget.value || null);
  const isColour = /^#[0-9a-f]{6}$/i.test(String(defaultOf(field.name)));
  return (
    <>
      <Head label={label} help={help} htmlFor={id} {...setters(field.name)} />
      {isColour ? (
        <input id={id} class="input" type="color" value={value} onChange={change} />
      ) : (
        <input id={id} class="input" type="text" value={value} placeholder={t('field.auto')} onChange={change} />
      )}
    </>
  );
}

const DRAWERS: Readonly<Record<FieldRow['type'], (drawn: Drawn) => ComponentChildren>> = {
  integer: NumberField,
  number: NumberField,
  pair: PairField,
  choice: ChoiceField,
  boolean: ToggleField,
  list: ListField,
  string: TextField,
  picture: () => null,
};

export function Field({ name, children }: { name: string; children?: ComponentChildren }) {
  const id = useId();
  const field = fieldOf(name);
  if (!field) return null;
  const trouble = troubleWith(name);
  const Drawer = DRAWERS[field.type];
  return (
    <div class="field" data-field={name}>
      <Drawer field={field} id={id} label={labelOf(field)} help={describe(field)} trouble={trouble} />
      {children}
      {trouble && (
        <p class="trouble" id={`${id}-trouble`}>
          {trouble}
        </p>
      )}
    </div>
  );
}
