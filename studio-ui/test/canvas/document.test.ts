import { expect, test } from 'vitest';
import { CanvasDocument } from '../../src/canvas/document';
import { History } from '../../src/canvas/history';
import type { Operation } from '../../src/canvas/types';
import { all, anyOperation, difference, picture, random } from './helpers';

const size = picture(700, 560);
type Bitmaps = readonly [Uint8Array, Uint8Array];
const bytes = (document: CanvasDocument): Bitmaps => [all(document.layers.mask), all(document.layers.sketch)];
const differences = (a: Bitmaps, b: Bitmaps) => a.map((each, i) => difference(each, b[i]));
const blank = (document: CanvasDocument) => document.layers.mask.isBlank && document.layers.sketch.isBlank;

test.each([
  ['with room', 1 << 30],
  ['with no room for steps', 0],
])('undo goes back through every state to nothing, redo forth through the same: %s', (_, budget) => {
  for (let seed = 0; seed < 4; seed += 1) {
    const next = random(seed);
    const document = new CanvasDocument(size, new History(budget));
    const states = [bytes(document)];
    for (let i = 0; i < 14; i += 1) {
      document.apply(anyOperation(next, size));
      if (i % 3 === 0) document.compact();
      states.push(bytes(document));
    }
    document.compact();
    for (let i = 13; i >= 0; i -= 1) {
      expect(document.undo()).toBe(true);
      expect(differences(bytes(document), states[i])).toEqual([-1, -1]);
    }
    expect([document.undo(), blank(document)]).toEqual([false, true]);
    for (let i = 1; i <= 14; i += 1) {
      expect(document.redo()).toBe(true);
      expect(differences(bytes(document), states[i])).toEqual([-1, -1]);
    }
    expect(document.redo()).toBe(false);
  }
});

test('a random walk of doing, undoing and redoing is where its operations say', () => {
  const next = random(11);
  const document = new CanvasDocument(size, new History(300_000));
  for (let i = 0; i < 90; i += 1) {
    const way = next(0, 1);
    if (way < 0.5) document.apply(anyOperation(next, size));
    else if (way < 0.8) document.undo();
    else document.redo();
    document.compact();
    if (i % 10 === 9) {
      const again = CanvasDocument.fromJSON(JSON.parse(JSON.stringify(document)), size);
      expect(differences(bytes(again), bytes(document))).toEqual([-1, -1]);
      expect(again.toJSON()).toEqual(document.toJSON());
      while (again.redo());
      while (again.undo());
      expect(blank(again)).toBe(true);
    }
  }
});

test('a stroke under the hand leaves the bytes and the operation that replay gives, and a cancelled one nothing', () => {
  const next = random(12);
  const document = new CanvasDocument(size);
  for (const layer of ['mask', 'sketch'] as const) {
    for (let i = 0; i < 6; i += 1) {
      const before = bytes(document);
      const live = document.beginStroke(
        {
          layer,
          mode: i % 3 === 2 ? 'erase' : 'paint',
          opacity: 0.7,
          colour: '#3366cc',
          size: next(2, 120),
          hardness: next(0, 1),
          pressure: 'both',
        },
        0.3,
      );
      for (let k = 0; k < 12; k += 1) {
        live.move(
          Array.from({ length: 3 }, () => ({ at: { x: next(0, 700), y: next(0, 560) }, pressure: next(0, 1) })),
        );
      }
      if (i % 2 === 1) live.cancel();
      else live.end();
      if (i % 2 === 1) expect(differences(bytes(document), before)).toEqual([-1, -1]);
    }
  }
  expect(document.length).toBe(6);
  const again = CanvasDocument.fromJSON(JSON.parse(JSON.stringify(document)), size);
  expect(differences(bytes(again), bytes(document))).toEqual([-1, -1]);
});

test('what changed is told', () => {
  const next = random(13);
  const document = new CanvasDocument(size);
  let told: [string, readonly number[]][] = [];
  document.onDirty((layer, box) => told.push([layer, box]));
  for (let i = 0; i < 40; i += 1) {
    const before = bytes(document);
    told = [];
    if (next(0, 1) < 0.7) document.apply(anyOperation(next, size));
    else document.undo();
    const after = bytes(document);
    (['mask', 'sketch'] as const).forEach((layer, which) => {
      const channels = which === 0 ? 1 : 4;
      for (let at = 0; at < after[which].length; at += 1) {
        if (after[which][at] === before[which][at]) continue;
        const pixel = Math.floor(at / channels);
        const [x, y] = [pixel % 700, Math.floor(pixel / 700)];
        const covered = told.some(([name, b]) => name === layer && x >= b[0] && x < b[2] && y >= b[1] && y < b[3]);
        if (!covered) expect.fail(`${layer} changed at ${x}, ${y} and was not told`);
      }
    });
  }
});

test('an operation that cannot be is refused in words, and changes nothing', () => {
  const document = new CanvasDocument(size);
  const wrong = [
    { kind: 'grow', radius: -1 },
    { kind: 'grow', radius: Number.NaN },
    { kind: 'threshold' },
    { kind: 'enclosed', mode: 'paint', x: 700, y: 0 },
    { kind: 'sparkle' },
    {
      kind: 'stroke',
      layer: 'mask',
      mode: 'paint',
      opacity: 1,
      size: 0,
      hardness: 1,
      pressure: 'none',
      points: [0, 0, 0],
    },
    { kind: 'area', layer: 'mask', mode: 'paint', opacity: 1, shape: 'polygon', points: [0, 0, 1] },
    { kind: 'area', layer: 'sketch', mode: 'paint', opacity: 1, shape: 'polygon', points: [0, 0, 1, 1], colour: 'red' },
    { kind: 'region', layer: 'mask', mode: 'paint', opacity: 1, box: [0, 0, 701, 3], data: '' },
  ] as unknown as Operation[];
  for (const operation of wrong)
    expect(() => document.apply(operation)).toThrow(/kind|radius|level|x|size|points|colour|box/);
  expect([document.length, blank(document)]).toEqual([0, true]);
  expect(() => CanvasDocument.fromJSON({ ...document.toJSON(), position: 3 }, size)).toThrow(/position: 3/);
});
