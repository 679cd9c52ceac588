/** Shows a painted layer: canvases of what is seen, at the scale at which it is seen, renewed only where it changed. */
import { type Context, drawTile, type Frame, toSource } from './frame';
import { boxOf, intersection, isEmpty, outward, union } from './geometry';
import type { Rgb } from './sketch';
import { TILE, type Tiles } from './tiles';
import type { Box } from './types';

interface Shown {
  readonly context: OffscreenCanvasRenderingContext2D;
  readonly box: Box;
  readonly factor: number;
  /** Picture px that changed since it was drawn. */
  stale: Box | null;
}

/** Canvases kept beyond those that are seen. */
const SPARE = 24;
/** A pixel of a smaller scale is the mean of at most this many by this many. */
const SAMPLES = 4;

/** Writes the pixels of `box` (whole multiples of `factor`) as RGBA. */
type Develop = (tiles: Tiles, box: Box, factor: number, out: ImageData) => void;

export class TileImages {
  readonly #shown = new Map<string, Shown>();

  constructor(
    readonly tiles: Tiles,
    readonly develop: Develop,
    /** From this magnification on, pixels are seen one by one. */
    readonly singlePixels: number,
  ) {}

  /** Tells that a part of the layer changed. */
  changed(box: Box): void {
    for (const shown of this.#shown.values()) {
      const part = intersection(box, shown.box);
      if (!isEmpty(part)) shown.stale = union(shown.stale, part);
    }
  }

  /** Draws what lies in a box of the canvas. */
  draw(context: Context, frame: Frame, clip: Box): void {
    const factor = 2 ** Math.max(0, Math.floor(-Math.log2(frame.scale) + 1e-9));
    const side = TILE * factor;
    const visible = intersection(toSource(frame, clip), boxOf(this.tiles));
    if (isEmpty(visible)) return;
    context.imageSmoothingEnabled = frame.scale * factor < this.singlePixels;
    let seen = 0;
    for (let y = Math.floor(visible[1] / side) * side; y < visible[3]; y += side) {
      for (let x = Math.floor(visible[0] / side) * side; x < visible[2]; x += side) {
        const box = intersection([x, y, x + side, y + side], boxOf(this.tiles));
        const shown = this.#fresh(box, factor);
        if (shown === null) continue;
        seen += 1;
        drawTile(context, shown.context.canvas, box, frame, factor, visible);
      }
    }
    for (const key of this.#shown.keys()) {
      if (this.#shown.size <= seen + SPARE) break;
      this.#shown.delete(key);
    }
  }

  /** The canvas of a box, drawn anew where it is stale; null when nothing is painted there. */
  #fresh(box: Box, factor: number): Shown | null {
    const key = `${factor} ${box[0]} ${box[1]}`;
    let shown = this.#shown.get(key);
    this.#shown.delete(key);
    if (this.#isBlank(box)) return null;
    if (shown === undefined) {
      const [width, height] = [Math.ceil((box[2] - box[0]) / factor), Math.ceil((box[3] - box[1]) / factor)];
      shown = { context: new OffscreenCanvas(width, height).getContext('2d')!, box, factor, stale: box };
    }
    this.#shown.set(key, shown);
    if (shown.stale) this.#renew(shown, shown.stale);
    shown.stale = null;
    return shown;
  }

  #renew({ context, box, factor }: Shown, stale: Box): void {
    const [left, top, right, bottom] = outward([
      (stale[0] - box[0]) / factor,
      (stale[1] - box[1]) / factor,
      (stale[2] - box[0]) / factor,
      (stale[3] - box[1]) / factor,
    ]);
    const data = new ImageData(right - left, bottom - top);
    const from: Box = [
      box[0] + left * factor,
      box[1] + top * factor,
      box[0] + right * factor,
      box[1] + bottom * factor,
    ];
    this.develop(this.tiles, from, factor, data);
    context.putImageData(data, left, top);
  }

  #isBlank(box: Box): boolean {
    for (const { index } of this.tiles.parts(box)) if (this.tiles.tile(index) !== 0) return false;
    return true;
  }
}

/** Calls `put` for the pixels of a smaller scale with the first of the samples of each tile that it is made of. */
function eachSample(
  tiles: Tiles,
  box: Box,
  factor: number,
  width: number,
  put: (tile: Uint8Array | 0 | 255, i: number, out: number) => void,
): number {
  const step = Math.max(1, factor / SAMPLES);
  const offset = Math.floor(step / 2);
  for (const part of tiles.parts(box)) {
    const tile = tiles.tile(part.index);
    if (tile === 0) continue;
    const [x0, y0] = [part.column * TILE, part.row * TILE];
    const first = (start: number) => Math.ceil((start - offset) / step) * step + offset;
    for (let y = first(part.top); y < part.bottom; y += step) {
      const row = Math.floor((y0 + y - box[1]) / factor) * width;
      for (let x = first(part.left); x < part.right; x += step) {
        put(tile, y * TILE + x, row + Math.floor((x0 + x - box[0]) / factor));
      }
    }
  }
  return (factor / step) ** 2;
}

/** A mask in one colour, as strong as it is painted. */
export const developMask =
  ([red, green, blue]: Rgb): Develop =>
  (tiles, box, factor, out) => {
    const tint = (blue << 16) | (green << 8) | red;
    const words = new Uint32Array(out.data.buffer);
    if (factor === 1) {
      eachSample(tiles, box, 1, out.width, (tile, i, to) => {
        words[to] = ((typeof tile === 'number' ? tile : tile[i]) << 24) | tint;
      });
      return;
    }
    const sums = new Uint32Array(words.length);
    const count = eachSample(tiles, box, factor, out.width, (tile, i, to) => {
      sums[to] += typeof tile === 'number' ? tile : tile[i];
    });
    for (let i = 0; i < words.length; i += 1) words[i] = (Math.round(sums[i] / count) << 24) | tint;
  };

/** A sketch in its own colours. */
export const developSketch: Develop = (tiles, box, factor, out) => {
  const sums = new Float32Array(out.width * out.height * 4);
  const count = eachSample(tiles, box, factor, out.width, (tile, i, to) => {
    const alpha = typeof tile === 'number' ? tile : tile[i * 4 + 3];
    for (let k = 0; k < 3; k += 1) sums[to * 4 + k] += (typeof tile === 'number' ? tile : tile[i * 4 + k]) * alpha;
    sums[to * 4 + 3] += alpha;
  });
  for (let i = 0; i < sums.length; i += 4) {
    if (sums[i + 3] === 0) continue;
    for (let k = 0; k < 3; k += 1) out.data[i + k] = Math.round(sums[i + k] / sums[i + 3]);
    out.data[i + 3] = Math.round(sums[i + 3] / count);
  }
};
