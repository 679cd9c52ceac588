/** What each kind of operation does to the layers, and what it must hold. */
import { drawArea } from './areas';
import { fromBase64, unpack } from './bytes';
import { enclosed } from './flood';
import { boxOf, heightOf, type Size, widthOf } from './geometry';
import type { Layers } from './history';
import { clear, feather, fromBitmap, grow, invert, layMask, type Slices, shrink, threshold } from './mask';
import { laySketch, parseColour } from './sketch';
import type { Sources } from './sources';
import { drawStroke } from './strokes';
import { Tiles } from './tiles';
import type { Box, LayerName, Mode, Operation } from './types';

type Kind = Operation['kind'];
type OfKind<K extends Kind> = Extract<Operation, { kind: K }>;

interface Paint {
  readonly layer: LayerName;
  readonly mode: Mode;
  readonly opacity: number;
  readonly colour?: string;
  readonly from?: string;
}

/** Lays coverage on the layer that a paint names. */
export function lay(layers: Layers, paint: Paint, coverage: Tiles, box: Box, sources: Sources): void {
  const { mode, opacity, colour = '#000000', from } = paint;
  if (paint.layer === 'mask') layMask(layers.mask, coverage, box, mode, opacity);
  else {
    const ink = from === undefined ? parseColour(colour) : sources.get(from)!;
    laySketch(layers.sketch, coverage, box, { mode, opacity, ink });
  }
}

const painted =
  <O extends Paint>(draw: (coverage: Tiles, operation: O) => Box | null) =>
  (layers: Layers, operation: O, sources: Sources): void => {
    const coverage = new Tiles(layers.mask.width, layers.mask.height);
    const box = draw(coverage, operation);
    if (box) lay(layers, operation, coverage, box, sources);
  };

type Short = Exclude<Kind, keyof typeof LONG>;

/** What looks at the surroundings of each pixel takes its time. */
const LONG = { grow, shrink, feather };

const PERFORM: { [K in Short]: (layers: Layers, operation: OfKind<K>, sources: Sources) => void } = {
  stroke: painted(drawStroke),
  area: painted(drawArea),
  region: painted((coverage, { box, data }) => {
    coverage.write(box, unpack(fromBase64(data), widthOf(box) * heightOf(box)));
    return box;
  }),
  enclosed: ({ mask }, { x, y, mode }) => layMask(mask, enclosed(mask, x, y, mode === 'erase'), boxOf(mask), mode, 1),
  bitmap: ({ mask }, { data }) => fromBitmap(mask, fromBase64(data)),
  clear: (layers, { layer }) => clear(layers[layer]),
  invert: ({ mask }) => invert(mask),
  threshold: ({ mask }, { level }) => threshold(mask, level),
};

const isLong = (operation: Operation): operation is OfKind<keyof typeof LONG> => operation.kind in LONG;

export const layerOf = (operation: Operation): LayerName => ('layer' in operation ? operation.layer : 'mask');

/** Does an operation, with pauses where it is long. The caller has checked it, and records what is written over. */
export function* perform(layers: Layers, operation: Operation, sources: Sources): Slices {
  if (isLong(operation)) yield* LONG[operation.kind](layers.mask, operation.radius);
  else {
    const how = PERFORM[operation.kind] as (layers: Layers, operation: Operation, sources: Sources) => void;
    how(layers, operation, sources);
  }
}

type Check = (value: unknown, size: Size, sources: Sources) => boolean;
const number =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === 'number' && value >= low && value <= high;
const oneOf =
  (...choices: readonly unknown[]): Check =>
  (value) =>
    choices.includes(value);
const text: Check = (value) => typeof value === 'string';
const numbers =
  (every: number, least: number): Check =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.length % every === 0 && value.every(Number.isFinite);
const within = (value: unknown, length: number): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < length;
const insideX: Check = (value, { width }) => within(value, width);
const insideY: Check = (value, { height }) => within(value, height);
const wholeBox: Check = (value, { width, height }) => {
  if (!Array.isArray(value) || value.length !== 4 || !value.every(Number.isInteger)) return false;
  const [left, top, right, bottom] = value as number[];
  return left >= 0 && top >= 0 && right > left && bottom > top && right <= width && bottom <= height;
};
const colour: Check = (value) => value === undefined || (typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value));
const from: Check = (value, _, sources) => value === undefined || sources.has(String(value));

export const LARGEST_SIZE = 4096;
export const LARGEST_RADIUS = 256;

const layer = oneOf('mask', 'sketch');
const paint = { layer, mode: oneOf('paint', 'erase'), opacity: number(0, 1), colour, from };
const radius = { radius: number(0, LARGEST_RADIUS) };

const FIELDS: Record<Kind, Readonly<Record<string, Check>>> = {
  stroke: {
    ...paint,
    size: number(1, LARGEST_SIZE),
    hardness: number(0, 1),
    pressure: oneOf('none', 'size', 'opacity', 'both'),
    points: numbers(3, 3),
  },
  area: { ...paint, shape: oneOf('rectangle', 'ellipse', 'polygon'), points: numbers(2, 4) },
  region: { ...paint, box: wholeBox, data: text },
  enclosed: { mode: paint.mode, x: insideX, y: insideY },
  bitmap: { data: text },
  clear: { layer },
  invert: {},
  grow: radius,
  shrink: radius,
  feather: radius,
  threshold: { level: number(0, 255) },
};

/** Refuses an operation that cannot be done on a picture of this size, with these pictures to paint with. */
export function check(operation: Operation, size: Size, sources: Sources): void {
  const fields = FIELDS[operation.kind];
  if (fields === undefined) {
    throw new RangeError(`kind: '${operation.kind}' is none of ${Object.keys(FIELDS).join(', ')}`);
  }
  for (const [name, holds] of Object.entries(fields)) {
    const value = (operation as unknown as Record<string, unknown>)[name];
    if (!holds(value, size, sources)) {
      throw new RangeError(
        `${name}: ${JSON.stringify(value)?.slice(0, 60)} cannot be in an operation '${operation.kind}'`,
      );
    }
  }
}
