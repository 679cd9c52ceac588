import { describe, expect, it } from 'vitest';
import type { Box, Pair } from '../src/api/types';
import { frameOf } from '../src/frame';

const inside = (inner: Box, outer: Box): boolean =>
  inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
const ratio = ([left, top, right, bottom]: Box): number => (right - left) / (bottom - top);

const PICTURE: Pair = [800, 600];
const WHOLE: Box = [0, 0, 800, 600];

describe('frameOf', () => {
  it.each([
    [512, 512],
    [300, 900],
    [1600, 400],
  ] as Pair[])(
    'has the shape of the result, %i x %i, lies in the picture when cutting, around it when filling',
    (w, h) => {
      const cut = frameOf('crop_and_resize', PICTURE, [w, h])!;
      const filled = frameOf('resize_and_fill', PICTURE, [w, h])!;
      for (const frame of [cut, filled]) {
        expect(ratio(frame)).toBeCloseTo(w / h);
        expect(frame[0] + frame[2]).toBeCloseTo(800);
        expect(frame[1] + frame[3]).toBeCloseTo(600);
      }
      expect(inside(cut, WHOLE)).toBe(true);
      expect(inside(WHOLE, filled)).toBe(true);
    },
  );

  it('is not drawn where nothing is cut or added', () => {
    expect(frameOf('crop_and_resize', PICTURE, [400, 300])).toBeNull();
    expect(frameOf('just_resize', PICTURE, [512, 512])).toBeNull();
  });
});
