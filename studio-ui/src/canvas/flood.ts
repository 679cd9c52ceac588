/** Regions that hang together, found tile by tile: a tile of one value is taken in one step. */
import { type Bytes, boxOfTile, TILE, type Tile, Tiles } from './tiles';
import type { Box } from './types';

/** Where a flood can go: 255 = through, of a tile; every tile is asked for once. */
export type Passable = (index: number) => Tile;

/** The passable pixels that hang together (by sides) with the pixel at x, y. */
export function flood(size: { width: number; height: number }, passable: Passable, x: number, y: number): Tiles {
  const region = new Tiles(size.width, size.height);
  const asked = new Map<number, Tile>();
  const ask = (index: number): Tile => {
    const known = asked.get(index);
    if (known !== undefined) return known;
    const tile = passable(index);
    asked.set(index, tile);
    return tile;
  };
  const waiting = new Map<number, number[]>();
  const wait = (px: number, py: number) => {
    if (px < 0 || py < 0 || px >= size.width || py >= size.height || region.get(px, py) !== 0) return;
    const index = Math.floor(py / TILE) * region.columns + Math.floor(px / TILE);
    const seeds = waiting.get(index);
    if (seeds) seeds.push(px, py);
    else waiting.set(index, [px, py]);
  };
  wait(x, y);
  for (const [index, seeds] of waiting) {
    waiting.delete(index);
    const tile = ask(index);
    if (tile === 0) continue;
    const box = boxOfTile(region, index);
    if (tile === 255) {
      if (region.tile(index) === 255) continue;
      region.put(index, 255);
      eachSide(box, wait);
    } else floodTile(region.writable(index), tile, box, seeds, wait);
  }
  for (const { index } of region.parts()) region.settle(index);
  return region;
}

type Visit = (x: number, y: number) => void;

/** All pixels just outside of a box, next to its sides. */
function eachSide([left, top, right, bottom]: Box, visit: Visit): void {
  for (let x = left; x < right; x += 1) {
    visit(x, top - 1);
    visit(x, bottom);
  }
  for (let y = top; y < bottom; y += 1) {
    visit(left - 1, y);
    visit(right, y);
  }
}

/** Floods one tile from seeds by rows; tells the pixels beyond its sides that it came to. */
function floodTile(region: Bytes, passable: Bytes, box: Box, seeds: number[], beyond: Visit): void {
  const [x0, y0] = box;
  const [width, height] = [box[2] - x0, box[3] - y0];
  const open = (i: number): boolean => passable[i] !== 0 && region[i] === 0;
  const stack: number[] = [];
  for (let i = 0; i < seeds.length; i += 2) stack.push((seeds[i + 1] - y0) * TILE + seeds[i] - x0);
  while (stack.length > 0) {
    const at = stack.pop()!;
    if (!open(at)) continue;
    const y = Math.floor(at / TILE);
    const row = y * TILE;
    let left = at;
    let right = at + 1;
    while (left > row && open(left - 1)) left -= 1;
    while (right < row + width && open(right)) right += 1;
    region.fill(255, left, right);
    if (left === row) beyond(x0 - 1, y0 + y);
    if (right === row + width) beyond(x0 + width, y0 + y);
    for (const step of [-1, 1]) {
      if (y + step < 0 || y + step >= height) {
        for (let i = left; i < right; i += 1) beyond(x0 + i - row, y0 + y + step);
        continue;
      }
      for (let i = left + step * TILE; i < right + step * TILE; i += 1) {
        if (open(i) && (i === left + step * TILE || !open(i - 1))) stack.push(i);
      }
    }
  }
}

/** All passable pixels, whether they hang together or not. */
export function everywhere(size: { width: number; height: number }, passable: Passable): Tiles {
  const region = new Tiles(size.width, size.height);
  for (const { index } of region.parts()) {
    region.put(index, passable(index));
    region.settle(index);
  }
  return region;
}

const CONNECTED_BELOW = 128;
const RIM = 2;

/**
 * The unpainted area around x, y that painted lines enclose; what erases takes a painted one.
 *
 * It goes two pixels on into what is half painted, so that no ring of grey is left along an antialiased line.
 */
export function enclosed(mask: Tiles, x: number, y: number, painted: boolean): Tiles {
  const through = (value: number) => value < CONNECTED_BELOW !== painted;
  const region = flood(
    mask,
    (index) => {
      const tile = mask.tile(index);
      if (!(tile instanceof Uint8Array)) return through(tile) ? 255 : 0;
      return tile.map((value) => (through(value) ? 255 : 0));
    },
    x,
    y,
  );
  for (let step = 0; step < RIM; step += 1) intoRim(region, mask);
  return region;
}

/** Takes in the half painted pixels next to a region. */
function intoRim(region: Tiles, mask: Tiles): void {
  const added: number[] = [];
  for (const { index } of region.parts()) {
    if (!(mask.tile(index) instanceof Uint8Array)) continue;
    const [left, top, right, bottom] = boxOfTile(region, index);
    const around = region.read([left - 1, top - 1, right + 1, bottom + 1]);
    const width = right - left + 2;
    const tile = mask.tile(index) as Bytes;
    for (let y = 0; y < bottom - top; y += 1) {
      for (let x = 0; x < right - left; x += 1) {
        const value = tile[y * TILE + x];
        if (value === 0 || value === 255) continue;
        const i = (y + 1) * width + x + 1;
        if (around[i] === 0 && (around[i - 1] || around[i + 1] || around[i - width] || around[i + width])) {
          added.push(index, y * TILE + x);
        }
      }
    }
  }
  for (let i = 0; i < added.length; i += 2) region.writable(added[i])[added[i + 1]] = 255;
}
