import { expect, test } from 'vitest';
import { CanvasDocument } from '../../src/canvas/document';
import { merged } from '../../src/canvas/exchange';
import { boxOf } from '../../src/canvas/geometry';
import { History } from '../../src/canvas/history';
import { Source } from '../../src/canvas/sources';
import type { Box, Operation } from '../../src/canvas/types';
import { all, difference, picture, random } from './helpers';

const size = picture(700, 530);

/** A picture of random colours as the editor reads one. */
function noise(seed: number, alpha = 255) {
  const next = random(seed);
  const pixels = new Uint8ClampedArray(size.width * size.height * 4).map((_, i) =>
    i % 4 === 3 ? alpha : Math.floor(next(0, 256)),
  );
  return {
    ...size,
    close() {},
    pixels([left, top, right, bottom]: Box) {
      const out = new Uint8ClampedArray((right - left) * (bottom - top) * 4);
      for (let y = top; y < bottom; y += 1) {
        const row = y * size.width;
        out.set(pixels.subarray((row + left) * 4, (row + right) * 4), (y - top) * (right - left) * 4);
      }
      return out;
    },
  };
}

const [base, first, second] = [noise(1), noise(2), noise(3)];
const sources = new Map([
  ['first', new Source(first)],
  ['second', new Source(second)],
]);
const rectangle = (from: string | undefined, points: Box, opacity = 1): Operation => ({
  kind: 'area',
  shape: 'rectangle',
  layer: 'sketch',
  mode: from ? 'paint' : 'erase',
  opacity,
  points,
  ...(from ? { from } : {}),
});

const whole = boxOf(size);
const result = (document: CanvasDocument, of = base) => merged(of.pixels(whole), document.layers.sketch, whole);

test('what is brushed in has the very bytes of its picture, the last one on top, and the rest those of the base', () => {
  const document = new CanvasDocument(size, new History(), sources);
  document.apply(rectangle('first', [100, 50, 600, 400]));
  document.apply(rectangle('second', [300, 200, 690, 520]));
  document.apply(rectangle(undefined, [150, 100, 200, 150]));
  const inside = (box: Box, x: number, y: number) => x >= box[0] && x < box[2] && y >= box[1] && y < box[3];
  const wanted = base.pixels(whole).map((value, i) => {
    const [x, y] = [Math.floor(i / 4) % size.width, Math.floor(i / 4 / size.width)];
    const at: Box = [x, y, x + 1, y + 1];
    if (inside([300, 200, 690, 520], x, y)) return second.pixels(at)[i % 4];
    if (inside([150, 100, 200, 150], x, y)) return value;
    return inside([100, 50, 600, 400], x, y) ? first.pixels(at)[i % 4] : value;
  });
  expect(difference(new Uint8Array(result(document)), new Uint8Array(wanted))).toBe(-1);
});

test('a merge is brought back by its operations, and undone to the base', () => {
  const document = new CanvasDocument(size, new History(), sources);
  document.apply({
    kind: 'stroke',
    layer: 'sketch',
    mode: 'paint',
    opacity: 0.8,
    from: 'second',
    size: 80,
    hardness: 0.2,
    pressure: 'none',
    points: [800, 800, 255, 2000, 1500, 0, 900, -1200, 0],
  });
  document.apply(rectangle('first', [0, 0, 90, 90], 0.5));
  const again = CanvasDocument.replay(JSON.parse(JSON.stringify(document)), size, undefined, sources);
  let step = again.next();
  while (!step.done) step = again.next();
  expect(difference(all(step.value.layers.sketch), all(document.layers.sketch))).toBe(-1);
  while (document.undo());
  expect(difference(new Uint8Array(result(document)), new Uint8Array(base.pixels(whole)))).toBe(-1);
});

test('half covered is the mean of both, and what is clear stays clear', () => {
  const clear = noise(4, 0);
  const document = new CanvasDocument(size, new History(), sources);
  document.apply(rectangle('first', [10, 10, 20, 20], 0.5));
  const made = result(document, clear);
  const below = clear.pixels(whole);
  const above = first.pixels(whole);
  const at = (15 * size.width + 15) * 4;
  for (let k = 0; k < 3; k += 1) expect(Math.abs(made[at + k] - (below[at + k] + above[at + k]) / 2)).toBeLessThan(1.1);
  expect(made.every((value, i) => i % 4 !== 3 || value === 0)).toBe(true);
});

test('a picture that is not there to paint with is refused', () => {
  const document = new CanvasDocument(size, new History(), sources);
  expect(() => document.apply(rectangle('third', [0, 0, 9, 9]))).toThrow(/from: "third"/);
  expect(document.length).toBe(0);
});
