// Many files through the same request. The files are kept by the journal as pictures are, by their hashes.

import { computed, effect, signal } from '@preact/signals';
import { reasonOf, Unreachable } from '../api/client';
import type { Job, Picture, Values } from '../api/types';
import { sha256 } from '../canvas';
import { newId } from '../persist';
import { keepPicture, uploadKept } from './document';
import { active, cancel, isOpen, jobs, sending, submit } from './jobs';
import { complain } from './notices';
import { mode, parameters } from './request';
import { noteFailure } from './server';
import { until } from './until';

export interface BatchFile {
  /** Of this list; the same file may be in it twice. */
  id: number;
  hash: string;
  name: string;
  /** It is to be sent, and is not yet: a page that is loaded anew goes on with it. */
  wanted: boolean;
  /** Of this sending; the same file through the same request is one job under it, also after a lost answer. */
  key?: string;
  job: string | null;
  /** What came out, once it has. */
  made: Picture | null;
  trouble: string | null;
}

export const batchFiles = signal<readonly BatchFile[]>([]);

const jobOf = (row: BatchFile): Job | null => (row.job && jobs.value.get(row.job)) || null;
export const batchRows = computed(() => batchFiles.value.map((row) => ({ row, job: jobOf(row) })));
const isWaiting = ({ row, job }: { row: BatchFile; job: Job | null }): boolean =>
  row.wanted || (!row.made && job !== null && isOpen(job));
export const batchWaits = computed(() => batchRows.value.filter(isWaiting));
export const batchMade = computed(() => batchFiles.value.flatMap((row) => row.made ?? []));

/** Take files in, in their order; each is there as soon as it is kept. */
export async function addFiles(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    try {
      const hash = await sha256(file);
      await keepPicture(hash, file);
      const id = 1 + Math.max(0, ...batchFiles.peek().map((row) => row.id));
      batchFiles.value = [
        ...batchFiles.peek(),
        { id, hash, name: file.name, wanted: false, job: null, made: null, trouble: null },
      ];
    } catch (error) {
      complain(error);
    }
  }
}

export function dropFile(row: BatchFile): void {
  batchFiles.value = batchFiles.value.filter((other) => other.id !== row.id);
}

function note(row: BatchFile, values: Partial<BatchFile>): void {
  batchFiles.value = batchFiles.value.map((other) => (other.id === row.id ? { ...other, ...values } : other));
}

/** The request may be another one by now: a page that is loaded anew goes on with what is set then. */
const keyOf = async ({ key }: BatchFile, request: Values): Promise<string> =>
  `${key ?? newId()}-${await sha256(new TextEncoder().encode(JSON.stringify(request)))}`;

/** Send what is wanted; one that is refused does not stop the others, a server that is gone does. */
export async function sendBatch(): Promise<void> {
  if (mode.peek() !== 'batch' || sending.value) return;
  sending.value = true;
  for (;;) {
    const row = batchFiles.peek().find(({ wanted }) => wanted);
    if (!row) break;
    try {
      const request = { ...parameters.peek(), init_image: await uploadKept(row.hash) };
      const job = await submit(request, null, { priority: 'batch', key: await keyOf(row, request) });
      note(row, { wanted: false, job: job.id, made: null, trouble: null });
    } catch (error) {
      noteFailure(error);
      if (error instanceof Unreachable) break;
      note(row, { wanted: false, trouble: reasonOf(error) });
    }
  }
  sending.value = false;
}

/** Send every file through the same request; one whose answer is still waited for keeps its key. */
export async function generateBatch(): Promise<void> {
  batchFiles.value = batchFiles.value.map((row) => ({
    ...row,
    wanted: true,
    key: (row.wanted && row.key) || newId(),
  }));
  await sendBatch();
}

async function cancelWaiting(): Promise<void> {
  await Promise.all(batchWaits.peek().flatMap(({ job }) => (job ? [cancel(job.id)] : [])));
}

export async function cancelBatch(): Promise<void> {
  batchFiles.value = batchFiles.value.map((row) => ({ ...row, wanted: false }));
  await cancelWaiting();
  await until(() => !sending.value);
  // What was on its way has a job by now.
  await cancelWaiting();
}

/** Stop what runs: of a batch, all of it. */
export async function cancelActive(): Promise<void> {
  const job = active.peek();
  if (mode.peek() === 'batch' && batchWaits.peek().length) await cancelBatch();
  else if (job) await cancel(job.id);
}

/** Note what came of each file, so that it is known without its job too. */
export function startBatch(): void {
  effect(() => {
    for (const { row, job } of batchRows.value) {
      if (!job || isOpen(job) || row.made) continue;
      const [made] = job.pictures;
      const trouble = job.error?.detail ?? null;
      if (made) note(row, { made });
      else if (trouble !== row.trouble) note(row, { trouble });
    }
  });
}
