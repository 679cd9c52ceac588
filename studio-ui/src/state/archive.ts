// Several pictures saved as one zip.

import { signal } from '@preact/signals';
import { api } from '../api/client';
import type { Picture } from '../api/types';
import { save } from '../save';
import { zip } from '../zip';
import { complain } from './notices';

/** Pictures are being fetched. */
export const packing = signal(false);

const nameOf = ({ file }: Picture): string => file.slice(file.lastIndexOf('/') + 1);

/** Save pictures under the names that the server gave their files. */
export async function saveZip(pictures: readonly Picture[]): Promise<void> {
  const first = pictures[0];
  if (!first || packing.peek()) return;
  packing.value = true;
  try {
    const entries = [];
    for (const row of pictures) entries.push({ name: nameOf(row), file: await api.file(row) });
    save(await zip(entries), `${nameOf(first).replace(/\.\w+$/, '')}-${pictures.length}.zip`);
  } catch (error) {
    complain(error);
  } finally {
    packing.value = false;
  }
}
