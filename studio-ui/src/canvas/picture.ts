/** A picture of any size as tiles at halving scales, so that every browser can hold it and drawing costs what is seen. */
import { type Context, drawTile, type Frame, toSource } from './frame';
import { boxOf, intersection, isEmpty, type Size } from './geometry';
import type { Box, ImageSource } from './types';

const SIDE = 2048;
/** One bitmap up to this side: all browsers take it as a whole. */
const WHOLE = 4096;
const SMALLEST = 512;
/** From this magnification on, pixels are seen one by one. */
export const SINGLE_PIXELS = 6;

interface Level extends Size {
  readonly columns: number;
  readonly side: number;
  readonly tiles: ImageBitmap[];
}

const SOURCES: readonly [(image: ImageSource) => boolean, (image: ImageSource) => Promise<ImageBitmap>][] = [
  [(image) => typeof image === 'string', async (url) => createImageBitmap(await (await fetch(url as string)).blob())],
  [(image) => image instanceof Blob, (blob) => createImageBitmap(blob as Blob)],
  [() => true, (bitmap) => createImageBitmap(bitmap as ImageBitmap)],
];

/** A bitmap of one's own from anything that is an image. */
export const decode = (image: ImageSource): Promise<ImageBitmap> => SOURCES.find(([is]) => is(image))![1](image);

export class Picture implements Size {
  readonly width: number;
  readonly height: number;
  /** Something of it is clear; known once its smallest scale is made. */
  translucent = false;
  #levels: Level[] = [];
  #closed = false;

  private constructor(size: Size) {
    this.width = size.width;
    this.height = size.height;
  }

  /** Takes over a bitmap. `grown` is called as smaller scales become ready. */
  static async from(bitmap: ImageBitmap, grown: () => void): Promise<Picture> {
    const picture = new Picture(bitmap);
    picture.#levels.push(await split(bitmap));
    void picture.#build(grown);
    return picture;
  }

  close(): void {
    this.#closed = true;
    for (const level of this.#levels) for (const tile of level.tiles) tile.close();
    this.#levels = [];
  }

  /** Draws what lies in a box of the canvas; `smooth` softly even where pixels are seen one by one. */
  draw(context: Context, frame: Frame, clip: Box, smooth = false): void {
    if (this.#levels.length === 0) return;
    const index = Math.min(Math.max(0, Math.floor(-Math.log2(frame.scale) + 1e-9)), this.#levels.length - 1);
    const level = this.#levels[index];
    const factor = 2 ** index;
    const visible = intersection(toSource(frame, clip), boxOf(this));
    if (isEmpty(visible)) return;
    context.imageSmoothingEnabled = smooth || frame.scale * factor < SINGLE_PIXELS;
    context.imageSmoothingQuality = 'low';
    eachTile(level, (tile, x, y) => {
      const [left, top] = [x * factor, y * factor];
      const box: Box = [
        left,
        top,
        Math.min(this.width, left + tile.width * factor),
        Math.min(this.height, top + tile.height * factor),
      ];
      drawTile(context, tile, box, frame, factor, visible);
    });
  }

  /** The RGBA of a box at full size. */
  pixels(box: Box): Uint8ClampedArray {
    const [width, height] = [box[2] - box[0], box[3] - box[1]];
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    eachTile(this.#levels[0], (tile, x, y) => {
      const seen = intersection([x, y, x + tile.width, y + tile.height], box);
      if (!isEmpty(seen)) context.drawImage(tile, x - box[0], y - box[1]);
    });
    return context.getImageData(0, 0, width, height).data;
  }

  async #build(grown: () => void): Promise<void> {
    for (;;) {
      const above = this.#levels.at(-1)!;
      if (Math.max(above.width, above.height) <= SMALLEST) {
        this.translucent = isTranslucent(above);
        if (this.translucent) grown();
        return;
      }
      const level = await halved(above, () => this.#closed);
      if (level === null) return;
      this.#levels.push(level);
      grown();
    }
  }
}

function eachTile(level: Level, visit: (tile: ImageBitmap, x: number, y: number) => void): void {
  level.tiles.forEach((tile, i) => {
    visit(tile, (i % level.columns) * level.side, Math.floor(i / level.columns) * level.side);
  });
}

function isTranslucent(level: Level): boolean {
  const context = new OffscreenCanvas(level.width, level.height).getContext('2d', { willReadFrequently: true })!;
  eachTile(level, (tile, x, y) => context.drawImage(tile, x, y));
  const { data } = context.getImageData(0, 0, level.width, level.height);
  return data.some((value, i) => i % 4 === 3 && value < 250);
}

async function split(bitmap: ImageBitmap): Promise<Level> {
  const { width, height } = bitmap;
  if (Math.max(width, height) <= WHOLE) return { width, height, columns: 1, side: WHOLE, tiles: [bitmap] };
  const columns = Math.ceil(width / SIDE);
  const tiles: ImageBitmap[] = [];
  for (let y = 0; y < height; y += SIDE) {
    for (let x = 0; x < width; x += SIDE) {
      tiles.push(await createImageBitmap(bitmap, x, y, Math.min(SIDE, width - x), Math.min(SIDE, height - y)));
    }
  }
  bitmap.close();
  return { width, height, columns, side: SIDE, tiles };
}

/** The level of half the size; the page lives on between its tiles. */
async function halved(above: Level, stopped: () => boolean): Promise<Level | null> {
  const [width, height] = [Math.ceil(above.width / 2), Math.ceil(above.height / 2)];
  const columns = Math.ceil(width / SIDE);
  const tiles: ImageBitmap[] = [];
  for (let top = 0; top < height; top += SIDE) {
    for (let left = 0; left < width; left += SIDE) {
      await new Promise((resume) => setTimeout(resume));
      if (stopped()) {
        for (const tile of tiles) tile.close();
        return null;
      }
      const canvas = new OffscreenCanvas(Math.min(SIDE, width - left), Math.min(SIDE, height - top));
      const context = canvas.getContext('2d')!;
      eachTile(above, (tile, x, y) => {
        context.drawImage(tile, x / 2 - left, y / 2 - top, tile.width / 2, tile.height / 2);
      });
      tiles.push(canvas.transferToImageBitmap());
    }
  }
  return { width, height, columns, side: SIDE, tiles };
}
