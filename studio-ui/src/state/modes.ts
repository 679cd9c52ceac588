// Changing the mode, and what the hand then holds.

import { batch, computed, effect } from '@preact/signals';
import type { ToolName } from '../canvas';
import { editor, painting, revision, settings } from './document';
import { laidOver } from './jobs';
import { hovered } from './plan';
import { MODES, type Mode, mode, modeRow } from './request';

/** Go to a mode; the brush then paints what that mode is about. */
export function setMode(next: Mode): void {
  mode.value = next;
  const row = MODES.find((other) => other.mode === next)!;
  const on = editor.peek();
  if (!on) return;
  if (row.mask) on.set({ layer: 'mask' });
  else if (row.sketch) on.set({ layer: 'sketch' });
}

/** Whether the mask's tint would hide what is to be seen: another mode, the masked content, a preview. */
const tinted = computed(
  () => modeRow.value.mask && hovered.value === null && (laidOver.value === null || laidOver.value !== revision.value),
);

/** Show and hide the mask where the page changes; between, a person's own choice holds. */
export function startTinting(): void {
  effect(() => {
    editor.value?.set({ maskVisible: tinted.value });
  });
}

const MOVES: readonly ToolName[] = ['pan', 'picker'];

/** What paints a mask leads a beginner from Image to Inpaint. */
function leadToMask(tool: ToolName): void {
  if (mode.peek() === 'image' && !MOVES.includes(tool)) setMode('inpaint');
}

/** Take a tool. */
export function takeTool(tool: ToolName): void {
  batch(() => {
    leadToMask(tool);
    editor.peek()?.set({ tool });
  });
}

/** Let the first stroke, too, lead to the mask. */
export function startFollowingHand(): void {
  effect(() => {
    const held = settings.peek();
    if (painting.value && held) leadToMask(held.tool);
  });
}
