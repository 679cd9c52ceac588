// The plan, live: what will be done with what is set now.

import { computed, effect, signal } from '@preact/signals';
import { api, Problem } from '../api/client';
import type { Plan, PlanPicture, Values } from '../api/types';
import { number, t } from '../i18n';
import { editor, forgetUploads, type Inputs, inputs, missing, painting, picture, revision } from './document';
import { mode, modeRow, parameters } from './request';
import { noteFailure, reachable } from './server';

export interface Refusal {
  detail: string;
  field: string | null;
}

export const plan = signal<Plan | null>(null);
export const refusal = signal<Refusal | null>(null);
/** What is shown is older than what is set. */
export const stale = signal(false);
/** The request that `plan` belongs to. */
export const planned = signal<Values | null>(null);
export const showCells = signal(false);

export const troubleWith = (name: string): string | null =>
  refusal.value?.field === name ? refusal.value.detail : null;

const WAIT_MS = 250;
let running: AbortController | undefined;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** The whole request, its pictures on the server. */
export async function wholeRequest(): Promise<Values> {
  const given: Inputs = await inputs();
  return { ...parameters.peek(), ...given };
}

async function renew(): Promise<void> {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  try {
    const request = await wholeRequest();
    if (mine.signal.aborted) return;
    const fresh = await api.plan(request, mine.signal);
    if (mine.signal.aborted) return;
    plan.value = fresh;
    planned.value = request;
    refusal.value = null;
    stale.value = false;
    await overlay(fresh, request, mine.signal);
  } catch (error) {
    if (mine.signal.aborted) return;
    noteFailure(error);
    if (error instanceof Problem) {
      refusal.value = { detail: error.message, field: error.field };
      if (error.status === 404 || error.field === 'init_image' || error.field === 'mask') forgetUploads();
      plan.value = null;
      planned.value = null;
    }
  }
}

async function picturesOf(kind: PlanPicture, request: Values, signal: AbortSignal): Promise<Blob> {
  return api.planPicture(kind, request, signal);
}

/** Draw the plan on the picture: crop box, the blurred mask's edge, cells. */
async function overlay(fresh: Plan, request: Values, signal: AbortSignal): Promise<void> {
  const on = editor.peek();
  if (!on) return;
  const box = fresh.box;
  const scale = box ? fresh.working_size[0] / Math.max(1, box[2] - box[0]) : 1;
  const size = fresh.working_size.join(' × ');
  await on.setOverlay('crop', box ? { box, label: t('crop.label', { size, scale: number(scale, 2) }) } : null);
  if (!request.mask) {
    await Promise.all([on.setOverlay('weight', null), on.setOverlay('cells', null)]);
    return;
  }
  await on.setOverlay('weight', { image: await picturesOf('mask', request, signal) });
  const cells = showCells.peek() ? await picturesOf('cells', request, signal) : null;
  if (!signal.aborted) await on.setOverlay('cells', cells ? { image: cells, ...(box ? { box } : {}) } : null);
}

function clear(): void {
  running?.abort();
  plan.value = null;
  planned.value = null;
  refusal.value = null;
  const on = editor.peek();
  for (const name of ['crop', 'weight', 'cells'] as const) void on?.setOverlay(name, null);
}

/** Keep the plan true. */
export function startPlanning(): void {
  const wanted = computed(
    () => [parameters.value, mode.value, picture.value?.hash, revision.value, showCells.value, missing()] as const,
  );
  effect(() => {
    const [, , , , , lacking] = wanted.value;
    if (!reachable.value || painting.value) return;
    clearTimeout(waiting);
    stale.value = true;
    if (lacking === 'need.picture' || modeRow.peek().mode === 'batch') return clear();
    waiting = setTimeout(renew, WAIT_MS);
  });
}

/** What the network would be shown with each choice of masked content. */
export async function shownWith(content: string, signal: AbortSignal): Promise<Blob> {
  return api.planPicture('shown', { ...(await wholeRequest()), masked_content: content }, signal);
}
