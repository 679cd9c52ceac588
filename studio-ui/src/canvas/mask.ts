/** What is done to a whole mask. Every function writes into `mask`; what it was is kept by its recording. */
import { unpack } from './bytes';
import { boxOf, inflated, intersection } from './geometry';
import { type Bytes, TILE, type Tile, Tiles } from './tiles';
import type { Box, Mode } from './types';

/** Lays coverage on the mask. A strength is set, not piled up: painting takes the larger, erasing the smaller. */
export function layMask(mask: Tiles, coverage: Tiles, box: Box, mode: Mode, opacity: number): void {
  const strength = Math.round(opacity * 255);
  const scale = Uint8Array.from({ length: 256 }, (_, value) => Math.round((value * strength) / 255));
  const done = mode === 'paint' ? 255 : 0;
  for (const part of coverage.parts(box)) {
    const cover = coverage.tile(part.index);
    if (cover === 0 || mask.tile(part.index) === done) continue;
    if (cover === 255 && strength === 255) {
      mask.put(part.index, done);
      continue;
    }
    const out = mask.writable(part.index);
    for (let y = part.top; y < part.bottom; y += 1) {
      (mode === 'paint' ? raise : lower)(out, cover, scale, y * TILE + part.left, y * TILE + part.right);
    }
  }
}

function raise(out: Bytes, cover: Tile, scale: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i += 1) {
    const value = scale[cover instanceof Uint8Array ? cover[i] : cover];
    if (value > out[i]) out[i] = value;
  }
}

function lower(out: Bytes, cover: Tile, scale: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i += 1) {
    const value = 255 - scale[cover instanceof Uint8Array ? cover[i] : cover];
    if (value < out[i]) out[i] = value;
  }
}

export function clear(tiles: Tiles): void {
  for (const part of tiles.parts()) if (tiles.tile(part.index) !== 0) tiles.put(part.index, 0);
}

/** Repaint what was kept, keep what was repainted. */
export const invert = (mask: Tiles): void => eachByte(mask, (value) => 255 - value);

/** Everything from `level` on becomes 255, the rest 0. */
export const threshold = (mask: Tiles, level: number): void => eachByte(mask, (value) => (value >= level ? 255 : 0));

function eachByte(mask: Tiles, change: (value: number) => number): void {
  const table = Uint8Array.from({ length: 256 }, (_, value) => change(value));
  for (const { index } of mask.parts()) {
    const tile = mask.tile(index);
    if (tile instanceof Uint8Array) {
      const out = mask.writable(index);
      for (let i = 0; i < out.length; i += 1) out[i] = table[tile[i]];
      mask.settle(index);
    } else if (table[tile] === 0 || table[tile] === 255) mask.put(index, table[tile] as 0 | 255);
    else mask.writable(index).fill(table[tile]);
  }
}

/** Replaces the mask by the packed greys of a picture of its size. */
export function fromBitmap(mask: Tiles, packed: Uint8Array): void {
  mask.write(boxOf(mask), unpack(packed, mask.width * mask.height));
}

/** Every pixel takes the largest value within `radius` px: what is painted grows by that. */
export const grow = (mask: Tiles, radius: number): Slices => eachNeighbourhood(mask, radius, widest);

/** Every pixel takes the smallest value within `radius` px; the picture's edge does not shrink a mask that touches it. */
export const shrink = (mask: Tiles, radius: number): Slices =>
  eachNeighbourhood(mask, radius, (around, reach) => inverted(widest(inverted(around), reach)));

const inverted = (bytes: Bytes): Bytes => bytes.map((value) => 255 - value);

/** Softens edges to both sides: three means, which together are a Gaussian of standard deviation `radius`. */
export const feather = (mask: Tiles, radius: number): Slices => {
  const widths = boxWidths(radius);
  const reach = widths.reduce((sum, width) => sum + (width - 1) / 2, 0);
  return eachNeighbourhood(mask, reach, (around) => blurred(around, TILE + 2 * reach, reach, widths));
};

/** A tile's bytes anew from those of itself with a margin of `reach` px. */
type Change = (around: Bytes, reach: number) => Bytes;

/** Work that pauses between its parts, so that a page can live on meanwhile. */
export type Slices = Generator<void, void>;

/** Computes each tile that is not all of one value, together with its surroundings. */
function* eachNeighbourhood(mask: Tiles, radius: number, change: Change): Slices {
  const reach = Math.floor(radius);
  if (reach < 1) return;
  const source = new Tiles(mask.width, mask.height);
  for (const { index } of mask.parts()) source.put(index, mask.tile(index));
  for (const { index, column, row } of source.parts()) {
    const box: Box = inflated([column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE], reach);
    if (isUniform(source, box)) continue;
    mask.put(index, change(readAround(source, box), reach));
    mask.settle(index);
    yield;
  }
}

/** The pixels of a box; beyond the picture its edge goes on. */
function readAround(source: Tiles, box: Box): Bytes {
  const bytes = source.read(box);
  const [left, top, right, bottom] = intersection(box, boxOf(source));
  const width = box[2] - box[0];
  for (let y = top - box[1]; y < bottom - box[1]; y += 1) {
    const row = y * width;
    bytes.fill(bytes[row + left - box[0]], row, row + left - box[0]);
    bytes.fill(bytes[row + right - 1 - box[0]], row + right - box[0], row + width);
  }
  const first = (top - box[1]) * width;
  const last = (bottom - 1 - box[1]) * width;
  for (let y = box[1]; y < top; y += 1) bytes.copyWithin((y - box[1]) * width, first, first + width);
  for (let y = bottom; y < box[3]; y += 1) bytes.copyWithin((y - box[1]) * width, last, last + width);
  return bytes;
}

/** Whether all tiles that a box touches are of one and the same value. */
function isUniform(source: Tiles, box: Box): boolean {
  let value: Tile | null = null;
  for (const { index } of source.parts(box)) {
    const tile = source.tile(index);
    if (tile instanceof Uint8Array || (value !== null && tile !== value)) return false;
    value = tile;
  }
  return true;
}

/** How wide a disc is at a height above its middle, to each side. */
const halvesOf = (reach: number): number[] =>
  Array.from({ length: reach + 1 }, (_, dy) => Math.floor(Math.sqrt(reach * reach - dy * dy)));

/** The largest value within a disc, for the inner TILE × TILE of bytes with a margin of `reach`. */
function widest(around: Bytes, reach: number): Bytes {
  const width = TILE + 2 * reach;
  const runs = rim(around, width);
  const spread = runs.length / RUN;
  // Either every run of the rim is drawn as wide as the disc, or every row is widened step by step.
  return spread * (2 * reach + 1) * (reach + 8) < width * (reach + 1) * width
    ? widestByRim(around, reach, runs)
    : widestByRows(around, reach);
}

/** Numbers of a run: row, from, to, value. */
const RUN = 4;

/**
 * The runs of pixels that have a lower one beside them.
 *
 * What a pixel is raised to comes from one of these, or from itself: on the way to it from any higher pixel
 * the last one before the values fall is one of these, and is nearer.
 */
function rim(around: Bytes, width: number): number[] {
  const runs: number[] = [];
  for (let y = 0; y < width; y += 1) {
    const row = y * width;
    const above = y > 0 ? row - width : row;
    const below = y < width - 1 ? row + width : row;
    let last = -1;
    for (let x = 0; x < width; x += 1) {
      const value = around[row + x];
      if (value === 0) continue;
      const [left, right] = [x > 0 ? x - 1 : x, x < width - 1 ? x + 1 : x];
      const isRim =
        around[row + left] < value ||
        around[row + right] < value ||
        around[above + left] < value ||
        around[above + x] < value ||
        around[above + right] < value ||
        around[below + left] < value ||
        around[below + x] < value ||
        around[below + right] < value;
      if (!isRim) continue;
      if (last >= 0 && runs[last] === y && runs[last + 2] === x && runs[last + 3] === value) runs[last + 2] = x + 1;
      else {
        last = runs.length;
        runs.push(y, x, x + 1, value);
      }
    }
  }
  return runs;
}

function widestByRim(around: Bytes, reach: number, runs: readonly number[]): Bytes {
  const width = TILE + 2 * reach;
  const halves = halvesOf(reach);
  const out = new Uint8Array(TILE * TILE);
  for (let y = 0; y < TILE; y += 1) {
    const from = (y + reach) * width + reach;
    out.set(around.subarray(from, from + TILE), y * TILE);
  }
  for (let i = 0; i < runs.length; i += RUN) {
    const [middle, from, to, value] = [runs[i] - reach, runs[i + 1] - reach, runs[i + 2] - reach, runs[i + 3]];
    for (let y = Math.max(0, middle - reach); y <= Math.min(TILE - 1, middle + reach); y += 1) {
      const half = halves[Math.abs(y - middle)];
      const [left, right] = [Math.max(0, from - half), Math.min(TILE, to + half)];
      if (left < right) raiseTo(out, y * TILE + left, y * TILE + right, value);
    }
  }
  return out;
}

function raiseTo(out: Bytes, from: number, to: number, value: number): void {
  if (value === 255) out.fill(255, from, to);
  else for (let i = from; i < to; i += 1) if (out[i] < value) out[i] = value;
}

function widestByRows(around: Bytes, reach: number): Bytes {
  const width = TILE + 2 * reach;
  const out = new Uint8Array(TILE * TILE);
  const halves = halvesOf(reach);
  let [line, wider] = [new Uint8Array(width), new Uint8Array(width)];
  for (let y = 0; y < width; y += 1) {
    line.set(around.subarray(y * width, (y + 1) * width));
    if (line.every((value) => value === 0)) continue;
    for (let half = 0; half <= reach; half += 1) {
      if (half > 0) {
        widen(line, wider);
        [line, wider] = [wider, line];
      }
      for (let dy = reach; dy >= 0; dy -= 1) {
        if (halves[dy] !== half) continue;
        raiseRow(out, y - reach - dy, line, reach);
        if (dy > 0) raiseRow(out, y - reach + dy, line, reach);
      }
    }
  }
  return out;
}

/** Each value becomes the largest of itself and its two neighbours. */
function widen(line: Uint8Array, out: Uint8Array): void {
  const last = line.length - 1;
  out[0] = Math.max(line[0], line[1]);
  out[last] = Math.max(line[last], line[last - 1]);
  for (let x = 1; x < last; x += 1) {
    const [a, b, c] = [line[x - 1], line[x], line[x + 1]];
    const side = Math.max(a, c);
    out[x] = Math.max(b, side);
  }
}

function raiseRow(out: Bytes, y: number, line: Uint8Array, reach: number): void {
  if (y < 0 || y >= TILE) return;
  const row = y * TILE;
  for (let x = 0; x < TILE; x += 1) {
    const value = line[x + reach];
    if (value > out[row + x]) out[row + x] = value;
  }
}

/** Odd widths of three means whose variances sum to `sigma`² as nearly as can be. */
function boxWidths(sigma: number): number[] {
  const ideal = Math.sqrt(4 * sigma * sigma + 1);
  const low = Math.max(1, 2 * Math.floor((ideal - 1) / 2) + 1);
  const narrow = Math.round((12 * sigma * sigma - 3 * low * low - 12 * low - 9) / (-4 * low - 4));
  return [0, 1, 2].map((i) => (i < narrow ? low : low + 2));
}

function blurred(around: Bytes, width: number, reach: number, widths: readonly number[]): Bytes {
  const total = widths.reduce((product, each) => product * each, 1);
  const across = new Uint16Array(TILE * width);
  let [line, next] = [new Float64Array(width), new Float64Array(width)];
  const run = (write: (x: number, value: number) => void) => {
    for (const each of widths) {
      mean(line, next, (each - 1) / 2);
      [line, next] = [next, line];
    }
    for (let x = 0; x < TILE; x += 1) write(x, line[x + reach] / total);
  };
  for (let y = 0; y < width; y += 1) {
    const row = around.subarray(y * width, (y + 1) * width);
    if (row.every((value) => value === row[0])) {
      for (let x = 0; x < TILE; x += 1) across[x * width + y] = row[0] * 256;
      continue;
    }
    line.set(row);
    run((x, value) => {
      across[x * width + y] = Math.round(value * 256);
    });
  }
  const out = new Uint8Array(TILE * TILE);
  for (let x = 0; x < TILE; x += 1) {
    const column = across.subarray(x * width, (x + 1) * width);
    if (column.every((value) => value === column[0])) {
      const value = Math.round(column[0] / 256);
      for (let y = 0; y < TILE; y += 1) out[y * TILE + x] = value;
      continue;
    }
    line.set(column);
    run((y, value) => {
      out[y * TILE + x] = Math.round(value / 256);
    });
  }
  return out;
}

/** Sums over a window of 2 × half + 1; whole numbers below 2⁵³, so exact. */
function mean(line: Float64Array, out: Float64Array, half: number): void {
  let sum = 0;
  for (let x = 0; x < half; x += 1) sum += line[x];
  for (let x = 0; x < line.length; x += 1) {
    if (x + half < line.length) sum += line[x + half];
    if (x > half) sum -= line[x - half - 1];
    out[x] = sum;
  }
}
