import { expect, test } from 'vitest';
import { finish } from '../../src/canvas/document';
import { boxOf } from '../../src/canvas/geometry';
import * as long from '../../src/canvas/mask';
import { clear, invert, layMask, threshold } from '../../src/canvas/mask';
import { Tiles } from '../../src/canvas/tiles';
import { all, blots, difference } from './helpers';

const [grow, shrink, feather] = [long.grow, long.shrink, long.feather].map(
  (change) => (mask: Tiles, radius: number) => finish(change(mask, radius)),
);

/** The definition: the largest value within a disc; what lies outside of the picture is `outside`. */
function widestByForce(tiles: Tiles, radius: number, sign: 1 | -1): Uint8Array {
  const source = all(tiles);
  const { width, height } = tiles;
  const worst = sign === 1 ? 0 : 255;
  return source.map((_, i) => {
    let found = worst;
    for (let dy = -radius; dy <= radius; dy += 1) {
      for (let dx = -radius; dx <= radius; dx += 1) {
        const [x, y] = [(i % width) + dx, Math.floor(i / width) + dy];
        if (dx * dx + dy * dy > radius * radius || x < 0 || y < 0 || x >= width || y >= height) continue;
        found = sign === 1 ? Math.max(found, source[y * width + x]) : Math.min(found, source[y * width + x]);
      }
    }
    return found;
  });
}

test.each([[1], [2], [5], [8]])('grow and shrink by %i px are the maximum and minimum over a disc', (radius) => {
  for (const [width, height] of [
    [90, 70],
    [530, 40],
    [30, 1040],
  ]) {
    const before = blots(width, height, radius);
    const [grown, shrunk] = [blots(width, height, radius), blots(width, height, radius)];
    grow(grown, radius);
    shrink(shrunk, radius);
    expect(difference(all(grown), widestByForce(before, radius, 1))).toBe(-1);
    expect(difference(all(shrunk), widestByForce(before, radius, -1))).toBe(-1);
  }
});

test('of edges, soft or many, both ways of growing give the same', () => {
  for (const [soft, radius] of [
    [0, 12],
    [6, 12],
    [30, 3],
  ]) {
    const mask = new Tiles(600, 90);
    mask.write([100, 20, 420, 70], new Uint8Array(320 * 50).fill(255));
    mask.write(
      [450, 10, 590, 80],
      new Uint8Array(140 * 70).map((_, i) => (i * 37) % 256),
    );
    feather(mask, soft);
    const wanted = widestByForce(mask, radius, 1);
    grow(mask, radius);
    expect(difference(all(mask), wanted)).toBe(-1);
  }
});

test('growing by nothing changes nothing, and an empty or full mask stays so without memory', () => {
  const mask = blots(200, 200, 3);
  const before = all(mask);
  grow(mask, 0);
  feather(mask, 0);
  expect(difference(all(mask), before)).toBe(-1);
  const huge = new Tiles(16384, 16384);
  for (const change of [grow, shrink, feather]) change(huge, 20);
  invert(huge);
  shrink(huge, 20);
  expect([huge.allocated, huge.get(0, 0), huge.get(16383, 16383)]).toEqual([0, 255, 255]);
});

test('invert twice is nothing; threshold leaves two values; clear leaves one', () => {
  const mask = blots(600, 530, 4);
  const before = all(mask);
  invert(mask);
  expect(
    difference(
      all(mask),
      before.map((value) => 255 - value),
    ),
  ).toBe(-1);
  invert(mask);
  expect(difference(all(mask), before)).toBe(-1);
  threshold(mask, 100);
  expect(
    difference(
      all(mask),
      before.map((value) => (value >= 100 ? 255 : 0)),
    ),
  ).toBe(-1);
  clear(mask);
  expect(mask.isBlank).toBe(true);
});

test.each([[1.5], [4], [11]])('feather by %f px is near to a Gaussian edge, and symmetrical', (sigma) => {
  const mask = new Tiles(1024, 60);
  mask.write([512, 0, 1024, 60], new Uint8Array(512 * 60).fill(255));
  feather(mask, sigma);
  const line = mask.read([0, 30, 1024, 31]);
  const erf = (x: number) => {
    let sum = 0;
    for (let i = 0; i < 4000; i += 1) sum += Math.exp(-((((i + 0.5) * x) / 4000) ** 2)) * (x / 4000);
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  if (sigma < 10)
    for (let x = 512 - 30; x < 512 + 30; x += 1) {
      const ideal = 127.5 * (1 + erf((x + 0.5 - 512) / (sigma * Math.SQRT2)));
      expect(Math.abs(line[x] - ideal)).toBeLessThan(8);
    }
  for (let i = 0; i < 100; i += 1) expect(Math.abs(line[512 + i] + line[511 - i] - 255)).toBeLessThan(2);
});

test('strength is set and not piled up, and what is not covered is not touched', () => {
  const cover = blots(300, 300, 5, false);
  const mask = new Tiles(300, 300);
  for (let i = 0; i < 3; i += 1) layMask(mask, cover, boxOf(mask), 'paint', 0.5);
  expect(
    difference(
      all(mask),
      all(cover).map((value) => (value ? 128 : 0)),
    ),
  ).toBe(-1);
  layMask(mask, cover, boxOf(mask), 'erase', 1);
  expect(all(mask).every((value) => value === 0)).toBe(true);
});
