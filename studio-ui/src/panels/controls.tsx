// The controls that fields are made of: a number that is typed, a slider, choices side by side.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { number, t } from '../i18n';

export interface Range {
  low: number;
  high: number;
  step: number;
}

const tidy = (value: number): number => Number(value.toFixed(4));

/** Large whole numbers, such as seeds, are never rounded. */
const written = (value: number): string => (Number.isInteger(value) ? String(value) : number(value, 4));

interface NumberBoxProps {
  value: number | null;
  set: (value: number | null) => void;
  label: string;
  step?: number;
  unit?: string | undefined;
  placeholder?: string;
  width?: number;
  integer?: boolean;
  invalid?: boolean;
  describedBy?: string | undefined;
}

/** A number that is typed, stepped by the arrow keys and scrolled while it has the focus. */
export function NumberBox({
  value,
  set,
  label,
  step = 1,
  unit,
  placeholder,
  width,
  integer,
  invalid,
  describedBy,
}: NumberBoxProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const box = useRef<HTMLInputElement>(null);
  const commit = () => {
    if (draft === null) return;
    const text = draft.trim().replace(',', '.');
    const typed = Number(text);
    if (text === '') set(null);
    else if (Number.isFinite(typed)) set(integer ? Math.round(typed) : typed);
    setDraft(null);
  };
  const nudge = (by: number) => {
    setDraft(null);
    set(tidy((value ?? 0) + by * step));
  };
  useWheel(box, (by) => nudge(by), true);
  return (
    <span class="number">
      <input
        ref={box}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        aria-label={label}
        aria-invalid={invalid || undefined}
        aria-describedby={describedBy}
        placeholder={placeholder ?? ''}
        style={width ? { width: `${width}px` } : {}}
        value={draft ?? (value === null ? '' : written(value))}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
          const by = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
          if (!by) return;
          event.preventDefault();
          nudge(event.shiftKey ? by * 10 : by);
        }}
      />
      {unit && <span class="unit">{unit}</span>}
    </span>
  );
}

let scrolledAt = 0;
const SETTLED_MS = 400;
/** A panel that is being scrolled must not change the values that pass under the pointer. */
export const notePanelScroll = (): void => {
  scrolledAt = performance.now();
};

function useWheel(target: { current: HTMLElement | null }, turn: (by: number) => void, focusOnly = false): void {
  const latest = useRef(turn);
  latest.current = turn;
  useEffect(() => {
    const element = target.current;
    if (!element) return;
    const listener = (event: WheelEvent) => {
      const focused = document.activeElement === element;
      if (!focused && (focusOnly || performance.now() - scrolledAt < SETTLED_MS)) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current(event.deltaY < 0 ? 1 : -1);
    };
    element.addEventListener('wheel', listener, { passive: false });
    return () => element.removeEventListener('wheel', listener);
  }, []);
}

interface SliderProps extends Range {
  value: number;
  set: (value: number) => void;
  label: string;
  valueText?: string;
  reset?: () => void;
}

export function Slider({ value, set, low, high, step, label, valueText, reset }: SliderProps) {
  const bar = useRef<HTMLInputElement>(null);
  useWheel(bar, (by) => set(tidy(Math.min(high, Math.max(low, value + by * step)))));
  const part = (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
  return (
    <input
      ref={bar}
      class="slider"
      type="range"
      aria-label={label}
      aria-valuetext={valueText}
      min={low}
      max={high}
      step={step}
      value={value}
      style={{ '--part': `${part}%` }}
      onInput={(event) => set(Number(event.currentTarget.value))}
      onDblClick={reset}
    />
  );
}

export interface HeadProps {
  label: string;
  help?: string;
  set?: boolean;
  reset?: () => void;
  htmlFor?: string;
  children?: ComponentChildren;
}

/** A field's name; a dot says that it is set, a double click resets it. */
export function Head({ label, help, set, reset, htmlFor, children }: HeadProps) {
  const Name = htmlFor ? 'label' : 'span';
  return (
    <div class="head">
      <Name
        class="name"
        {...(htmlFor ? { for: htmlFor } : {})}
        title={set ? `${help ?? ''}\n${t('field.reset')}`.trim() : help}
        onDblClick={reset}
      >
        {set && <span class="set-mark" aria-hidden="true" />}
        {label}
      </Name>
      {children}
    </div>
  );
}

/** What fits beside each other; longer choices stand two by two, still longer ones in a list. */
const LETTERS_IN_A_ROW = 36;
const LONGEST_IN_A_SQUARE = 19;

interface SegmentsProps {
  name: string;
  rows: readonly { name: string; label: string }[];
  value: string;
  set: (name: string) => void;
  label: string;
  hover?: (name: string | null) => void;
}

const lettersOf = (rows: SegmentsProps['rows']): number => rows.reduce((sum, row) => sum + row.label.length + 2, 0);

/** Whether choices can stand side by side; else they are a list. */
export const fitsSegments = (rows: SegmentsProps['rows']): boolean =>
  rows.length <= 4 &&
  (rows.every((row) => row.label.length <= LONGEST_IN_A_SQUARE) || lettersOf(rows) <= LETTERS_IN_A_ROW);

export const Segments = ({ name, rows, value, set, label, hover }: SegmentsProps) => (
  <div
    class={lettersOf(rows) > LETTERS_IN_A_ROW ? 'segments square' : 'segments'}
    role="radiogroup"
    aria-label={label}
    onMouseLeave={() => hover?.(null)}
  >
    {rows.map((row) => (
      <label key={row.name} onMouseEnter={() => hover?.(row.name)}>
        <input
          type="radio"
          name={name}
          value={row.name}
          checked={row.name === value}
          onChange={() => set(row.name)}
          onFocus={() => hover?.(row.name)}
          onBlur={() => hover?.(null)}
        />
        <span>{row.label}</span>
      </label>
    ))}
  </div>
);
