/** Pictures into masks and out again, as the bytes of files. */
import { pack, toBase64 } from './bytes';
import type { CanvasDocument } from './document';
import { boxOf, type Size } from './geometry';
import type { Picture } from './picture';
import { encodePng } from './png';
import { boxOfTile, TILE, Tiles } from './tiles';
import type { Box, Operation } from './types';

/** Reads RGBA of any box. */
export type Pixels = (box: Box) => Uint8ClampedArray;

/** A mask as a picture's greys; what is clear in it counts as black. */
export const greyOf = (pixels: Uint8ClampedArray, i: number): number =>
  Math.round(((pixels[i] * 299 + pixels[i + 1] * 587 + pixels[i + 2] * 114) / 1000) * (pixels[i + 3] / 255));

/** What is clear is to be repainted. */
export const clearnessOf = (pixels: Uint8ClampedArray, i: number): number => 255 - pixels[i + 3];

/** The operation that makes the mask what `value` reads from a picture; null when that is nothing at all. */
export function bitmapFrom(size: Size, pixels: Pixels, value: typeof greyOf): Operation | null {
  const read = new Tiles(size.width, size.height);
  for (const { index } of read.parts()) {
    const box = boxOfTile(read, index);
    const [rgba, width] = [pixels(box), box[2] - box[0]];
    const tile = new Uint8Array(TILE * TILE);
    for (let i = 0; i * 4 < rgba.length; i += 1) {
      tile[Math.floor(i / width) * TILE + (i % width)] = value(rgba, i * 4);
    }
    read.put(index, tile);
    read.settle(index);
  }
  return read.isBlank ? null : { kind: 'bitmap', data: toBase64(pack(read.read(boxOf(read)))) };
}

export async function maskPng({ layers }: CanvasDocument, from: 'mask' | 'sketch' | 'both'): Promise<Blob | null> {
  const mask = from === 'sketch' || layers.mask.isBlank ? null : layers.mask;
  const sketch = from === 'mask' || layers.sketch.isBlank ? null : layers.sketch;
  if (mask === null && sketch === null) return null;
  const { width, height } = layers.mask;
  return encodePng({ width, height }, 1, (top, bottom) => {
    const box: Box = [0, top, width, bottom];
    const out = mask ? mask.read(box) : new Uint8Array(width * (bottom - top));
    const colours = sketch?.read(box);
    if (colours) for (let i = 0; i < out.length; i += 1) if (colours[i * 4 + 3] > 0) out[i] = 255;
    return out;
  });
}

/** Lays the sketch on straight RGBA of the same box, in place. */
export type Laid = (pixels: Uint8ClampedArray, sketch: Tiles, box: Box) => Uint8ClampedArray;

/** The sketch over the pixels: what was clear is not any more. */
export function withSketch(pixels: Uint8ClampedArray, sketch: Tiles, box: Box): Uint8ClampedArray {
  const colours = sketch.read(box);
  for (let i = 0; i < colours.length; i += 4) {
    const alpha = colours[i + 3];
    if (alpha === 0) continue;
    const below = (pixels[i + 3] * (255 - alpha)) / 255;
    const total = alpha + below;
    for (let k = 0; k < 3; k += 1) {
      pixels[i + k] = Math.round((colours[i + k] * alpha + pixels[i + k] * below) / total);
    }
    pixels[i + 3] = Math.round(total);
  }
  return pixels;
}

/** Pictures that were brushed into each other: colours are mixed, what was clear stays clear. */
export const merged: Laid = (pixels, sketch, box) => {
  const colours = sketch.read(box);
  for (let i = 0; i < colours.length; i += 4) {
    const alpha = colours[i + 3];
    if (alpha === 0) continue;
    for (let k = 0; k < 3; k += 1) {
      pixels[i + k] = Math.round((colours[i + k] * alpha + pixels[i + k] * (255 - alpha)) / 255);
    }
  }
  return pixels;
};

/** The picture with its sketch; null where nothing is painted. */
export async function sketchPng({ layers }: CanvasDocument, picture: Picture, laid: Laid): Promise<Blob | null> {
  const { sketch } = layers;
  if (sketch.isBlank) return null;
  const { width, height } = picture;
  const opaque = isOpaque(picture);
  return encodePng({ width, height }, opaque ? 3 : 4, (top, bottom) => {
    const box: Box = [0, top, width, bottom];
    const pixels = laid(picture.pixels(box), sketch, box);
    if (!opaque) return new Uint8Array(pixels.buffer);
    const out = new Uint8Array(width * (bottom - top) * 3);
    for (let i = 0, from = 0; i < out.length; i += 3, from += 4) {
      out[i] = pixels[from];
      out[i + 1] = pixels[from + 1];
      out[i + 2] = pixels[from + 2];
    }
    return out;
  });
}

function isOpaque(picture: Picture): boolean {
  const grid = new Tiles(picture.width, picture.height);
  for (const { index } of grid.parts()) {
    const pixels = picture.pixels(boxOfTile(grid, index));
    for (let i = 3; i < pixels.length; i += 4) if (pixels[i] !== 255) return false;
  }
  return true;
}
