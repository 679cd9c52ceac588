/** Fill, magic wand and colour picker: what looks at the picture's pixels. */
import { pack, toBase64 } from '../bytes';
import { everywhere, flood } from '../flood';
import { boxOf, contains } from '../geometry';
import { formatColour } from '../sketch';
import { boxOfTile, TILE, type Tile, Tiles } from '../tiles';
import type { Point } from '../types';
import { type Hands, modeOf, paintOf, type Touch } from './tool';

const pixelAt = ({ x, y }: Point): [number, number] => [Math.floor(x), Math.floor(y)];

function colourAt(hands: Hands, at: Point): Uint8ClampedArray {
  const [x, y] = pixelAt(at);
  return hands.pixels([x, y, x + 1, y + 1]);
}

/** The pixels of colours alike; no channel differs by more than the tolerance. */
function alike(hands: Hands, at: Point, contiguous: boolean): Tiles {
  const { picture } = hands.document;
  const { tolerance } = hands.settings;
  const [red, green, blue, alpha] = colourAt(hands, at);
  const grid = new Tiles(picture.width, picture.height);
  const passable = (index: number): Tile => {
    const box = boxOfTile(grid, index);
    const width = box[2] - box[0];
    const pixels = hands.pixels(box);
    const out = new Uint8Array(TILE * TILE);
    for (let i = 0, from = 0; from < pixels.length; i += 1, from += 4) {
      const near =
        Math.abs(pixels[from] - red) <= tolerance &&
        Math.abs(pixels[from + 1] - green) <= tolerance &&
        Math.abs(pixels[from + 2] - blue) <= tolerance &&
        Math.abs(pixels[from + 3] - alpha) <= tolerance;
      if (near) out[Math.floor(i / width) * TILE + (i % width)] = 255;
    }
    return out;
  };
  return contiguous ? flood(grid, passable, ...pixelAt(at)) : everywhere(grid, passable);
}

function applyRegion(hands: Hands, touch: Touch, region: Tiles): void {
  const box = region.occupied;
  if (box)
    hands.apply({ kind: 'region', ...paintOf(hands, modeOf(touch)), box, data: toBase64(pack(region.read(box))) });
}

const isInside = (hands: Hands, { at }: Touch): boolean => contains(boxOf(hands.document.picture), at);

export function wand(hands: Hands, touch: Touch): null {
  if (isInside(hands, touch)) applyRegion(hands, touch, alike(hands, touch.at, hands.settings.contiguous));
  return null;
}

/** On the mask what lines enclose, on the sketch what is of one colour. */
export function fill(hands: Hands, touch: Touch): null {
  if (!isInside(hands, touch)) return null;
  const [x, y] = pixelAt(touch.at);
  if (hands.settings.layer === 'mask') hands.apply({ kind: 'enclosed', mode: modeOf(touch), x, y });
  else applyRegion(hands, touch, alike(hands, touch.at, true));
  return null;
}

export function picker(hands: Hands, touch: Touch) {
  const take = (at: Touch) => {
    if (!isInside(hands, at)) return;
    const [red, green, blue] = colourAt(hands, at.at);
    hands.set({ colour: formatColour([red, green, blue]) });
  };
  take(touch);
  return { move: (touches: readonly Touch[]) => take(touches.at(-1)!), end: () => false, cancel: () => {} };
}
