// What a person chose for the page itself; kept in localStorage, shared by all tabs.

import { effect, type Signal, signal } from '@preact/signals';

const PREFIX = 'pentimento.';

function kept<T>(name: string, fallback: () => T, isValid: (value: unknown) => boolean): Signal<T> {
  let start = fallback();
  try {
    const text = localStorage.getItem(PREFIX + name);
    const value: unknown = text === null ? null : JSON.parse(text);
    if (isValid(value)) start = value as T;
  } catch {
    // A browser that forbids storage, or a value of another version: the fallback serves.
  }
  const held = signal(start);
  effect(() => {
    const text = JSON.stringify(held.value);
    try {
      localStorage.setItem(PREFIX + name, text);
    } catch {
      // Full or forbidden: the choice then lasts as long as the page.
    }
  });
  return held;
}

export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Theme = 'dark' | 'light';

const wantsRussian = () => navigator.languages.some((tag) => tag.toLowerCase().startsWith('ru'));
const wantsLight = () => matchMedia('(prefers-color-scheme: light)').matches;

export const language = kept<Language>(
  'language',
  () => (wantsRussian() ? 'ru' : 'en'),
  (value) => LANGUAGES.includes(value as Language),
);
/** `null` follows the system. */
export const theme = kept<Theme | null>(
  'theme',
  () => null,
  (value) => value === 'dark' || value === 'light',
);
export const maskColour = kept<string>(
  'mask-colour',
  () => '#45c9b0',
  (value) => /^#[0-9a-f]{6}$/i.test(String(value)),
);
export const maskOpacity = kept<number>(
  'mask-opacity',
  () => 0.5,
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
);
export const promptHistory = kept<string[]>(
  'prompts',
  () => [],
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
);

export type Preset = Readonly<Record<string, unknown>>;
export const presets = kept<Readonly<Record<string, Preset>>>(
  'presets',
  () => ({}),
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

export const shownTheme = (): Theme => theme.value ?? (wantsLight() ? 'light' : 'dark');

effect(() => {
  document.documentElement.lang = language.value;
});
effect(() => {
  document.documentElement.dataset.theme = shownTheme();
});

const LONGEST_HISTORY = 50;

export function rememberPrompt(text: string): void {
  if (!text.trim()) return;
  promptHistory.value = [text, ...promptHistory.value.filter((other) => other !== text)].slice(0, LONGEST_HISTORY);
}
