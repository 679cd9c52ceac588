// The tab's work as one value, written to the journal at every change and read back at the start.

import { batch, effect } from '@preact/signals';
import type { Picture, Values } from '../api/types';
import type { DocumentJSON } from '../canvas';
import { moment, t } from '../i18n';
import { begin, type Session, save, tidy } from '../persist';
import { type BatchFile, batchFiles } from './batch';
import { closePicture, editor, picture, restoreDocument, revision, type Version, versions } from './document';
import { mine } from './jobs';
import { type KeptMerge, keptMerge, merging, resumeMerge, strokes } from './merge';
import { setMode } from './modes';
import { complain, notify } from './notices';
import { changed, type Mode, mode } from './request';
import { results, selected } from './results';
import { chosenScript, type ScriptCall } from './script';

interface Work {
  mode: Mode;
  changed: Values;
  document: DocumentJSON | null;
  versions: Version[];
  results: Picture[];
  selected: string | null;
  jobs: Record<string, string | null>;
  merge?: KeptMerge | null;
  batch?: readonly BatchFile[];
  script?: ScriptCall | null;
}

const WAIT_MS = 150;
const KEPT_RESULTS = 200;

let id = '';

function now(): Work {
  return {
    mode: mode.peek(),
    changed: changed.peek(),
    document: picture.peek() ? (editor.peek()?.document() ?? null) : null,
    versions: versions.peek(),
    results: results.peek().slice(-KEPT_RESULTS),
    selected: selected.peek(),
    jobs: mine.peek(),
    merge: keptMerge(),
    batch: batchFiles.peek(),
    script: chosenScript.peek(),
  };
}

function write(): Promise<unknown> {
  const state = now();
  const pictures = [...state.versions, ...(state.batch ?? [])].map((row) => row.hash);
  return save<Work>({ id, saved: Date.now(), state, pictures });
}

async function takeUp(work: Work): Promise<void> {
  batch(() => {
    changed.value = work.changed;
    mine.value = work.jobs;
    results.value = work.results;
    selected.value = work.selected;
    batchFiles.value = work.batch ?? [];
    chosenScript.value = work.script ?? null;
  });
  if (work.document) await restoreDocument(work.document, work.versions).catch(complain);
  setMode(work.mode);
  if (work.merge) resumeMerge(work.merge);
}

const isEmpty = (work: Work): boolean =>
  !work.document && !work.results.length && !work.batch?.length && !Object.keys(work.changed).length;

export function startAfresh(): void {
  const before = now();
  closePicture();
  batch(() => {
    changed.value = {};
    results.value = [];
    selected.value = null;
    batchFiles.value = [];
    chosenScript.value = null;
  });
  notify(t('session.afresh'), { action: { label: t('undo'), perform: () => void takeUp(before).catch(complain) } });
}

function offer(session: Session<Work>): void {
  if (isEmpty(session.state)) return;
  notify(t('session.elsewhere', { when: moment(session.saved / 1000) }), {
    action: { label: t('session.copy'), perform: () => void takeUp(session.state).catch(complain) },
  });
}

/** Read what this tab was at, then write every change. */
export async function startSession(): Promise<void> {
  let reloaded = false;
  try {
    reloaded = sessionStorage.getItem('pentimento.session') !== null;
    const start = await begin<Work>();
    id = start.id;
    if (start.session) {
      await takeUp(start.session.state);
      if (!reloaded && !isEmpty(start.session.state)) {
        notify(t('session.back', { when: moment(start.session.saved / 1000) }), {
          action: { label: t('session.new'), perform: startAfresh },
        });
      }
    } else if (start.elsewhere) offer(start.elsewhere);
    void tidy().catch(complain);
  } catch (error) {
    notify(t('session.forbidden', { why: String(error) }), { kind: 'warn' });
    return;
  }
  let waiting: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    // Each is read, so that a change of any of them writes.
    void [mode.value, changed.value, revision.value, versions.value, results.value, selected.value, mine.value];
    void [merging.value, strokes.value, batchFiles.value, chosenScript.value];
    clearTimeout(waiting);
    waiting = setTimeout(() => void write().catch(complain), WAIT_MS);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void write().catch(complain);
  });
}
