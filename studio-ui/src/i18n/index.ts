// Words of the page; labels of fields and choices come from the server.

import { type Language, language } from '../state/preferences';
import { en } from './en';

export type Key = keyof typeof en;

type Words = Record<Key, string>;
type Sentences = Readonly<Partial<Record<string, string>>>;

/** What a language has besides the words: what the server says in English only. */
interface Translations {
  words: Words;
  fields: Sentences;
  options: Sentences;
  warnings: Sentences;
}

/** Other languages come when they are wanted. */
const LOADERS: Readonly<Partial<Record<Language, () => Promise<Translations>>>> = {
  ru: async () => {
    const [{ ru }, { FIELDS, OPTIONS, WARNINGS }] = await Promise.all([import('./ru'), import('./fields')]);
    return { words: ru, fields: FIELDS, options: OPTIONS, warnings: WARNINGS };
  },
};

const loaded: Partial<Record<Language, Translations>> = {};

export const translations = (): Translations | undefined => loaded[language.value];

/** Speak a language, once its words are here. */
export async function speak(wanted: Language): Promise<void> {
  const words = loaded[wanted] ?? (await LOADERS[wanted]?.());
  if (words) loaded[wanted] = words;
  language.value = wanted;
}

/** Give a text in the chosen language, with `{name}` replaced. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return (translations()?.words ?? en)[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** The label of a field or choice, which the server sends in both languages. */
export const labelOf = (row: { label: string; label_ru?: string }): string =>
  language.value === 'ru' && row.label_ru ? row.label_ru : row.label;

export function number(value: number, digits = 2): string {
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: digits, useGrouping: false }).format(value);
}

export function bytes(count: number): string {
  const units: Key[] = ['unit.b', 'unit.kb', 'unit.mb', 'unit.gb'];
  const step = Math.min(units.length - 1, Math.floor(Math.log(Math.max(1, count)) / Math.log(1000)));
  return `${number(count / 1000 ** step, 1)} ${t(units[step]!)}`;
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${number(seconds, 1)} ${t('unit.s')}`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours) return `${hours} ${t('unit.h')} ${minutes} ${t('unit.min')}`;
  return minutes ? `${minutes} ${t('unit.min')} ${whole % 60} ${t('unit.s')}` : `${whole} ${t('unit.s')}`;
}

export function moment(when: string | number): string {
  const date = new Date(typeof when === 'number' ? when * 1000 : when);
  return new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}
