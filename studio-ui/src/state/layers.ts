// Layers of a picture: each edit as a step of a chain on the server, moved, hidden, taken away and run again there.

import { batch, computed, signal } from '@preact/signals';
import { api, reasonOf } from '../api/client';
import type { Chain, ChainStep, StepPlace } from '../api/types';
import { altered, dueFrom, moved, type Steps, without } from '../arrange';
import { t } from '../i18n';
import { save } from '../save';
import { picture, versions } from './document';
import { ended, follow } from './jobs';
import { announce, complain, notify } from './notices';
import { current, takeAsPicture } from './results';
import { closeSheet, openSheet } from './sheets';

export const chain = signal<Chain | null>(null);
/** Why there is none. */
export const trouble = signal<string | null>(null);
/** Grows with every change, so that its pictures are asked for anew. */
export const edition = signal(0);
/** The step that is being run again, and its job once there is one. */
export const running = signal<{ step: string; job: string | null } | null>(null);
/** A change is on its way. */
export const changing = signal(false);

/** The picture of the history that is on the canvas. */
export const madeOnCanvas = computed<string | null>(
  () => versions.value.find((version) => version.hash === picture.value?.hash)?.made ?? null,
);
/** The picture whose layers are meant: the result that is looked at, or else what is on the canvas. */
export const layered = computed<string | null>(() => current.value?.id ?? madeOnCanvas.value);

/** What files of the chain that is shown are called. */
let name = '';

const SUFFIX = '.pentimento';
export const isProject = (file: File): boolean => file.name.endsWith(SUFFIX);

function show(told: Chain): void {
  batch(() => {
    chain.value = told;
    edition.value += 1;
  });
}

let asked = 0;

async function open(called: string, ask: () => Promise<Chain>): Promise<void> {
  asked += 1;
  const mine = asked;
  batch(() => {
    chain.value = null;
    trouble.value = null;
    openSheet('layers');
  });
  try {
    const told = await ask();
    if (mine !== asked) return;
    name = called;
    show(told);
  } catch (error) {
    if (mine === asked) trouble.value = reasonOf(error);
  }
}

/** Show the layers of a picture of the history, as they were left. */
export const openLayers = (id: string): Promise<void> => open(id, () => api.chainOf(id));

export const openProject = (file: File): Promise<void> =>
  open(file.name.replace(SUFFIX, ''), () => api.openProject(file));

let last: Promise<unknown> = Promise.resolve();

/** Change a chain after all changes before; where the server refuses, all stays as it is and there is no answer. */
function inTurn(of: Chain, change: (now: Chain) => Promise<Chain>): Promise<Chain | null> {
  const next = last.then(async () => {
    changing.value = true;
    try {
      const now = chain.peek();
      const told = await change(now?.id === of.id ? now : of);
      if (chain.peek()?.id === told.id) show(told); // else another has taken its place
      return told;
    } catch (error) {
      complain(error);
      return null;
    } finally {
      changing.value = false;
    }
  });
  last = next;
  return next;
}

const arrange = (of: Chain, places: (steps: Steps) => StepPlace[]): Promise<Chain | null> =>
  inTurn(of, (now) => api.arrange(now.id, places(now.steps)));

export const move = (of: Chain, id: string, by: number): Promise<Chain | null> =>
  arrange(of, (steps) => moved(steps, id, by));

export const alter = (of: Chain, id: string, values: Omit<StepPlace, 'id'>): Promise<Chain | null> =>
  arrange(of, (steps) => altered(steps, id, values));

/** Take a step away; it can be brought back, with all as it then was. */
export const remove = (of: Chain, id: string): Promise<Chain | null> =>
  inTurn(of, async (now) => {
    const before = await api.chainFile(now.id, 'pentimento');
    const told = await api.arrange(now.id, without(now.steps, id));
    const putBack = () => void inTurn(of, () => api.putBack(of.id, before));
    notify(t('layers.removed'), { action: { label: t('undo'), perform: putBack } });
    return told;
  });

/** Run a step over what lies below it now; gives the chain in which its result has taken its place. */
async function run(of: Chain, step: ChainStep): Promise<Chain | null> {
  running.value = { step: step.id, job: null };
  const job = await api.runStep(of.id, step.id);
  follow(job);
  running.value = { step: step.id, job: job.id };
  const { state, error, pictures } = await ended(job.id);
  if (error) notify(t('job.failed', { why: error.detail }), { kind: 'warn' });
  const made = pictures[0];
  return state === 'done' && made ? inTurn(of, () => api.retake(of.id, step.id, made.id)) : null;
}

/** Run several, one after the other: while they run no others are begun. */
async function whileRunning(work: () => Promise<Chain | null>): Promise<void> {
  if (running.peek()) return;
  try {
    if (await work()) announce(t('layers.ran'));
  } catch (error) {
    complain(error);
  } finally {
    running.value = null;
  }
}

export const runAgain = (of: Chain, step: ChainStep): Promise<void> => whileRunning(() => run(of, step));

/** Run all that do not fit what lies below them, from below to above: each may change what those over it have seen. */
export const runAll = (of: Chain): Promise<void> =>
  whileRunning(async () => {
    let now: Chain | null = of;
    for (let at = dueFrom(of.steps, 0); now && at >= 0; at = now ? dueFrom(now.steps, at + 1) : -1) {
      now = await run(now, now.steps[at]!);
    }
    return now;
  });

/** Make what the layers show the source. */
export async function takeToCanvas(of: Chain): Promise<void> {
  try {
    const file = await api.chainFile(of.id, 'png');
    closeSheet();
    await takeAsPicture(file, t('version.layers'), null);
  } catch (error) {
    complain(error);
  }
}

export async function saveAs(of: Chain, format: 'pentimento' | 'ora'): Promise<void> {
  try {
    save(await api.chainFile(of.id, format), `${name}.${format}`);
  } catch (error) {
    complain(error);
  }
}
