// The new margin of the picture: set by handles on the canvas or by numbers in the panel.

import { computed, signal } from '@preact/signals';
import type { Pair } from '../api/types';
import { around, grows, type Sides, sidesOf } from '../extent';
import { editor, picture } from './document';
import { applies, mode, read, resetValue, setValue } from './request';

/** The handles are wanted, also where nothing is added yet. */
export const extending = signal(false);

const size = computed<Pair>(() => [picture.value?.width ?? 0, picture.value?.height ?? 0]);

/** Whether the mode has a picture that can grow. */
export const canExtend = computed(() => picture.value !== null && mode.value !== 'batch' && applies('extend'));
export const sides = computed<Sides>(() => sidesOf(read('extend'), size.value));
export const handles = computed(() => canExtend.value && (extending.value || grows(sides.value)));

export function setSide(side: number, value: number): void {
  setValue('extend', sides.peek().with(side, Math.max(0, Math.round(value))));
}

/** Room beside the picture for an edge to be drawn to, as a share of its sides. */
const ROOM = 0.15;

/** Look at the whole of the larger picture. */
export function showMargin(): void {
  const [width, height] = size.peek();
  const room = sides.peek().map((side, place) => Math.max(side, (place % 2 ? height : width) * ROOM)) as Sides;
  editor.peek()?.fit(around(room, size.peek()));
}

/** Let the picture be as large as it is. */
export function stopExtending(): void {
  extending.value = false;
  resetValue('extend');
  editor.peek()?.fit();
}

export function flipExtending(): void {
  if (handles.peek()) stopExtending();
  else if (canExtend.peek()) {
    extending.value = true;
    showMargin();
  }
}
