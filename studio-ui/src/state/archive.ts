// Several pictures saved as one zip.

import { signal } from '@preact/signals';
import { api } from '../api/client';
import type { Picture } from '../api/types';
import { save } from '../save';
import { type Entry, zip } from '../zip';
import { complain } from './notices';

/** Pictures are being fetched. */
export const packing = signal(false);

/** Save pictures under the names that the server gave their files. */
export async function saveZip(pictures: readonly Picture[]): Promise<void> {
  if (packing.peek()) return;
  packing.value = true;
  try {
    const entries: Entry[] = [];
    for (const row of pictures) entries.push(await api.named(row));
    save(await zip(entries), `${entries[0]!.name.replace(/\.\w+$/, '')}-${entries.length}.zip`);
  } catch (error) {
    complain(error);
  } finally {
    packing.value = false;
  }
}
