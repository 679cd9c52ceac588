import { boxOf } from '../../src/canvas/geometry';
import { Tiles } from '../../src/canvas/tiles';
import type { Operation, PictureInfo } from '../../src/canvas/types';

/** Random numbers that are the same in every run. */
export function random(seed: number): (low: number, high: number) => number {
  let state = seed >>> 0;
  return (low, high) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * state) / 2 ** 32;
  };
}

export const picture = (width: number, height: number): PictureInfo => ({ hash: '0'.repeat(64), width, height });

export const all = (tiles: Tiles): Uint8Array => tiles.read(boxOf(tiles));

/** A bitmap of random greys in some random boxes. */
export function blots(width: number, height: number, seed: number, greys = true): Tiles {
  const next = random(seed);
  const tiles = new Tiles(width, height);
  for (let i = 0; i < 6; i += 1) {
    const [w, h] = [Math.floor(next(1, width / 3)), Math.floor(next(1, height / 3))];
    const [x, y] = [Math.floor(next(0, width - w)), Math.floor(next(0, height - h))];
    tiles.write(
      [x, y, x + w, y + h],
      new Uint8Array(w * h).map(() => (greys ? next(0, 256) : 255)),
    );
  }
  return tiles;
}

/** Some operation or other on a picture of this size. */
export function anyOperation(next: (low: number, high: number) => number, { width, height }: PictureInfo): Operation {
  const layer = next(0, 1) < 0.6 ? 'mask' : 'sketch';
  const paint = {
    layer,
    mode: next(0, 1) < 0.7 ? 'paint' : 'erase',
    opacity: next(0.2, 1),
    colour: '#c04080',
  } as const;
  const whole = (high: number) => Math.floor(next(0, high));
  const stroke = (): Operation => ({
    ...paint,
    kind: 'stroke',
    size: next(1, 90),
    hardness: next(0, 1),
    pressure: (['none', 'size', 'opacity', 'both'] as const)[whole(4)],
    points: [
      whole(width) * 8,
      whole(height) * 8,
      200,
      ...Array.from({ length: 4 }, () => [whole(900) - 450, whole(900) - 450, 5]).flat(),
    ],
  });
  const kinds: (() => Operation)[] = [
    stroke,
    stroke,
    stroke,
    () => ({
      ...paint,
      kind: 'area',
      shape: (['rectangle', 'ellipse', 'polygon'] as const)[whole(3)],
      points: Array.from({ length: 6 }, () => next(-50, width + 50)),
    }),
    () => ({ kind: 'enclosed', mode: paint.mode, x: whole(width), y: whole(height) }),
    () => ({ kind: 'invert' }),
    () => ({ kind: 'grow', radius: whole(9) }),
    () => ({ kind: 'shrink', radius: whole(9) }),
    () => ({ kind: 'feather', radius: next(0, 7) }),
    () => ({ kind: 'threshold', level: whole(256) }),
    () => ({ kind: 'clear', layer }),
  ];
  return kinds[whole(kinds.length)]();
}

/** Where two bitmaps differ first; -1 where they are the same. */
export function difference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return i;
  return -1;
}
