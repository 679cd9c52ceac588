// The canvas's actions by name: buttons show the keys and the words of the same table that the keyboard is bound by.

import { type Action, actions } from './canvas';
import { labelOf } from './i18n';

export const actionOf = (id: string): Action => {
  const found = actions.find((row) => row.id === id);
  if (!found) throw new RangeError(`the canvas has no action '${id}'`);
  return found;
};

/** Label and first key, as a button takes them. */
export const shownAs = (id: string): { label: string; keys: string } => {
  const action = actionOf(id);
  return { label: labelOf(action), keys: action.keys[0]! };
};

const SIGNS: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: '↵',
  Escape: 'Esc',
};

/** What stands on the keys of a combination. */
export const signsOf = (keys: string): string[] => keys.split(/\+(?=.)/).map((part) => SIGNS[part] ?? part);
