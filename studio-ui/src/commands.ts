// What keys do: the page's own commands and the canvas's actions, in one table that the sheet of shortcuts shows.

import { type Action, actions, keyOf, type ToolName } from './canvas';
import { type Key, labelOf, t } from './i18n';
import { choose } from './panels/FileInputs';
import { mergeTools } from './panels/Merge';
import { cancelActive, generateBatch } from './state/batch';
import { picture } from './state/document';
import { canExtend, extending, flipExtending, stopExtending } from './state/extend';
import { active, generate } from './state/jobs';
import { layered, openLayers } from './state/layers';
import { applyMerge, beginMerge, canMerge, hand, leaveMerge, merging } from './state/merge';
import { setMode, takeTool } from './state/modes';
import { MODES, mode, modeRow, resetValue } from './state/request';
import { accept, current, look, results, step } from './state/results';
import { closeSheet, flipSheet, sheet } from './state/sheets';

interface Command {
  id: Key;
  keys: readonly string[];
  perform: () => unknown;
  /** Also while a text is typed. */
  everywhere?: boolean;
  when?: () => boolean;
  /** Also while one variant is brushed into another. */
  merges?: boolean;
}

const TYPED =
  'textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=range], [type=color])';

/** Out of the shape, the text, the merge, the job, the result: the nearest first. */
const stop = (): void => {
  const typing = document.activeElement;
  if (hand.peek()?.cancel()) return;
  if (typing instanceof HTMLElement && typing.matches(TYPED) && (merging.peek() || !active.peek())) typing.blur();
  else if (merging.peek()) leaveMerge();
  else if (active.peek()) void cancelActive();
  else if (extending.peek()) stopExtending();
  else look(null);
};

const run = (): Promise<void> => {
  if (merging.peek()) return applyMerge();
  return mode.peek() === 'batch' ? generateBatch() : generate();
};

export const COMMANDS: readonly Command[] = [
  {
    id: 'generate',
    keys: ['Ctrl+Enter'],
    perform: run,
    everywhere: true,
    merges: true,
  },
  { id: 'command.stop', keys: ['Escape'], perform: stop, everywhere: true, merges: true },
  { id: 'command.previous', keys: ['ArrowLeft'], perform: () => step(-1), when: () => results.peek().length > 0 },
  { id: 'command.next', keys: ['ArrowRight'], perform: () => step(1), when: () => results.peek().length > 0 },
  {
    id: 'accept',
    keys: ['A'],
    perform: () => current.peek() && accept(current.peek()!),
    when: () => current.peek() !== null,
  },
  { id: 'merge', keys: ['J'], perform: beginMerge, when: () => canMerge.peek() },
  {
    id: 'layers',
    keys: ['Shift+L'],
    perform: () => void openLayers(layered.peek()!),
    when: () => layered.peek() !== null,
  },
  { id: 'seed.dice', keys: ['R'], perform: () => resetValue('seed') },
  {
    id: 'open',
    keys: ['Ctrl+O'],
    perform: () => choose(mode.peek() === 'batch' ? 'batch' : 'picture'),
    everywhere: true,
  },
  { id: 'command.prompt', keys: ['/'], perform: () => document.getElementById('prompt')?.focus() },
  { id: 'extend.flip', keys: ['T'], perform: flipExtending, when: () => canExtend.peek() },
  { id: 'area', keys: ['Shift+M'], perform: () => flipSheet('area'), when: () => picture.peek() !== null },
  { id: 'history', keys: ['H'], perform: () => flipSheet('history') },
  { id: 'queue', keys: ['Q'], perform: () => flipSheet('queue') },
  { id: 'write', keys: ['Ctrl+Shift+C'], perform: () => flipSheet('write'), everywhere: true },
  { id: 'shortcuts', keys: ['Shift+/', 'F1'], perform: () => flipSheet('shortcuts'), merges: true },
  ...MODES.map(
    ({ mode: name }, place): Command => ({
      id: `mode.${name}`,
      keys: [`Alt+${place + 1}`],
      perform: () => setMode(name),
      everywhere: true,
    }),
  ),
];

const OWN_KEYS: Readonly<Record<string, string>> = {
  Space: 'button, summary, a, input[type=checkbox], input[type=radio]',
  Enter: 'button, summary, a',
  ArrowLeft: 'input[type=radio], input[type=range], [role=tab]',
  ArrowRight: 'input[type=radio], input[type=range], [role=tab]',
  ArrowUp: 'input[type=radio], input[type=range]',
  ArrowDown: 'input[type=radio], input[type=range]',
};

/** Whether what has the focus uses the key itself. */
function isTaken(event: KeyboardEvent, key: string): boolean {
  const target = event.target as Element;
  if (!(target instanceof Element)) return false;
  if (target.matches(TYPED)) return true;
  const own = OWN_KEYS[key];
  return own !== undefined && target.matches(own);
}

const canvasIsSeen = (): boolean =>
  merging.peek() !== null || (modeRow.peek().picture && mode.peek() !== 'batch' && picture.peek() !== null);
/** The canvas of a merge has no mask and no results of its own. */
const isOfMerge = ({ id, group }: Action): boolean =>
  ['painting', 'view'].includes(group) ||
  ['clear', 'peek'].includes(id) ||
  mergeTools.some((tool) => id === `tool.${tool.name}`);

const held = new Map<string, () => void>();

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const key = keyOf(event);
  if (sheet.peek()) {
    if (key === 'Escape') closeSheet();
    return;
  }
  const merges = merging.peek() !== null;
  const command = COMMANDS.find((row) => row.keys.includes(key) && (row.merges || !merges) && (row.when?.() ?? true));
  if (command && (command.everywhere || !isTaken(event, key))) {
    event.preventDefault();
    command.perform();
    return;
  }
  if (isTaken(event, key) || !canvasIsSeen()) return;
  const action = actions.find((row) => row.keys.includes(key));
  const on = hand.peek();
  if (!action || !on || (merges && !isOfMerge(action))) return;
  event.preventDefault();
  if (held.has(event.code)) return;
  // To compare is to look at a result: the newest, where none is shown.
  if (action.group === 'compare' && !current.peek()) look(results.peek().at(-1)?.id ?? null);
  if (action.group === 'tools' && !merges) takeTool(action.id.replace('tool.', '') as ToolName);
  else action.perform(on);
  if (action.release) held.set(event.code, () => action.release?.(on));
}

function release(code: string): void {
  held.get(code)?.();
  held.delete(code);
}

/** Bind the table to the keyboard. */
export function bindKeys(): void {
  addEventListener('keydown', onKeyDown);
  addEventListener('keyup', (event) => release(event.code));
  addEventListener('blur', () => {
    for (const code of [...held.keys()]) release(code);
  });
}

export interface Row {
  label: string;
  keys: readonly string[];
}

/** The sheet's rows: ours first, then the canvas's by its groups. */
export function shortcutGroups(): { title: string; rows: Row[] }[] {
  const groups = [...new Set(actions.map((action) => action.group))];
  return [
    { title: t('shortcuts.page'), rows: COMMANDS.map((row) => ({ label: t(row.id), keys: row.keys })) },
    {
      title: t('shortcuts.prompt'),
      rows: [{ label: t('command.weight'), keys: ['Ctrl+ArrowUp', 'Ctrl+ArrowDown'] }],
    },
    ...groups.map((group) => ({
      title: t(`shortcuts.${group}`),
      rows: actions.filter((row) => row.group === group).map((row) => ({ label: labelOf(row), keys: row.keys })),
    })),
  ];
}
