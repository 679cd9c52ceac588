import { expect, test } from 'vitest';
import { contours, outlines } from '../../src/canvas/contours';
import { CanvasDocument } from '../../src/canvas/document';
import { bitmapFrom, clearnessOf, greyOf, maskPng, withSketch } from '../../src/canvas/exchange';
import { digest, sha256 } from '../../src/canvas/hash';
import { encodePng } from '../../src/canvas/png';
import { all, anyOperation, difference, picture, random } from './helpers';

/** Reads a PNG as its specification says; filters 0 and 2 only. */
async function decodePng(file: Blob): Promise<{ width: number; height: number; kind: number; pixels: Uint8Array }> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const view = new DataView(bytes.buffer);
  expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data: Uint8Array<ArrayBuffer>[] = [];
  const [width, height, kind] = [view.getUint32(16), view.getUint32(20), bytes[25]];
  for (let at = 8; at < bytes.length; at += view.getUint32(at) + 12) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === 'IDAT') data.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const inflated = new Blob(data).stream().pipeThrough(new DecompressionStream('deflate'));
  const rows = new Uint8Array(await new Response(inflated).arrayBuffer());
  const stride = rows.length / height - 1;
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (stride + 1)];
    for (let i = 0; i < stride; i += 1) {
      const above = filter === 2 && y > 0 ? pixels[(y - 1) * stride + i] : 0;
      pixels[y * stride + i] = rows[y * (stride + 1) + 1 + i] + above;
    }
  }
  return { width, height, kind, pixels };
}

test('the digest is SHA-256, of any length', async () => {
  const next = random(21);
  for (const length of [0, 1, 55, 56, 63, 64, 65, 1000, 20_000]) {
    const bytes = new Uint8Array(length).map(() => next(0, 256));
    const expected = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    expect(digest(bytes)).toEqual(expected);
    expect(await sha256(new Blob([bytes]))).toBe(
      [...expected].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    );
  }
});

test.each([
  [1, 0],
  [3, 2],
  [4, 6],
] as const)('a PNG of %i channels holds the pixels given', async (channels, kind) => {
  const next = random(channels);
  const [width, height] = [123, 700];
  const pixels = new Uint8Array(width * height * channels).map(() => next(0, 256));
  const stride = width * channels;
  const file = await encodePng({ width, height }, channels, (top, bottom) =>
    pixels.subarray(top * stride, bottom * stride),
  );
  const read = await decodePng(file);
  expect([read.width, read.height, read.kind, difference(read.pixels, pixels)]).toEqual([width, height, kind, -1]);
});

test('the mask is written as it is; a sketch is repainted wherever it has colour', async () => {
  const next = random(22);
  const size = picture(640, 530);
  const document = new CanvasDocument(size);
  expect(await maskPng(document, 'both')).toBe(null);
  for (let i = 0; i < 8; i += 1) document.apply(anyOperation(next, size));
  document.apply({
    kind: 'area',
    layer: 'mask',
    mode: 'paint',
    opacity: 0.5,
    shape: 'ellipse',
    points: [100, 100, 300, 200],
  });
  document.apply({
    kind: 'area',
    layer: 'sketch',
    mode: 'paint',
    opacity: 0.5,
    colour: '#102030',
    shape: 'rectangle',
    points: [400, 300, 500, 400],
  });
  const { mask, sketch } = document.layers;
  const painted = all(mask);
  const colours = all(sketch);
  const either = painted.map((value, i) => (colours[i * 4 + 3] ? 255 : value));
  const [own, both] = [
    await decodePng((await maskPng(document, 'mask'))!),
    await decodePng((await maskPng(document, 'both'))!),
  ];
  expect([own.width, own.height, own.kind]).toEqual([640, 530, 0]);
  expect([difference(own.pixels, painted), difference(both.pixels, either)]).toEqual([-1, -1]);
});

test('a picture becomes a mask by its greys or by what is clear, and comes back the same', () => {
  const next = random(23);
  const size = picture(530, 70);
  const document = new CanvasDocument(size);
  const rgba = new Uint8ClampedArray(530 * 70 * 4).map(() => next(0, 256));
  const pixels = (box: readonly number[]) => {
    const out = new Uint8ClampedArray((box[2] - box[0]) * (box[3] - box[1]) * 4);
    for (let y = box[1]; y < box[3]; y += 1) {
      out.set(rgba.subarray((y * 530 + box[0]) * 4, (y * 530 + box[2]) * 4), (y - box[1]) * (box[2] - box[0]) * 4);
    }
    return out;
  };
  for (const value of [greyOf, clearnessOf]) {
    document.apply(bitmapFrom(size, pixels, value)!);
    const expected = new Uint8Array(530 * 70).map((_, i) => value(rgba, i * 4));
    expect(difference(all(document.layers.mask), expected)).toBe(-1);
  }
  expect(bitmapFrom(size, (box) => pixels(box).fill(255), clearnessOf)).toBe(null);
});

test('pixels without sketch are the same bytes; an opaque sketch is its colour', () => {
  const document = new CanvasDocument(picture(300, 200));
  document.apply({
    kind: 'area',
    layer: 'sketch',
    mode: 'paint',
    opacity: 1,
    colour: '#0a64c8',
    shape: 'ellipse',
    points: [50, 50, 150, 120],
  });
  const next = random(24);
  const before = new Uint8ClampedArray(300 * 200 * 4).map((_, i) => (i % 4 === 3 ? 255 : next(0, 256)));
  const after = withSketch(before.slice(), document.layers.sketch, [0, 0, 300, 200]);
  const colours = all(document.layers.sketch);
  for (let i = 0; i < after.length; i += 4) {
    const alpha = colours[i + 3];
    const wanted = alpha === 0 ? before.subarray(i, i + 4) : alpha === 255 ? [10, 100, 200, 255] : null;
    if (wanted?.some((value, k) => value !== after[i + k])) expect.fail(`${after.subarray(i, i + 4)} at ${i / 4}`);
  }
});

test('a contour closes, lies at the level, and separates below from above', () => {
  const [width, height] = [80, 60];
  const grey = Uint8Array.from({ length: width * height }, (_, i) => {
    const away = Math.hypot((i % width) - 40, Math.floor(i / width) - 30);
    return Math.max(0, Math.min(255, 255 - away * 12));
  });
  const segments = contours(grey, width, height, 128);
  const ends = new Map<string, number>();
  for (let i = 0; i < segments.length; i += 2) {
    const [x, y] = [segments[i] - 0.5, segments[i + 1] - 0.5];
    expect(Math.abs(Math.hypot(x - 40, y - 30) - 127.5 / 12)).toBeLessThan(0.3);
    const key = `${x.toFixed(4)} ${y.toFixed(4)}`;
    ends.set(key, (ends.get(key) ?? 0) + 1);
  }
  expect(segments.length).toBeGreaterThan(100);
  expect([...ends.values()].every((count) => count === 2)).toBe(true);
  expect(contours(new Uint8Array(100).fill(255), 10, 10, 1).length / 4).toBe(4 * 9 + 4);
});

test('an outline is a smooth line within a pixel of the edge', () => {
  const [width, height] = [120, 100];
  const disc = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.hypot((i % width) - 60, Math.floor(i / width) - 50) < 30 ? 255 : 0,
  );
  const points = outlines(disc, width, height, 1);
  const length = (segments: number[]) => {
    let sum = 0;
    for (let i = 0; i < segments.length; i += 4) {
      sum += Math.hypot(segments[i + 2] - segments[i], segments[i + 3] - segments[i + 1]);
    }
    return sum;
  };
  for (let i = 0; i < points.length; i += 2) {
    expect(Math.abs(Math.hypot(points[i] - 0.5 - 60, points[i + 1] - 0.5 - 50) - 30)).toBeLessThan(1);
  }
  expect(Math.abs(length(points) / (2 * Math.PI * 30) - 1)).toBeLessThan(0.02);
  const half = Uint8Array.from({ length: width * height }, (_, i) => (i % width < 40 ? 200 : 0));
  const straight = outlines(half, width, height, 128).filter((_, i) => i % 2 === 0);
  const inner = straight.filter((x) => Math.abs(x - 40) < 5);
  expect(inner.filter((x) => Math.abs(x - 40) < 0.02).length).toBeGreaterThan(2 * 90);
});
