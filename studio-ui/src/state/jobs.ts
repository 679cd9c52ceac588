// Jobs: those of this tab are followed to their pictures, those of others are seen in the queue.

import { batch, computed, signal } from '@preact/signals';
import { api, type NewJob, Problem, Unreachable, urlOf } from '../api/client';
import type { EventName, Job, JobEvents, JobState, Picture, Values } from '../api/types';
import { t } from '../i18n';
import { newId } from '../persist';
import { editor, forgetUploads, missing, picture, revision } from './document';
import { forgetShape, placed } from './inplace';
import { announce, complain, notify } from './notices';
import { refusal, withRequest } from './plan';
import { rememberPrompt } from './preferences';
import { modeRow, read } from './request';
import { addResult, look, shownAlone } from './results';
import { type ScriptCall, scriptCall } from './script';
import { noteFailure, reachable } from './server';
import { until } from './until';

export interface Speed {
  job: string;
  steps_per_second: number | null;
  seconds_left: number | null;
}

export const jobs = signal<ReadonlyMap<string, Job>>(new Map());
/** Jobs that this tab asked for and that have not ended, and the source each began from. */
export const mine = signal<Readonly<Record<string, string | null>>>({});
/** Whether this tab asked for a job, ended or not. */
const asked = new Set<string>();
export const isOurs = (id: string): boolean => asked.has(id) || id in mine.value;
export const speed = signal<Speed | null>(null);
/** The job that waits for its model to be loaded, and which. */
export const loading = signal<{ job: string; model: string } | null>(null);
export const preview = signal<{ job: string; jpeg: string } | null>(null);
/** The state of the document over which a preview lies; painting on changes it. */
export const laidOver = signal<number | null>(null);
/** Between the click and the server's answer. */
export const sending = signal(false);

const OPEN: readonly JobState[] = ['queued', 'running'];
export const isOpen = (job: Job): boolean => OPEN.includes(job.state);
export const open = computed<Job[]>(() => [...jobs.value.values()].filter(isOpen));
export const ours = computed<Job[]>(() => open.value.filter((job) => job.id in mine.value));
/** The job of this tab that runs, or that runs next. */
export const active = computed<Job | null>(
  () => ours.value.find((job) => job.state === 'running') ?? ours.value[0] ?? null,
);

export function put(job: Job): void {
  jobs.value = new Map(jobs.value).set(job.id, job);
}

function change(id: string, values: Partial<Job>): void {
  const job = jobs.value.get(id);
  if (job) put({ ...job, ...values });
}

async function renew(id: string): Promise<Job | null> {
  try {
    const job = await api.job(id);
    batch(() => {
      put(job);
      settle(job);
    });
    return job;
  } catch (error) {
    noteFailure(error);
    if (error instanceof Problem && error.status === 404) forget(id);
    return null;
  }
}

function forget(id: string): void {
  const left = new Map(jobs.value);
  left.delete(id);
  jobs.value = left;
  finish(id);
}

/** Take a picture of ours; it is looked at where it is the first, or the page of all. */
function add(made: Picture, job: Job | undefined): void {
  const place = job?.plan?.place;
  addResult(place ? { ...made, place } : made, made.index === 0 || made.index === job?.script?.page);
}

/** Take what a job of ours has brought so far; gives whether one of ours has ended. */
function settle(job: Job): boolean {
  const origin = mine.value[job.id];
  if (origin === undefined) return false;
  for (const made of job.pictures) add(made, job);
  if (isOpen(job)) return false;
  if (job.error) notify(t('job.failed', { why: job.error.detail }), { kind: 'warn' });
  return finish(job.id);
}

/** Take away what was shown of a job that has ended; gives whether it was ours. */
function finish(id: string): boolean {
  if (preview.value?.job === id) {
    preview.value = null;
    laidOver.value = null;
    void editor.peek()?.setOverlay('preview', null);
  }
  if (speed.value?.job === id) speed.value = null;
  if (loading.value?.job === id) loading.value = null;
  forgetShape(id);
  const { [id]: origin, ...others } = mine.value;
  if (origin === undefined) return false;
  mine.value = others;
  return true;
}

/** What is told late of a job that was cancelled here is not heard. */
const isOver = (id: string): boolean => {
  const job = jobs.value.get(id);
  return job !== undefined && !isOpen(job);
};

function blobOf(dataUri: string): Blob {
  const bytes = Uint8Array.from(atob(dataUri.slice(dataUri.indexOf(',') + 1)), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: 'image/jpeg' });
}

async function layOver(job: Job, jpeg: string): Promise<void> {
  const ready = await placed(job, blobOf(jpeg)).catch(complain);
  // Meanwhile the job may have ended.
  if (!ready || preview.peek()?.jpeg !== jpeg) return;
  laidOver.value ??= revision.peek();
  await editor.peek()?.setOverlay('preview', ready).catch(complain);
}

const TOLD: { [Name in EventName]: (data: JobEvents[Name]) => void } = {
  queued: ({ job }) => void renew(job),
  started: ({ job }) => (jobs.value.has(job) ? change(job, { state: 'running', position: null }) : void renew(job)),
  loading: ({ job, model }) => {
    if (!isOver(job)) loading.value = { job, model };
  },
  step: (data) => {
    if (isOver(data.job)) return;
    if (loading.value?.job === data.job) loading.value = null;
    const total = Math.max(1, data.pictures * data.steps);
    const done = data.picture * data.steps + data.step;
    change(data.job, {
      state: 'running',
      progress: {
        picture: data.picture,
        pictures: data.pictures,
        step: data.step,
        steps: data.steps,
        fraction: Math.min(1, done / total),
        seconds_left: data.seconds_left,
      },
    });
    if (data.job in mine.value) {
      speed.value = { job: data.job, steps_per_second: data.steps_per_second, seconds_left: data.seconds_left };
    }
  },
  preview: (data) => {
    if (!(data.job in mine.value)) return;
    preview.value = { job: data.job, jpeg: data.jpeg };
    const job = jobs.value.get(data.job);
    if (job?.request.init_image && !job.script && mine.value[data.job] === picture.peek()?.hash)
      void layOver(job, data.jpeg);
  },
  picture: (data) => {
    if (!(data.job in mine.value)) return;
    add(data.picture, jobs.value.get(data.job));
  },
  done: ({ job }) => {
    put(job);
    if (settle(job)) announce(t('said.done'));
  },
  failed: (data) => {
    change(data.job, { state: 'failed', error: data.error });
    if (finish(data.job)) notify(t('job.failed', { why: data.error.detail }), { kind: 'warn' });
  },
  cancelled: ({ job }) => {
    const id = typeof job === 'string' ? job : job.id;
    change(id, { state: 'cancelled' });
    if (finish(id)) announce(t('said.cancelled'));
  },
};

let source: EventSource | undefined;

/** Hear the server's events; the browser joins again by itself and names the last one it heard. */
export function listen(): void {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(urlOf('events'));
  for (const name of Object.keys(TOLD) as EventName[]) {
    source.addEventListener(name, (event) => {
      const tell = TOLD[name] as (data: unknown) => void;
      batch(() => tell(JSON.parse((event as MessageEvent<string>).data)));
    });
  }
  source.onerror = () => {
    reachable.value = false;
  };
}

/** After a reload or a lost connection: learn what became of the jobs. */
export async function rejoin(): Promise<void> {
  forgetUploads();
  listen();
  const rows = await api.jobs();
  jobs.value = new Map(rows.filter((job) => isOpen(job) || job.id in mine.value).map((job) => [job.id, job]));
  batch(() => {
    for (const job of rows) settle(job);
  });
  const unheard = Object.keys(mine.peek()).filter((id) => !jobs.peek().has(id));
  await Promise.all(unheard.map(renew));
}

interface Sending {
  script?: ScriptCall | null;
  priority?: 'interactive' | 'batch';
  keep?: boolean;
  /** What the job is called, so that sent again it is not done twice; left out = by its words, until it is answered. */
  key?: string;
}

/** Keys of what was sent and not answered: who presses again after a lost connection asks for the same job. */
const unanswered = new Map<string, string>();

async function sent(body: NewJob, given: string | undefined): Promise<Job> {
  const words = JSON.stringify(body);
  const key = given ?? unanswered.get(words) ?? newId();
  try {
    const job = await api.submit(body, key);
    unanswered.delete(words);
    return job;
  } catch (error) {
    if (error instanceof Unreachable) unanswered.set(words, key);
    else unanswered.delete(words);
    throw error;
  }
}

export async function submit(request: Values, origin: string | null, how: Sending = {}): Promise<Job> {
  const { script = null, priority = 'interactive', keep = true, key } = how;
  const job = await sent({ request, priority, keep, ...(script ? { script } : {}) }, key);
  batch(() => {
    asked.add(job.id);
    mine.value = { ...mine.value, [job.id]: origin };
    put(job);
    settle(job);
    // The same request as one that is done is answered from its result: that one is looked at.
    if (job.state === 'done') look(job.pictures[0]?.id ?? null);
  });
  return job;
}

/** Hear of a job of this tab whose pictures are no results. */
export function follow(job: Job): void {
  asked.add(job.id);
  // Its end may have been told before the answer.
  if (!isOver(job.id)) put(job);
}

/** Give a job once it has ended. */
export async function ended(id: string): Promise<Job> {
  await until(() => {
    const now = jobs.value.get(id);
    return !now || !isOpen(now);
  });
  const job = jobs.peek().get(id);
  if (job) return job;
  // After a lost connection the list has only what is open.
  put(await api.job(id));
  return ended(id);
}

/** The picture that jobs begin from in this mode. */
export const origin = (): string | null => (modeRow.peek().picture ? (picture.peek()?.hash ?? null) : null);

/** Run what is set. */
export async function generate(): Promise<void> {
  if (missing() || sending.value) return;
  sending.value = true;
  try {
    rememberPrompt(String(read('prompt') ?? ''));
    // What is shown alone would hide the preview on the picture.
    if (shownAlone.peek()) look(null);
    await withRequest((request) => submit(request, origin(), { script: scriptCall.peek() }));
    announce(t('said.started'));
  } catch (error) {
    noteFailure(error);
    if (error instanceof Problem && error.field) refusal.value = { detail: error.message, field: error.field };
    complain(error);
  } finally {
    sending.value = false;
  }
}

export async function runAgain(request: Values): Promise<void> {
  try {
    await submit(request, null);
  } catch (error) {
    noteFailure(error);
    complain(error);
  }
}

/** Stop now: the page does not wait for the answer. */
export async function cancel(id: string): Promise<void> {
  const origin = mine.peek()[id];
  change(id, { state: 'cancelled' });
  if (finish(id)) announce(t('said.cancelled'));
  try {
    put(await api.cancel(id));
  } catch (error) {
    noteFailure(error);
    complain(error);
    if (origin !== undefined) mine.value = { ...mine.peek(), [id]: origin };
    await renew(id);
  }
}
