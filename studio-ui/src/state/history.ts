// Everything that was made on this server: search, favourites, recipes.

import { signal } from '@preact/signals';
import { api } from '../api/client';
import type { Picture, PictureDetail } from '../api/types';
import { t } from '../i18n';
import { takeWhole } from './exchange';
import { runAgain } from './jobs';
import { complain, notify } from './notices';
import { addResult, look } from './results';

export const found = signal<Picture[]>([]);
export const next = signal<string | null>(null);
export const words = signal('');
export const onlyFavourites = signal(false);
/** Looking into the trash rather than at what is kept. */
export const inTrash = signal(false);
export const detail = signal<PictureDetail | null>(null);
export const searching = signal(false);
/** What is chosen to be saved together, in the order of the choice. */
export const chosen = signal<readonly Picture[]>([]);

export function flipChosen(row: Picture): void {
  const others = chosen.value.filter((other) => other.id !== row.id);
  chosen.value = others.length < chosen.value.length ? others : [...others, row];
}

const PAGE = 48;
let asked = 0;

export async function search(more = false): Promise<void> {
  asked += 1;
  const mine = asked;
  searching.value = true;
  try {
    const page = await api.pictures({
      q: words.value,
      ...(onlyFavourites.value ? { favourite: true } : {}),
      ...(inTrash.value ? { trash: true } : {}),
      before: more ? next.value : null,
      limit: PAGE,
    });
    if (mine !== asked) return;
    found.value = more ? [...found.value, ...page.pictures] : page.pictures;
    next.value = page.next;
  } catch (error) {
    complain(error);
  } finally {
    if (mine === asked) searching.value = false;
  }
}

export async function open(id: string): Promise<void> {
  try {
    detail.value = await api.picture(id);
  } catch (error) {
    complain(error);
  }
}

const replace = (id: string, values: Partial<Picture>): void => {
  found.value = found.value.map((row) => (row.id === id ? { ...row, ...values } : row));
  if (detail.value?.id === id) detail.value = { ...detail.value, ...values };
};

export async function favour(row: Picture): Promise<void> {
  replace(row.id, { favourite: !row.favourite });
  await api.mark(row.id, { favourite: !row.favourite }).catch((error) => {
    replace(row.id, { favourite: row.favourite });
    complain(error);
  });
}

export async function throwAway(row: Picture): Promise<void> {
  try {
    await api.trash(row.id);
    found.value = found.value.filter((other) => other.id !== row.id);
    detail.value = null;
    notify(t('history.trashed'), {
      action: { label: t('undo'), perform: () => void bringBack(row) },
    });
  } catch (error) {
    complain(error);
  }
}

export async function bringBack(row: Picture): Promise<void> {
  try {
    await api.restore(row.id);
    detail.value = null;
    await search();
  } catch (error) {
    complain(error);
  }
}

export async function emptyTrash(): Promise<void> {
  try {
    await api.emptyTrash();
    detail.value = null;
    await search();
  } catch (error) {
    complain(error);
  }
}

export function bring(row: Picture): void {
  addResult(row, true);
  look(row.id);
}

export async function takePicture(id: string): Promise<void> {
  try {
    await takeWhole((await api.picture(id)).request ?? {});
  } catch (error) {
    complain(error);
  }
}

export const rerun = (row: PictureDetail): Promise<void> => runAgain(row.request);
