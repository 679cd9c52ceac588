// Lines at the top: what happened, and what can be done about it.

import { signal } from '@preact/signals';
import { reasonOf, Unreachable } from '../api/client';
import { noteFailure } from './reachable';

export interface Notice {
  id: number;
  text: string;
  kind: 'note' | 'warn';
  action?: { label: string; perform: () => void } | undefined;
}

export const notices = signal<Notice[]>([]);
/** Said to screen readers, not shown. */
export const announcement = signal('');

let last = 0;
/** The last one that was told, shown still or not. */
export const latest = (): number => last;
/** More would hide the picture. */
const MOST = 2;
const NOTE_MS = 8000;

export function notify(text: string, more: Partial<Omit<Notice, 'id' | 'text'>> = {}): number {
  last += 1;
  const notice: Notice = { id: last, text, kind: 'note', ...more };
  notices.value = [...notices.value.filter((other) => other.text !== text), notice].slice(-MOST);
  if (notice.kind === 'note') setTimeout(() => dismiss(notice.id), notice.action ? NOTE_MS * 2 : NOTE_MS);
  return notice.id;
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function announce(text: string): void {
  announcement.value = text;
}

/** Show what went wrong in the place where everybody looks. */
export function complain(error: unknown): void {
  noteFailure(error);
  // A server that is gone has a line of its own.
  if (!(error instanceof Unreachable)) notify(reasonOf(error), { kind: 'warn' });
}
