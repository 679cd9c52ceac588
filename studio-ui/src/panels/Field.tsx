// One field of the request, drawn by its type.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Choice, FieldName, Field as FieldRow, Value } from '../api/types';
import { labelOf, t } from '../i18n';
import { describe } from '../i18n/described';
import { troubleWith } from '../state/plan';
import { isSet, read, resetValue, setValue } from '../state/request';
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

/** What a field is bound to: the request, or the options of a script. */
export interface Binding {
  value: Value;
  /** It differs from its default. */
  isSet: boolean;
  set: (value: Value) => void;
  reset: () => void;
}

interface Drawn {
  field: FieldRow;
  id: string;
  label: string;
  help: string;
  trouble: string | null;
  to: Binding;
}

const setters = ({ isSet, reset }: Binding) => ({ set: isSet, reset });

/** The number that stands for any: of seeds, whose smallest it is. */
const RANDOM = -1;

function NumberField({ field, label, help, trouble, id, to }: Drawn) {
  const { value } = to;
  const random = value === RANDOM && field.minimum === RANDOM;
  const shown = typeof value === 'number' && !random ? value : null;
  const range = rangeOf(field);
  const set = (next: number | null) => to.set(next === null ? null : clamp(next, field));
  return (
    <>
      <Head label={label} help={help} {...setters(to)}>
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
      {range && <Slider {...range} value={shown ?? range.low} set={set} label={label} reset={to.reset} />}
    </>
  );
}

function PairField({ field, label, help, to }: Drawn) {
  const { value } = to;
  const pair = Array.isArray(value) ? (value as number[]) : null;
  const range = rangeOf(field);
  const together = field.name in RANGES;
  const set = (place: 0 | 1, next: number | null) => {
    if (next === null) return to.reset();
    const other = pair?.[1 - place] ?? next;
    to.set(place === 0 ? [next, other] : [other, next]);
  };
  const both = (next: number) => to.set([next, next]);
  const axes = [t('axis.x'), t('axis.y')] as const;
  const boxes = together && pair?.[0] === pair?.[1] ? ([0] as const) : ([0, 1] as const);
  return (
    <>
      <Head label={label} help={help} {...setters(to)}>
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
      {range && <Slider {...range} value={pair?.[0] ?? 0} set={both} label={label} reset={to.reset} />}
    </>
  );
}

function ChoiceField({ field, label, help, id, to }: Drawn) {
  const none = field.default === null ? [{ name: '', label: t('field.auto') }] : [];
  const rows = [...none, ...choicesOf(field).map((row) => ({ name: row.name, label: labelOf(row) }))];
  const value = String(to.value ?? '');
  const set = (name: string) => to.set(name || null);
  if (fitsSegments(rows)) {
    return (
      <>
        <Head label={label} help={help} {...setters(to)} />
        <Segments name={id} rows={rows} value={value} set={set} label={label} />
      </>
    );
  }
  return (
    <>
      <Head label={label} help={help} htmlFor={id} {...setters(to)} />
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

function ToggleField({ label, help, to }: Drawn) {
  return (
    <label class="toggle" title={help}>
      <input type="checkbox" checked={to.value === true} onChange={(event) => to.set(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

/** Lists whose rows the server names apart from the field. */
const NAMES: Readonly<Partial<Record<string, { readonly value: readonly string[] }>>> = { styles };

function ListField(drawn: Drawn) {
  const { field, label, help, to } = drawn;
  const chosen = (to.value ?? []) as string[];
  const own = field.choices?.map((row) => ({ name: row.name, label: labelOf(row) }));
  const named = NAMES[field.name];
  if (!own && !named) return <LinesField {...drawn} />;
  const rows = own ?? [...new Set([...(named?.value ?? []), ...chosen])].map((name) => ({ name, label: name }));
  if (!rows.length) {
    return (
      <>
        <Head label={label} help={help} />
        <p class="dim">{t('styles.none')}</p>
      </>
    );
  }
  const flip = (name: string) =>
    to.set(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <fieldset>
      <Head label={label} help={help} {...setters(to)} />
      {rows.map((row) => (
        <label key={row.name} class="toggle">
          <input type="checkbox" checked={chosen.includes(row.name)} onChange={() => flip(row.name)} />
          {row.label}
        </label>
      ))}
    </fieldset>
  );
}

/** Texts, one a line. */
function LinesField({ field, label, help, id, to }: Drawn) {
  const change = (event: { currentTarget: HTMLTextAreaElement }) => {
    const lines = event.currentTarget.value.split('\n').map((line) => line.trim());
    const given = lines.filter(Boolean);
    to.set(given.length ? given : null);
  };
  return (
    <>
      <Head label={label} help={help} htmlFor={id} {...setters(to)} />
      <textarea
        id={id}
        class="text"
        value={((to.value ?? []) as string[]).join('\n')}
        placeholder={EXAMPLES[field.name] ?? t('field.lines')}
        onChange={change}
      />
    </>
  );
}

/** Texts of several lines. */
const MULTILINE: readonly string[] = ['text'];
/** What can be written there, where the label does not say it. */
const EXAMPLES: Readonly<Record<string, string>> = {
  x: 'cfg_scale=3,5,7',
  y: 'seed=1-4',
  z: 'sampler=euler,dpmpp_2m',
  next_seeds: 'xy',
  boxes: '10% 20% 64 64',
  look_for: 'face',
};

function TextField({ field, label, help, id, to }: Drawn) {
  const value = String(to.value ?? '');
  const change = (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
    to.set(event.currentTarget.value || null);
  const isColour = /^#[0-9a-f]{6}$/i.test(String(field.default));
  const Box = MULTILINE.includes(field.name) ? 'textarea' : 'input';
  return (
    <>
      <Head label={label} help={help} htmlFor={id} {...setters(to)} />
      {isColour ? (
        <input id={id} class="input" type="color" value={value} onChange={change} />
      ) : (
        <Box
          id={id}
          class={Box === 'input' ? 'input' : 'text'}
          value={value}
          placeholder={EXAMPLES[field.name] ?? t(Box === 'input' ? 'field.auto' : 'field.lines')}
          onChange={change}
        />
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
  object: TextField,
  picture: () => null,
};

interface FieldOfProps {
  field: FieldRow;
  to: Binding;
  trouble: string | null;
  children?: ComponentChildren;
}

/** A field, whatever it is bound to. */
export function FieldOf({ field, to, trouble, children }: FieldOfProps) {
  const id = useId();
  const Drawer = DRAWERS[field.type];
  return (
    <div class="field" data-field={field.name}>
      <Drawer field={field} id={id} label={labelOf(field)} help={describe(field)} trouble={trouble} to={to} />
      {children}
      {trouble && (
        <p class="trouble" id={`${id}-trouble`}>
          {trouble}
        </p>
      )}
    </div>
  );
}

/** A field of the request. */
export function Field({ name, children }: { name: string; children?: ComponentChildren }) {
  const field = fieldOf(name);
  if (!field) return null;
  const to: Binding = {
    value: read(name),
    isSet: isSet(name),
    set: (value) => setValue(name, value),
    reset: () => resetValue(name),
  };
  return (
    <FieldOf field={field} to={to} trouble={troubleWith(name)}>
      {children}
    </FieldOf>
  );
}
