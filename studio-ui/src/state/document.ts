// The picture and what is painted on it: the editor's state as signals, and its pictures on the server.

import { batch, signal } from '@preact/signals';
import { api } from '../api/client';
import {
  type ChangeEvent,
  type CompareState,
  type DocumentJSON,
  Editor,
  type PictureInfo,
  type Point,
  type Settings,
  sha256,
  type ViewState,
} from '../canvas';
import { t } from '../i18n';
import { findBlob, keepBlob } from '../persist';
import { complain } from './notices';
import { maskColour, maskOpacity } from './preferences';
import { isSet, modeRow } from './request';

export const editor = signal<Editor | null>(null);
export const picture = signal<PictureInfo | null>(null);
export const painted = signal({ mask: false, sketch: false });
export const painting = signal(false);
/** The mask is being worked on for longer than a moment. */
export const working = signal(false);
export const undoable = signal({ undo: false, redo: false });
export const settings = signal<Settings | null>(null);
export const view = signal<ViewState | null>(null);
export const compare = signal<CompareState | null>(null);
export const cursor = signal<Point | null>(null);
/** Grows with every change of what is painted. */
export const revision = signal(0);

/** A picture that was the source: the first is the original, each accepted result follows. */
export interface Version {
  hash: string;
  width: number;
  height: number;
  name: string;
  /** The picture of the history that it is. */
  made?: string;
}
export const versions = signal<Version[]>([]);

function read(from: Editor): void {
  batch(() => {
    picture.value = from.picture;
    painted.value = { ...from.painted };
    undoable.value = { undo: from.canUndo, redo: from.canRedo };
    revision.value += 1;
  });
}

/** Make the editor in its place on the page; the answer takes it away. */
export function mountEditor(host: HTMLElement, label: string): () => void {
  const made = new Editor(host, {
    label,
    settings: { maskColour: maskColour.peek(), maskOpacity: maskOpacity.peek() },
  });
  const ends = [
    made.on('change', (_: ChangeEvent) => read(made)),
    made.on('tool', (now) => {
      settings.value = now;
      maskColour.value = now.maskColour;
      maskOpacity.value = now.maskOpacity;
    }),
    made.on('view', (now) => {
      view.value = now;
    }),
    made.on('compare', (now) => {
      compare.value = now;
    }),
    made.on('cursor', (now) => {
      cursor.value = now;
    }),
    made.on('painting', (now) => {
      painting.value = now;
    }),
    made.on('working', (now) => {
      working.value = now;
    }),
    made.on('refusal', (refusal) => complain(refusal.detail)),
  ];
  batch(() => {
    editor.value = made;
    settings.value = made.settings;
    view.value = made.view;
    compare.value = made.compare;
  });
  return () => {
    for (const end of ends) end();
    made.dispose();
    editor.value = null;
  };
}

/** The brush, as a share of the picture's smaller side: it stays as large to the eye. */
let brushShare = 0.1;

function fitBrush(into: Editor, info: PictureInfo, before: PictureInfo | null): void {
  if (before) brushShare = into.settings.size / Math.min(before.width, before.height);
  into.set({ size: Math.max(1, Math.round(brushShare * Math.min(info.width, info.height))) });
}

/** The pictures of this page, for where the journal is full or forbidden. */
const held = new Map<string, Blob>();

/** Keep a picture over a reload. */
export async function keepPicture(hash: string, blob: Blob): Promise<void> {
  held.set(hash, blob);
  await keepBlob(hash, blob).catch(complain);
}

/** The file of a picture that is or was the source. */
export async function blobOf(hash: string): Promise<Blob> {
  const blob = held.get(hash) ?? (await findBlob(hash));
  if (!blob) throw new Error(t('picture.lost'));
  return blob;
}

interface Opening {
  /** Leave mask and sketch where the size is the same. */
  keep?: boolean;
  /** The picture of the history that it is. */
  made?: string | undefined;
}

/** Put a picture in as the source. */
export async function openPicture(blob: Blob, name: string, options: Opening = {}): Promise<boolean> {
  const into = editor.peek();
  if (!into) return false;
  const keeps = options.keep ?? false;
  const before = into.picture;
  let info: PictureInfo;
  try {
    info = await into.load(blob, { keep: keeps });
  } catch {
    return false; // the editor has told why, by its event `refusal`
  }
  await keepPicture(info.hash, blob);
  fitBrush(into, info, before);
  const version: Version = { ...info, name, ...(options.made ? { made: options.made } : {}) };
  batch(() => {
    const others = keeps ? versions.peek().filter((row) => row.hash !== info.hash) : [];
    versions.value = [...others, version];
    read(into);
  });
  return true;
}

/** What was painted on pictures that are not shown, where the next one has another size. */
const left = new Map<string, DocumentJSON>();

/** Go back (or on) to a picture that was the source; the mask stays, or comes back, as the size allows. */
export async function openVersion(version: Version): Promise<void> {
  const blob = await blobOf(version.hash);
  const into = editor.peek();
  const now = into?.document();
  if (!into) return;
  if (now) left.set(now.picture.hash, now);
  const fits = now?.picture.width === version.width && now.picture.height === version.height;
  await into.load(blob, { keep: fits });
  const painted = left.get(version.hash);
  if (!fits && painted) await into.restore(painted);
  read(into);
}

/** The document as it is, so that it can be brought back after another took its place. */
export function remember(): (() => Promise<boolean>) | null {
  const document = editor.peek()?.document();
  const kept = versions.peek();
  return document ? () => restoreDocument(document, kept) : null;
}

export function closePicture(): void {
  editor.peek()?.unload();
  batch(() => {
    picture.value = null;
    versions.value = [];
    painted.value = { mask: false, sketch: false };
    undoable.value = { undo: false, redo: false };
    revision.value += 1;
  });
}

/** Bring a kept document back. */
export async function restoreDocument(document: DocumentJSON, kept: Version[]): Promise<boolean> {
  const into = editor.peek();
  const blob = await blobOf(document.picture.hash);
  if (!into) return false;
  const before = into.picture;
  fitBrush(into, await into.load(blob), before);
  await into.restore(document);
  batch(() => {
    versions.value = kept;
    read(into);
  });
  return true;
}

// The pictures of a request: made once for each state of the document, sent once for each content.

const uploaded = new Set<string>();

/** A server that was started anew may have lost them. */
export function forgetUploads(): void {
  uploaded.clear();
  made = undefined;
}

const SMALL = 65536;

async function give(hash: string, blob: Blob): Promise<string> {
  if (!uploaded.has(hash)) {
    if (blob.size < SMALL || !(await api.isUploaded(hash))) await api.upload(blob, hash);
    uploaded.add(hash);
  }
  return `sha256:${hash}`;
}

const upload = async (blob: Blob): Promise<string> => give(await sha256(blob), blob);

/** Have a picture that is kept on the server too; gives what a request calls it. */
export const uploadKept = async (hash: string): Promise<string> => give(hash, await blobOf(hash));

export interface Inputs {
  init_image?: string;
  mask?: string;
}

let made: { key: string; inputs: Promise<Inputs> } | undefined;

async function makeInputs(wantsMask: boolean): Promise<Inputs> {
  const from = editor.peek();
  const source = picture.peek();
  if (!from || !source) return {};
  const sketched = from.painted.sketch ? await from.sketchPng() : null;
  const mask = wantsMask ? await from.maskPng(from.painted.sketch ? 'both' : 'mask') : null;
  const init = sketched ? await upload(sketched) : await uploadKept(source.hash);
  return { init_image: init, ...(mask ? { mask: await upload(mask) } : {}) };
}

/** The document as the fields of a request. */
export function inputs(): Promise<Inputs> {
  const row = modeRow.peek();
  if (!row.picture || !picture.peek()) return Promise.resolve({});
  const key = `${picture.peek()!.hash} ${revision.peek()} ${row.mask}`;
  if (made?.key !== key) {
    const fresh = { key, inputs: makeInputs(row.mask) };
    made = fresh;
    fresh.inputs.catch(() => {
      if (made === fresh) made = undefined;
    });
  }
  return made.inputs;
}

/** Whether there is all that the mode needs: a sentence's key where something is missing. */
export function missing(): 'need.picture' | 'need.mask' | null {
  const row = modeRow.value;
  if (row.mode === 'batch') return null;
  if (row.picture && !picture.value) return 'need.picture';
  if (row.mask && !painted.value.mask && !painted.value.sketch && !isSet('extend')) return 'need.mask';
  return null;
}
