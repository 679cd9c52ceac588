/** A bitmap in square tiles that exist only where something is painted. */
import { boxOf, intersection, isEmpty, outward, type Size } from './geometry';
import type { Box } from './types';

export const TILE = 512;

export type Bytes = Uint8Array<ArrayBuffer>;
/** The bytes of a tile, rows of TILE; or the one value that all its bytes have. */
export type Tile = 0 | 255 | Bytes;

/** What tiles were before they were written to, by index. */
export type Patch = Map<number, Tile>;

/** One tile and the part of it, in its own pixels, that lies inside a box. */
export interface Part {
  readonly index: number;
  readonly column: number;
  readonly row: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export class Tiles implements Size {
  readonly columns: number;
  readonly rows: number;
  #tiles: Tile[];
  #before: Patch | null = null;

  constructor(
    readonly width: number,
    readonly height: number,
    readonly channels: 1 | 4 = 1,
  ) {
    this.columns = Math.ceil(width / TILE);
    this.rows = Math.ceil(height / TILE);
    this.#tiles = new Array<Tile>(this.columns * this.rows).fill(0);
  }

  tile(index: number): Tile {
    return this.#tiles[index];
  }

  /** The tile at a column and row; 0 outside of the bitmap. */
  tileAt(column: number, row: number): Tile {
    const inside = column >= 0 && row >= 0 && column < this.columns && row < this.rows;
    return inside ? this.#tiles[row * this.columns + column] : 0;
  }

  /** Replaces a whole tile. The bytes given belong to the bitmap from then on. */
  put(index: number, tile: Tile): void {
    this.#keep(index);
    this.#tiles[index] = tile;
  }

  /** The bytes of a tile to write into. */
  writable(index: number): Bytes {
    const tile = this.#tiles[index];
    const fresh = this.#keep(index);
    if (tile instanceof Uint8Array && !fresh) return tile;
    const bytes = tile instanceof Uint8Array ? tile.slice() : filled(tile, this.channels);
    this.#tiles[index] = bytes;
    return bytes;
  }

  /** The first byte of a pixel's channels. */
  get(x: number, y: number, channel = 0): number {
    const tile = this.#tiles[Math.floor(y / TILE) * this.columns + Math.floor(x / TILE)];
    if (!(tile instanceof Uint8Array)) return tile;
    return tile[((y % TILE) * TILE + (x % TILE)) * this.channels + channel];
  }

  /** The tiles that a box touches. */
  *parts(box: Box = boxOf(this)): Generator<Part> {
    const inside = intersection(outward(box), boxOf(this));
    if (isEmpty(inside)) return;
    const [left, top, right, bottom] = inside;
    for (let row = Math.floor(top / TILE); row * TILE < bottom; row += 1) {
      for (let column = Math.floor(left / TILE); column * TILE < right; column += 1) {
        yield {
          index: row * this.columns + column,
          column,
          row,
          left: Math.max(0, left - column * TILE),
          top: Math.max(0, top - row * TILE),
          right: Math.min(TILE, right - column * TILE),
          bottom: Math.min(TILE, bottom - row * TILE),
        };
      }
    }
  }

  /** A copy of the pixels of a box, row by row; 0 outside of the bitmap. */
  read(box: Box): Bytes {
    const [left, top, right] = box;
    const { channels } = this;
    const stride = (right - left) * channels;
    const out = new Uint8Array(stride * (box[3] - top));
    for (const part of this.parts(box)) {
      const tile = this.#tiles[part.index];
      if (tile === 0) continue;
      const x = (part.column * TILE + part.left - left) * channels;
      for (let y = part.top; y < part.bottom; y += 1) {
        const to = (part.row * TILE + y - top) * stride + x;
        if (tile === 255) out.fill(255, to, to + (part.right - part.left) * channels);
        else out.set(tile.subarray((y * TILE + part.left) * channels, (y * TILE + part.right) * channels), to);
      }
    }
    return out;
  }

  /** Writes the pixels of a box, row by row. */
  write(box: Box, bytes: Uint8Array): void {
    const { channels } = this;
    const stride = (box[2] - box[0]) * channels;
    for (const part of this.parts(box)) {
      const tile = this.writable(part.index);
      const x = (part.column * TILE + part.left - box[0]) * channels;
      const length = (part.right - part.left) * channels;
      for (let y = part.top; y < part.bottom; y += 1) {
        const from = (part.row * TILE + y - box[1]) * stride + x;
        tile.set(bytes.subarray(from, from + length), (y * TILE + part.left) * channels);
      }
      this.settle(part.index);
    }
  }

  /** Lets go of the bytes of a tile that are all 0 or all 255 (of those inside the bitmap). */
  settle(index: number): void {
    const tile = this.#tiles[index];
    if (!(tile instanceof Uint8Array)) return;
    const value = this.#uniform(tile, index);
    if (value !== null) this.#tiles[index] = value;
  }

  get isBlank(): boolean {
    return this.#tiles.every((tile) => tile === 0);
  }

  /** The smallest box of whole tiles outside of which everything is 0; null when all is. */
  get occupied(): Box | null {
    let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
    this.#tiles.forEach((tile, index) => {
      if (tile === 0) return;
      const [column, row] = [index % this.columns, Math.floor(index / this.columns)];
      [left, top] = [Math.min(left, column), Math.min(top, row)];
      [right, bottom] = [Math.max(right, column), Math.max(bottom, row)];
    });
    if (right < 0) return null;
    return intersection([left * TILE, top * TILE, (right + 1) * TILE, (bottom + 1) * TILE], boxOf(this));
  }

  /** Bytes that the tiles hold in memory. */
  get allocated(): number {
    return this.#tiles.reduce((sum: number, tile) => sum + (tile instanceof Uint8Array ? tile.length : 0), 0);
  }

  /** Keeps what is written over from now on, until `recorded` is called. */
  record(): void {
    this.#before = new Map();
  }

  /** What the tiles were at `record`, of those that were written to. */
  recorded(): Patch {
    const before = this.#before ?? new Map();
    this.#before = null;
    for (const index of before.keys()) this.settle(index);
    return before;
  }

  /** A tile as it was at `record`. */
  original(index: number): Tile {
    return this.#before?.get(index) ?? this.#tiles[index];
  }

  /** True when the tile has to be copied before it is written to. */
  #keep(index: number): boolean {
    if (this.#before === null || this.#before.has(index)) return false;
    this.#before.set(index, this.#tiles[index]);
    return true;
  }

  #uniform(tile: Bytes, index: number): 0 | 255 | null {
    const value = tile[0];
    if (value !== 0 && value !== 255) return null;
    const { channels } = this;
    const right = Math.min(TILE, this.width - (index % this.columns) * TILE) * channels;
    const bottom = Math.min(TILE, this.height - Math.floor(index / this.columns) * TILE);
    for (let y = 0; y < bottom; y += 1) {
      const start = y * TILE * channels;
      for (let i = start; i < start + right; i += 1) if (tile[i] !== value) return null;
    }
    return value;
  }
}

const filled = (value: 0 | 255, channels: number): Bytes => {
  const bytes = new Uint8Array(TILE * TILE * channels);
  return value === 0 ? bytes : bytes.fill(255);
};

/** The pixels, in the bitmap, of the tile at an index. */
export const boxOfTile = (tiles: Tiles, index: number): Box => {
  const [x, y] = [(index % tiles.columns) * TILE, Math.floor(index / tiles.columns) * TILE];
  return [x, y, Math.min(x + TILE, tiles.width), Math.min(y + TILE, tiles.height)];
};
