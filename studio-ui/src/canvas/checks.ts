/** The squares that are seen where a picture is clear. */
import type { Context } from './frame';
import type { Box } from './types';

const SIDE = 8;
const COLOURS = ['#9a9a9a', '#7d7d7d'];

function squares(): OffscreenCanvas {
  const canvas = new OffscreenCanvas(2 * SIDE, 2 * SIDE);
  const context = canvas.getContext('2d')!;
  for (let i = 0; i < 4; i += 1) {
    const [x, y] = [i % 2, Math.floor(i / 2)];
    context.fillStyle = COLOURS[(x + y) % 2];
    context.fillRect(x * SIDE, y * SIDE, SIDE, SIDE);
  }
  return canvas;
}

export function drawChecks(context: Context, [left, top, right, bottom]: Box): void {
  context.fillStyle = context.createPattern(squares(), 'repeat')!;
  context.fillRect(left, top, right - left, bottom - top);
}
