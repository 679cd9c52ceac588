// The plan, live: what will be done with what is set now.

import { computed, effect, signal } from '@preact/signals';
import { api, Problem, Unreachable } from '../api/client';
import type { Plan, ScriptPlan, Values } from '../api/types';
import { wholeOf, workedOn } from '../extent';
import { frameOf } from '../frame';
import { number, t } from '../i18n';
import { editor, forgetUploads, type Inputs, inputs, missing, painting, picture, revision } from './document';
import { complain } from './notices';
import { mode, modeRow, parameters } from './request';
import { scriptCall } from './script';
import { noteFailure, reachable } from './server';

export interface Refusal {
  detail: string;
  field: string | null;
}

export const plan = signal<Plan | null>(null);
/** What the script will do, where one is chosen. */
export const scriptPlan = signal<ScriptPlan | null>(null);
export const refusal = signal<Refusal | null>(null);
/** What is shown is older than what is set. */
export const stale = signal(false);
/** The request that `plan` belongs to. */
export const planned = signal<Values | null>(null);
export const showCells = signal(false);
/** The choice of masked content that is looked at. */
export const hovered = signal<string | null>(null);

/** A refusal without the field's name before it, for where that is seen. */
export function bare(detail: string, name: string): string {
  return detail.startsWith(`${name}: `) ? detail.slice(name.length + 2) : detail;
}

export const troubleWith = (name: string): string | null =>
  refusal.value?.field === name ? bare(refusal.value.detail, name) : null;

const WAIT_MS = 250;
let running: AbortController | undefined;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** The whole request, its pictures on the server. */
export async function wholeRequest(): Promise<Values> {
  const given: Inputs = await inputs();
  return { ...parameters.peek(), ...given };
}

/** Use the whole request; once more where the server has lost its pictures. */
export async function withRequest<T>(use: (request: Values) => Promise<T>): Promise<T> {
  try {
    return await use(await wholeRequest());
  } catch (error) {
    if (!(error instanceof Problem) || !PICTURES.includes(error.field ?? '')) throw error;
    forgetUploads();
    return use(await wholeRequest());
  }
}

const PICTURES = ['init_image', 'mask'];

async function renew(): Promise<void> {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  try {
    const script = scriptCall.peek();
    const { request, fresh, all } = await withRequest(async (whole) => {
      mine.signal.throwIfAborted();
      const all = script && (await api.planScript(whole, script, mine.signal));
      return { request: whole, fresh: await api.plan(whole, mine.signal), all };
    });
    mine.signal.throwIfAborted();
    plan.value = fresh;
    scriptPlan.value = all;
    planned.value = request;
    refusal.value = null;
    stale.value = false;
    overlay(fresh, request, mine.signal).catch((error) => mine.signal.aborted || noteFailure(error));
  } catch (error) {
    if (mine.signal.aborted) return;
    noteFailure(error);
    if (error instanceof Problem) {
      refusal.value = { detail: error.message, field: error.field };
      plan.value = null;
      scriptPlan.value = null;
      planned.value = null;
      stale.value = false;
    } else if (!(error instanceof Unreachable)) complain(error);
  }
}

/** A line is drawn from it, so no more pixels than a screen has are looked through. */
const LARGEST = 1600;

async function forScreen(grey: Blob): Promise<Blob | ImageBitmap> {
  const source = picture.peek();
  if (!source || Math.max(source.width, source.height) <= LARGEST) return grey;
  const scale = LARGEST / Math.max(source.width, source.height);
  return createImageBitmap(grey, { resizeWidth: Math.round(source.width * scale), resizeQuality: 'medium' });
}

/** Draw the plan on the picture: crop box, the blurred mask's edge, cells. */
async function overlay(fresh: Plan, request: Values, signal: AbortSignal): Promise<void> {
  const on = editor.peek();
  if (!on) return;
  const box = fresh.box && workedOn(fresh, request);
  const scale = box ? fresh.working_size[0] / Math.max(1, box[2] - box[0]) : 1;
  const size = fresh.working_size.join(' × ');
  const whole = request.init_image && !box && !fresh.place ? picture.peek() : null;
  const frame = whole && frameOf(String(request.resize_mode), [whole.width, whole.height], fresh.output_size);
  await on.setOverlay('frame', frame && { box: frame, label: fresh.output_size.join(' × ') });
  await on.setOverlay('crop', box ? { box, label: t('crop.label', { size, scale: number(scale, 2) }) } : null);
  if (!request.mask && !fresh.place) {
    await Promise.all([on.setOverlay('weight', null), on.setOverlay('cells', null)]);
    return;
  }
  const weight = await forScreen(await api.planPicture('mask', request, signal));
  signal.throwIfAborted();
  const extent = wholeOf(fresh, request);
  await on.setOverlay('weight', { image: weight, ...(extent ? { box: extent } : {}) });
  const cells = showCells.peek() ? await api.planPicture('cells', request, signal) : null;
  const at = workedOn(fresh, request);
  if (!signal.aborted) await on.setOverlay('cells', cells && { image: cells, ...(at ? { box: at } : {}) });
}

function clear(): void {
  running?.abort();
  plan.value = null;
  scriptPlan.value = null;
  planned.value = null;
  refusal.value = null;
  stale.value = false;
  const on = editor.peek();
  for (const name of ['crop', 'frame', 'weight', 'cells'] as const) void on?.setOverlay(name, null);
}

/** Keep the plan true. */
export function startPlanning(): void {
  const wanted = computed(
    () =>
      [
        parameters.value,
        scriptCall.value,
        mode.value,
        picture.value?.hash,
        revision.value,
        showCells.value,
        missing(),
      ] as const,
  );
  effect(() => {
    const lacking = wanted.value.at(-1);
    const paints = painting.value;
    if (!reachable.value) return;
    clearTimeout(waiting);
    running?.abort();
    if (paints) return;
    stale.value = true;
    if (lacking === 'need.picture' || modeRow.peek().mode === 'batch') return clear();
    waiting = setTimeout(renew, WAIT_MS);
  });
}

/** What the network would be shown with each choice of masked content. */
export async function shownWith(content: string, signal: AbortSignal): Promise<Blob> {
  return api.planPicture('shown', { ...(await wholeRequest()), masked_content: content }, signal);
}
