/** Pictures that are painted with: their pixels, tile by tile as they are needed. */
import { type Bytes, boxOfTile, TILE, Tiles } from './tiles';
import type { Box } from './types';

/** A picture whose pixels can be read. */
interface Readable {
  readonly width: number;
  readonly height: number;
  pixels(box: Box): Uint8ClampedArray;
  close(): void;
}

export class Source {
  readonly #grid: Tiles;
  readonly #read = new Map<number, Bytes>();

  constructor(readonly picture: Readable) {
    this.#grid = new Tiles(picture.width, picture.height);
  }

  /** The straight RGBA of a tile, rows of TILE. */
  tile(index: number): Bytes {
    const known = this.#read.get(index);
    if (known) return known;
    const box = boxOfTile(this.#grid, index);
    const pixels = this.picture.pixels(box);
    const stride = (box[2] - box[0]) * 4;
    const tile = new Uint8Array(TILE * TILE * 4);
    for (let y = 0; y < box[3] - box[1]; y += 1) {
      tile.set(pixels.subarray(y * stride, (y + 1) * stride), y * TILE * 4);
    }
    this.#read.set(index, tile);
    return tile;
  }
}

/** By the names that operations call them by. */
export type Sources = ReadonlyMap<string, Source>;
export const NO_SOURCES: Sources = new Map();
