// A script that runs the request several times: which one, and its options as far as they were set.

import { computed, signal } from '@preact/signals';
import type { ScriptInfo, Value, Values } from '../api/types';
import { picture } from './document';
import { mode, modeRow } from './request';
import { scripts } from './server';

export interface ScriptCall {
  name: string;
  options: Values;
}

/** What was chosen; a mode in which it cannot run keeps it for later. */
export const chosenScript = signal<ScriptCall | null>(null);

/** Options that a page with one mask cannot give: masks, each with its own request. */
const NOT_HERE: readonly string[] = ['regions'];
const canBeGiven = ({ options }: ScriptInfo): boolean => !options.some(({ name }) => NOT_HERE.includes(name));

export const scriptsHere = computed<ScriptInfo[]>(() =>
  mode.value === 'batch'
    ? []
    : scripts.value.filter((row) => canBeGiven(row) && (modeRow.value.picture || !row.needs_image)),
);
export const scriptInfo = computed<ScriptInfo | null>(
  () => scriptsHere.value.find((row) => row.name === chosenScript.value?.name) ?? null,
);
/** What is sent with the request. */
export const scriptCall = computed<ScriptCall | null>(() =>
  scriptInfo.value && (picture.value || !scriptInfo.value.needs_image) ? chosenScript.value : null,
);

export function takeScript(name: string | null): void {
  chosenScript.value = name ? { name, options: {} } : null;
}

/** Null takes the option's own default. */
export function setOption(name: string, value: Value): void {
  const now = chosenScript.peek();
  if (!now) return;
  const { [name]: _, ...others } = now.options;
  chosenScript.value = { ...now, options: value === null ? others : { ...others, [name]: value } };
}
