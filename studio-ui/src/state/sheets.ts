// Which sheet lies over the page.

import { signal } from '@preact/signals';

export type SheetName = 'history' | 'queue' | 'models' | 'shortcuts' | 'write' | 'area' | 'layers';

export const sheet = signal<{ name: SheetName; about: string | null } | null>(null);

let opener: Element | null = null;

export function openSheet(name: SheetName, about: string | null = null): void {
  // One that takes another's place gives the focus back to where that one was opened.
  if (!sheet.peek()) opener = document.activeElement;
  sheet.value = { name, about };
}

export function closeSheet(): void {
  sheet.value = null;
  if (opener instanceof HTMLElement) opener.focus();
}

export const flipSheet = (name: SheetName): void => (sheet.peek()?.name === name ? closeSheet() : openSheet(name));
