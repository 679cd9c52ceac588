/** The colour layer: straight RGBA in tiles, and how coverage is laid on it. */
import type { Source } from './sources';
import { type Bytes, TILE, type Tile, type Tiles } from './tiles';
import type { Box, Mode } from './types';

export type Rgb = readonly [red: number, green: number, blue: number];

export function parseColour(colour: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  if (digits === undefined) throw new RangeError(`colour: '${colour}' is not a colour; write it as #rrggbb`);
  const value = Number.parseInt(digits, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export const formatColour = ([red, green, blue]: Rgb): string =>
  `#${((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0')}`;

interface Laying {
  readonly mode: Mode;
  readonly opacity: number;
  /** One colour, or a picture whose own pixels are laid. */
  readonly ink: Rgb | Source;
}

const isPicture = (ink: Rgb | Source): ink is Source => 'tile' in ink;

/** Lays coverage on what the sketch was when recording began, inside a box. */
export function laySketch(sketch: Tiles, coverage: Tiles, box: Box, { mode, opacity, ink }: Laying): void {
  const strength = Math.round(opacity * 255);
  for (const part of coverage.parts(box)) {
    const cover = coverage.tile(part.index);
    const base = sketch.original(part.index);
    if (cover === 0 || (mode === 'erase' && base === 0)) continue;
    const out = sketch.writable(part.index);
    const [colours, step] = isPicture(ink) ? [ink.tile(part.index), 4] : [ink, 0];
    for (let y = part.top; y < part.bottom; y += 1) {
      for (let x = part.left; x < part.right; x += 1) {
        const i = y * TILE + x;
        const alpha = by255((cover === 255 ? 255 : cover[i]) * strength);
        if (alpha === 0) continue;
        if (mode === 'paint') over(out, base, i * 4, colours, i * step, alpha);
        else fade(out, base, i * 4, alpha);
      }
    }
  }
}

/** Divides by 255 and rounds, for 0 … 255². */
const by255 = (value: number): number => {
  const half = value + 128;
  return (half + (half >> 8)) >> 8;
};

const channel = (tile: Tile, i: number): number => (tile instanceof Uint8Array ? tile[i] : tile);

/** The colour at a place of `colours` over straight RGBA. */
function over(out: Bytes, base: Tile, i: number, colours: ArrayLike<number>, from: number, alpha: number): void {
  const below = by255(channel(base, i + 3) * (255 - alpha));
  const total = alpha + below;
  for (let k = 0; k < 3; k += 1) {
    out[i + k] = Math.round((colours[from + k] * alpha + channel(base, i + k) * below) / total);
  }
  out[i + 3] = total;
}

function fade(out: Bytes, base: Tile, i: number, alpha: number): void {
  const left = by255(channel(base, i + 3) * (255 - alpha));
  for (let k = 0; k < 3; k += 1) out[i + k] = left === 0 ? 0 : channel(base, i + k);
  out[i + 3] = left;
}
