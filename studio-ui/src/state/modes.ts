// Changing the mode, and what the hand then holds.

import { batch } from '@preact/signals';
import type { ToolName } from '../canvas';
import { editor } from './document';
import { MODES, type Mode, mode } from './request';

/** Go to a mode; the brush then paints what that mode is about. */
export function setMode(next: Mode): void {
  mode.value = next;
  const row = MODES.find((other) => other.mode === next)!;
  const on = editor.peek();
  if (!on) return;
  if (row.mask) on.set({ layer: 'mask', maskVisible: true });
  else if (row.sketch) on.set({ layer: 'sketch' });
  if (!row.mask) on.set({ maskVisible: false });
}

const MOVES: readonly ToolName[] = ['pan', 'picker'];

/** Take a tool; one that paints a mask leads a beginner from Image to Inpaint. */
export function takeTool(tool: ToolName): void {
  batch(() => {
    if (mode.peek() === 'image' && !MOVES.includes(tool)) setMode('inpaint');
    editor.peek()?.set({ tool });
  });
}
