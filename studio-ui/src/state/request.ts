// The request: only what a person set; everything else stays the server's default.

import { computed, signal } from '@preact/signals';
import type { Value, Values } from '../api/types';
import { fieldOf, fields, options } from './server';

export type Mode = 'text' | 'image' | 'sketch' | 'inpaint' | 'batch';

export interface ModeRow {
  mode: Mode;
  /** Whether a picture, a mask and coloured strokes take part. */
  picture: boolean;
  mask: boolean;
  sketch: boolean;
}

export const MODES: readonly ModeRow[] = [
  { mode: 'text', picture: false, mask: false, sketch: false },
  { mode: 'image', picture: true, mask: false, sketch: false },
  { mode: 'sketch', picture: true, mask: false, sketch: true },
  { mode: 'inpaint', picture: true, mask: true, sketch: true },
  { mode: 'batch', picture: true, mask: false, sketch: false },
];

export const mode = signal<Mode>('image');
export const modeRow = computed<ModeRow>(() => MODES.find((row) => row.mode === mode.value)!);

/** Fields that were set, without the pictures. */
export const changed = signal<Values>({});

/** What the server calls the mode; a new margin is painted as a mask is. */
const roadOf = (row: ModeRow): string =>
  row.mask || (row.picture && isSet('extend')) ? 'inpaint' : row.picture ? 'img2img' : 'txt2img';

/** Whether a field has a meaning in the mode: its group says so. */
export function applies(name: string, row: ModeRow = modeRow.value): boolean {
  const group = options.value?.groups.find((other) => other.name === fieldOf(name)?.group);
  return group?.modes?.includes(roadOf(row)) ?? true;
}

const same = (a: Value | undefined, b: Value | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

export const defaultOf = (name: string): Value => fieldOf(name)?.default ?? null;
export const read = (name: string): Value => changed.value[name] ?? defaultOf(name);
export const isSet = (name: string): boolean => name in changed.value;

export function setValues(values: Values): void {
  const next: Record<string, Value> = { ...changed.peek() };
  for (const [name, value] of Object.entries(values)) {
    if (value === null || same(value, fields.peek().get(name)?.default)) delete next[name];
    else next[name] = value;
  }
  changed.value = next;
}

export const setValue = (name: string, value: Value): void => setValues({ [name]: value });
export const resetValue = (name: string): void => setValue(name, null);

/** The request without its pictures: what applies in this mode. */
export const parameters = computed<Values>(() =>
  Object.fromEntries(Object.entries(changed.value).filter(([name]) => applies(name))),
);
