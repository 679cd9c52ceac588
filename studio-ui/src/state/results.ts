// What came out: the variants of this tab, newest job last, and the one that is looked at.

import { batch, computed, effect, signal } from '@preact/signals';
import { api, fileUrl, Problem } from '../api/client';
import type { Box, Picture } from '../api/types';
import { t } from '../i18n';
import { compare, editor, openPicture, painted, painting, picture, remember } from './document';
import { complain, notify } from './notices';
import { type Mode, mode, modeRow, read, resetValue, setValue } from './request';

/** A result, and where the picture it began from lies in it, if it grew. */
export interface Made extends Picture {
  place?: Box;
}

export const results = signal<Made[]>([]);
export const selected = signal<string | null>(null);

export const current = computed<Made | null>(
  () => results.value.find((result) => result.id === selected.value) ?? null,
);

/** Results that can lie over the source: the others are shown alone. */
const lying = computed<Made[]>(() => {
  const source = picture.value;
  if (!source || !modeRow.value.picture) return [];
  const shape = source.width / source.height;
  return results.value.filter((made) => !made.place && Math.abs(made.width / made.height / shape - 1) < 0.02);
});
export const shownAlone = computed<Made | null>(() =>
  current.value && !lying.value.includes(current.value) ? current.value : null,
);

export function addResult(made: Made, look: boolean): void {
  if (results.value.some((result) => result.id === made.id)) return;
  batch(() => {
    results.value = [...results.value, made];
    if (look) selected.value = made.id;
  });
}

export function removeResult(id: string): void {
  const before = results.peek();
  const place = before.findIndex((result) => result.id === id);
  if (place < 0) return;
  const gone = before[place]!;
  batch(() => {
    results.value = before.filter((result) => result.id !== id);
    if (selected.value === id) selected.value = results.value[Math.min(place, results.value.length - 1)]?.id ?? null;
  });
  notify(t('result.removed'), {
    action: {
      label: t('undo'),
      perform: () => {
        results.value = [...results.peek().slice(0, place), gone, ...results.peek().slice(place)];
      },
    },
  });
}

/** A thumbnail that does not load: where the server has no such picture any more, it leaves the list. */
export async function check(id: string): Promise<void> {
  const gone = await api.picture(id).then(
    () => false,
    (error) => error instanceof Problem && error.status === 404,
  );
  if (gone) results.value = results.peek().filter((result) => result.id !== id);
}

export const look = (id: string | null): void => {
  selected.value = id;
};

export function step(by: number): void {
  const all = results.peek();
  if (!all.length) return;
  const place = all.findIndex((result) => result.id === selected.peek());
  selected.value = all[place < 0 ? all.length - 1 : (place + by + all.length) % all.length]!.id;
}

let showing = 0;

/** Keep the editor's variants the same as ours, both ways. */
export function startShowing(): void {
  let held: string[] = [];
  let asking: Promise<void> = Promise.resolve();
  effect(() => {
    const on = editor.value;
    const rows = lying.value;
    const wanted = selected.value;
    if (!on) return;
    showing += 1;
    const show = async () => {
      const ids = rows.map((row) => row.id);
      if (ids.join() !== held.join()) {
        held = ids;
        await on.setVariants(rows.map((row) => fileUrl(row)));
      }
      const index = held.indexOf(wanted ?? '');
      const next = index < 0 ? null : index;
      if (on.compare.index !== next) on.show(next);
    };
    asking = asking
      .then(show)
      .catch(complain)
      .finally(() => {
        showing -= 1;
      });
  });
  // The editor's own keys step too.
  effect(() => {
    const index = compare.value?.index;
    if (showing || index === undefined || index === null) return;
    const id = held[index];
    if (id && id !== selected.peek()) selected.value = id;
  });
  effect(() => {
    if (painting.value) selected.value = null;
  });
}

/** Make a file the new source; size, prompt and mask stay as they are, and it can be undone. */
export async function takeAsPicture(
  file: Blob,
  name: string,
  to: Mode | null,
  { undone, made }: { undone?: () => void; made?: string } = {},
): Promise<void> {
  const bringBack = remember();
  const from = mode.peek();
  const before = selected.peek();
  if (!(await openPicture(file, name, { keep: modeRow.peek().picture && bringBack !== null, made }))) return;
  // The result has them already.
  if (painted.peek().sketch) editor.peek()?.apply({ kind: 'clear', layer: 'sketch' });
  batch(() => {
    selected.value = null;
    if (to) mode.value = to;
    else if (from === 'text') mode.value = 'image';
  });
  const goBack = async () => {
    await bringBack?.();
    batch(() => {
      mode.value = from;
      selected.value = before;
    });
    undone?.();
  };
  notify(t('accepted'), {
    action: bringBack ? { label: t('undo'), perform: () => void goBack().catch(complain) } : undefined,
  });
}

/** Make a result the new source. */
export async function accept(result: Made, to: Mode | null = null): Promise<void> {
  const extend = read('extend');
  selected.value = result.id;
  const undone = () => setValue('extend', extend);
  await takeAsPicture(await api.file(result), t('version.result', { seed: result.seed }), to, {
    undone,
    made: result.id,
  });
  // What has grown by the margin does not grow by it once more.
  if (result.place) resetValue('extend');
}

export const reuseSeed = (result: Picture): void => setValue('seed', result.seed);
