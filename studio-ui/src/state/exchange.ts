// Pictures and texts that come from elsewhere, and the request in the words of other programs.

import { batch, signal } from '@preact/signals';
import { api } from '../api/client';
import type { ReadAnswer, Value, Values, Written } from '../api/types';
import example from '../assets/garden.png?no-inline';
import { t } from '../i18n';
import { addFiles } from './batch';
import { editor, openPicture, painted, remember } from './document';
import { isProject, openProject } from './layers';
import { setMode } from './modes';
import { complain, notify } from './notices';
import { wholeRequest } from './plan';
import { changed, type Mode, mode, setValues } from './request';
import { fields } from './server';

export const written = signal<Written | null>(null);

const PICTURES = ['init_image', 'mask'];

/** Take over the parameters of a request; pictures and what the server does not know stay out. */
export function takeRequest(request: Values, undoMore: () => unknown = () => {}): void {
  const known = Object.entries(request).filter(([name]) => fields.peek().has(name) && !PICTURES.includes(name));
  const before = changed.peek();
  changed.value = {};
  setValues(Object.fromEntries(known));
  notify(t('read.done', { n: known.length }), {
    action: {
      label: t('undo'),
      perform: () => {
        changed.value = before;
        undoMore();
      },
    },
  });
}

const uploadOf = async (reference: Value | undefined): Promise<Blob | null> =>
  typeof reference === 'string' ? api.uploaded(reference.replace('sha256:', '')).catch(() => null) : null;

/** Take over all of a request, its picture and mask too where the server has them. */
export async function takeWhole(request: Values): Promise<void> {
  const from = mode.peek();
  const bringBack = remember();
  const picture = await uploadOf(request.init_image);
  const mask = picture && (await uploadOf(request.mask));
  if (picture && (await openPicture(picture, t('version.history')))) {
    if (mask) await editor.peek()?.setMask(mask);
    setMode(mask ? 'inpaint' : 'image');
  }
  if (!request.init_image) setMode('text');
  takeRequest(request, () => {
    setMode(from);
    if (picture) void bringBack?.().catch(complain);
  });
}

function sayStrange(answer: ReadAnswer): void {
  if (answer.notes.length) {
    notify(t('read.notes', { what: answer.notes.join('; ') }), { kind: 'warn' });
  }
}

export async function readText(text: string): Promise<void> {
  try {
    const answer = await api.read(text);
    takeRequest(answer.request);
    sayStrange(answer);
  } catch (error) {
    complain(error);
  }
}

/** Read the parameters that a file carries. */
export async function pasteInto(file: Blob): Promise<void> {
  try {
    const answer = await api.read(file.type.startsWith('text/') ? await file.text() : file);
    await takeWhole(answer.request);
    sayStrange(answer);
  } catch (error) {
    complain(error);
  }
}

/** Put a picture in; what was painted on the one before can be brought back. */
async function replacePicture(blob: Blob, name: string, made?: string): Promise<boolean> {
  const bringBack = painted.peek().mask || painted.peek().sketch ? remember() : null;
  if (!(await openPicture(blob, name, { made }))) return false;
  if (bringBack) {
    notify(t('opened'), { action: { label: t('undo'), perform: () => void bringBack().catch(complain) } });
  }
  return true;
}

/** Put a file in as the source; where it carries parameters, offer them. A project shows its layers. */
export async function openFile(file: File): Promise<void> {
  if (isProject(file)) return openProject(file);
  if (mode.peek() === 'batch') return addFiles([file]);
  if (mode.peek() === 'text') mode.value = 'image';
  if (!(await replacePicture(file, file.name))) return;
  const answer = await api.read(file).catch(() => null);
  if (!answer?.infotext) return;
  const use = () => {
    takeRequest(answer.request);
    sayStrange(answer);
  };
  notify(t('read.offer'), { action: { label: t('read.use'), perform: use } });
}

export async function openExample(): Promise<void> {
  const blob = await (await fetch(example)).blob();
  await openPicture(blob, t('example.name'));
}

/** A picture of the history as the source. */
export async function openFromServer(id: string, to: Mode): Promise<void> {
  try {
    const blob = await api.file({ id });
    if (!(await replacePicture(blob, t('version.history'), id))) return;
    batch(() => {
      mode.value = to;
    });
  } catch (error) {
    complain(error);
  }
}

export async function write(): Promise<void> {
  try {
    written.value = await api.write(await wholeRequest());
  } catch (error) {
    complain(error);
  }
}

/** Pages that came without TLS have no clipboard: there the old way serves. */
function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export async function copy(text: string): Promise<void> {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyBySelection(text);
    notify(t('copied'));
  } catch (error) {
    complain(error);
  }
}
