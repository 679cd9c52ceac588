import { expect, test } from 'vitest';
import { drawArea } from '../../src/canvas/areas';
import { enclosed, everywhere, flood } from '../../src/canvas/flood';
import { boxOf } from '../../src/canvas/geometry';
import { Tiles } from '../../src/canvas/tiles';
import { all, blots, difference, random } from './helpers';

function floodByForce(open: Uint8Array, width: number, x: number, y: number): Uint8Array {
  const region = new Uint8Array(open.length);
  const queue = [y * width + x];
  while (queue.length > 0) {
    const i = queue.pop()!;
    if (!open[i] || region[i]) continue;
    region[i] = 255;
    if (i % width > 0) queue.push(i - 1);
    if (i % width < width - 1) queue.push(i + 1);
    if (i >= width) queue.push(i - width);
    if (i + width < open.length) queue.push(i + width);
  }
  return region;
}

test('a flood is all that hangs together, across tiles', () => {
  const next = random(6);
  for (let seed = 0; seed < 8; seed += 1) {
    const walls = blots(1100, 620, seed, false);
    const open = all(walls).map((value) => (value ? 0 : next(0, 1) < 0.85 ? 255 : 0));
    const passable = new Tiles(1100, 620);
    passable.write(boxOf(passable), open);
    const [x, y] = [Math.floor(next(0, 1100)), Math.floor(next(0, 620))];
    const region = flood(passable, (index) => passable.tile(index), x, y);
    expect(difference(all(region), floodByForce(open, 1100, x, y))).toBe(-1);
    expect(difference(all(everywhere(passable, (index) => passable.tile(index))), open)).toBe(-1);
  }
});

test('an empty picture of 16k is flooded without memory', () => {
  const region = flood({ width: 16384, height: 16384 }, () => 255, 9000, 3);
  expect([region.allocated, region.get(0, 16383)]).toEqual([0, 255]);
});

test('fill takes the inside of an outline up to its line, and nothing beyond', () => {
  const mask = new Tiles(1200, 700);
  const ring = (radius: number, lay: (mask: number, cover: number) => number) => {
    const cover = new Tiles(1200, 700);
    const points = [600 - radius, 350 - radius, 600 + radius, 350 + radius];
    drawArea(cover, { kind: 'area', layer: 'mask', mode: 'paint', opacity: 1, shape: 'ellipse', points });
    const laid = all(cover);
    mask.write(
      boxOf(mask),
      all(mask).map((value, i) => lay(value, laid[i])),
    );
  };
  ring(300, Math.max);
  const outside = all(mask);
  ring(290, (value, cover) => Math.min(value, 255 - cover));
  const region = enclosed(mask, 600, 350, false);
  const filled = all(region);
  const after = all(mask).map((value, i) => Math.max(value, filled[i]));
  expect(difference(after, outside)).toBe(-1);
  expect(enclosed(mask, 0, 0, false).get(600, 350)).toBe(0);
});
