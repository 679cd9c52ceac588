// Merging: parts of one variant, or of the picture, brushed into another, on a canvas of its own.

import { batch, computed, effect, signal } from '@preact/signals';
import { api } from '../api/client';
import type { Picture } from '../api/types';
import { type DocumentJSON, Editor, type Settings } from '../canvas';
import { t } from '../i18n';
import { blobOf, editor, picture, settings } from './document';
import { complain, notify } from './notices';
import { current, results, takeAsPicture } from './results';

/** The picture of the document, as against results, which go by their ids. */
export const SOURCE = 'picture';

export interface Merge {
  /** The result that is brushed into. */
  base: string;
  /** What the brush lays. */
  ink: string;
  /** All that can be brushed in: they are of the size of the base. */
  inks: readonly string[];
  /** Hash of the picture that the results lie over. */
  picture: string | null;
}

/** A merge with what was painted so far, for the journal. */
export interface KeptMerge extends Merge {
  document: DocumentJSON | null;
}

export const merging = signal<Merge | null>(null);
export const merger = signal<Editor | null>(null);
const ownSettings = signal<Settings | null>(null);
export const undoable = signal({ undo: false, redo: false });
/** Whether the brush does not yet lay what was chosen. */
export const inkComing = signal(false);
/** Grows with every change of what is brushed in. */
export const strokes = signal(0);

/** The canvas under the hand, and how its brush is set. */
export const hand = computed<Editor | null>(() => merger.value ?? editor.value);
export const handSettings = computed<Settings | null>(() => (merger.value ? ownSettings.value : settings.value));

/** More would not be told apart. */
const MOST = 12;

/** What can be brushed into a result: those of its job first, then others of its size. */
function inksFor({ id, job, width, height }: Picture): string[] {
  const fits = results.value.filter((row) => row.id !== id && row.width === width && row.height === height);
  const ofJob = fits.filter((row) => row.job === job);
  const others = fits.filter((row) => row.job !== job).reverse();
  const source = picture.value?.width === width && picture.value.height === height ? [SOURCE] : [];
  return [...source, ...[...ofJob, ...others].slice(0, MOST).map((row) => row.id)];
}

export const canMerge = computed(() => current.value !== null && inksFor(current.value).length > 0);

/** Brush into the result that is looked at. */
export function beginMerge(): void {
  const base = current.peek();
  if (!base) return;
  const inks = inksFor(base);
  // The nearest variant; the picture itself where there is no other.
  const ink = inks.find((name) => name !== SOURCE) ?? inks[0];
  if (ink) resumeMerge({ base: base.id, ink, inks, picture: picture.peek()?.hash ?? null, document: null });
}

/** What is to be brought back on a canvas that is not there yet. */
let kept: DocumentJSON | null = null;

/** Go on with a merge that was left or that the journal kept. */
export function resumeMerge({ document, ...merge }: KeptMerge): void {
  kept = document;
  merging.value = merge;
}

/** The merge as the journal keeps it. */
export function keptMerge(): KeptMerge | null {
  const merge = merging.peek();
  return merge && { ...merge, document: kept ?? merger.peek()?.document() ?? null };
}

const pixelsOf = async (name: string): Promise<Blob> =>
  name === SOURCE ? blobOf(picture.peek()!.hash) : api.file({ id: name });

function tell(from: Editor): void {
  undoable.value = { undo: from.canUndo, redo: from.canRedo };
  strokes.value += 1;
}

function tellInk(of: Editor): void {
  if (merger.peek() === of) inkComing.value = !of.hasInk;
}

/** When the canvas has its own pictures. */
let filling: Promise<void> = Promise.resolve();

/** Take what the brush lays; until its pixels are there, nothing is painted. */
export async function takeInk(ink: string): Promise<void> {
  const [on, merge] = [merger.peek(), merging.peek()];
  if (!merge) return;
  merging.value = { ...merge, ink };
  if (!on) return; // the canvas begins with it
  on.set({ from: ink, ...(on.settings.tool === 'eraser' ? { tool: 'brush' } : {}) });
  inkComing.value = true;
  const isWanted = () => merger.peek() === on && merging.peek()?.ink === ink;
  try {
    await filling;
    await on.addSource(ink, await pixelsOf(ink));
  } catch (error) {
    if (isWanted()) {
      merging.value = merge;
      on.set({ from: merge.ink });
    }
    throw error;
  } finally {
    tellInk(on);
  }
}

/** The brush as large to the eye as it is on the picture. */
function sizeOfBrush(base: string): number {
  const [from, to] = [picture.peek(), results.peek().find((row) => row.id === base)];
  const factor = from && to ? to.width / from.width : 1;
  return (settings.peek()?.size ?? 48) * factor;
}

async function fill(on: Editor, merge: Merge): Promise<void> {
  await on.load(await pixelsOf(merge.base));
  const used = (kept?.operations ?? []).map((row) => ('from' in row ? row.from : undefined));
  for (const name of new Set([...used, merge.ink])) if (name) await on.addSource(name, await pixelsOf(name));
  if (kept) await on.restore(kept);
  if (merger.peek() === on) kept = null;
}

/** Make the merge's canvas in its place on the page; the answer takes it away. */
export function mountMerger(host: HTMLElement): () => void {
  const merge = merging.peek()!;
  const made = new Editor(host, {
    label: t('merge.canvas'),
    settings: {
      tool: 'brush',
      layer: 'sketch',
      from: merge.ink,
      size: sizeOfBrush(merge.base),
      hardness: 0.6,
      pressure: 'size',
    },
  });
  made.on('tool', (now) => {
    ownSettings.value = now;
  });
  made.on('change', () => tell(made));
  made.on('refusal', ({ detail }) => complain(detail));
  batch(() => {
    ownSettings.value = made.settings;
    merger.value = made;
  });
  inkComing.value = true;
  filling = fill(made, merge)
    .catch((error) => {
      complain(error);
      if (merger.peek() === made) leaveMerge();
    })
    .finally(() => tellInk(made));
  return () => {
    batch(() => {
      merger.value = null;
      undoable.value = { undo: false, redo: false };
    });
    made.dispose();
  };
}

function end(): void {
  kept = null;
  merging.value = null;
}

/** Leave without taking it; what was painted can be brought back. */
export function leaveMerge(): void {
  const left = keptMerge();
  end();
  if (left?.document?.position) {
    notify(t('merge.left'), { action: { label: t('undo'), perform: () => resumeMerge(left) } });
  }
}

/** Make what was merged the picture. */
export async function applyMerge(): Promise<void> {
  const left = keptMerge();
  try {
    const made = await merger.peek()?.mergedPng();
    if (!left) return;
    if (!made) return leaveMerge();
    await takeAsPicture(made, t('version.merged'), null, { undone: () => resumeMerge(left) });
    end();
  } catch (error) {
    complain(error);
  }
}

/** Another picture ends a merge of what lay over the one before. */
export function startMerging(): void {
  effect(() => {
    const hash = picture.value?.hash ?? null;
    if (merging.peek() && merging.peek()?.picture !== hash) end();
  });
}
