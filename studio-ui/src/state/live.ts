// Live mode: every change of the request is made at once, and takes the place of the one before it.

import { effect, signal, untracked } from '@preact/signals';
import { missing } from './document';
import { cancel, isOpen, jobs, origin, submit } from './jobs';
import { complain } from './notices';
import { planned } from './plan';
import { isSet, mode, setValue } from './request';
import { results } from './results';
import { noteFailure } from './server';

export const live = signal(false);

const SEEDS = 2 ** 32 - 3;
let last: string | null = null;

/** Live pictures differ by what was changed alone, so the seed stays. */
export function flipLive(): void {
  live.value = !live.value;
  if (live.value && !isSet('seed')) setValue('seed', Math.floor(Math.random() * SEEDS));
}

async function replace(): Promise<void> {
  const request = planned.peek();
  if (!request) return;
  const before = last ? jobs.peek().get(last) : undefined;
  if (before && isOpen(before)) await cancel(before.id);
  if (before) results.value = results.peek().filter((row) => row.job !== before.id);
  last = (await submit(request, origin(), { keep: false })).id;
}

export function startLive(): void {
  let running: Promise<void> = Promise.resolve();
  effect(() => {
    if (!live.value || !planned.value || mode.value === 'batch') return;
    if (untracked(() => missing() !== null)) return;
    const wanted = planned.value;
    running = running
      .then(() => (planned.peek() === wanted ? replace() : undefined))
      .catch((error) => {
        noteFailure(error);
        live.value = false;
        complain(error);
      });
  });
}
