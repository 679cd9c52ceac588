import { expect, test } from 'vitest';
import { fromBase64, pack, toBase64, unpack } from '../../src/canvas/bytes';
import { random } from './helpers';

test('packed bytes unpack to the same, whatever they are', () => {
  const next = random(2);
  for (let i = 0; i < 300; i += 1) {
    const bytes = new Uint8Array(Math.floor(next(0, 900)));
    for (let at = 0; at < bytes.length; ) {
      const length = next(0, 1) < 0.5 ? 1 : Math.floor(next(1, 300));
      bytes.fill(next(0, 256), at, at + length);
      at += length;
    }
    expect(unpack(pack(bytes), bytes.length)).toEqual(bytes);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  }
});

test('a run costs four bytes at most a quarter of a million', () => {
  expect(pack(new Uint8Array(512 * 512).fill(7)).length).toBe(4);
});

test('bytes that end early or are too many are refused', () => {
  const packed = pack(new Uint8Array(100).map((_, i) => i));
  expect(() => unpack(packed, 99)).toThrow(RangeError);
  expect(() => unpack(packed, 101)).toThrow(RangeError);
  expect(() => unpack(new Uint8Array(), 1)).toThrow(RangeError);
});
