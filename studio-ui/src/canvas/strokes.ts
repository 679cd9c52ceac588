/** Strokes: the hand's points made steady, curves through them, and the coverage of a round brush along them. */
import { clamp, union } from './geometry';
import { TILE, type Tiles } from './tiles';
import type { Box, Operation, Point, Pressure } from './types';

export type StrokeOperation = Extract<Operation, { kind: 'stroke' }>;
export type Brush = Pick<StrokeOperation, 'size' | 'hardness' | 'pressure'>;

const UNITS = 8;
const LEAST_PRESSURE = 0.1;
/** Largest distance, px, between a curve and the lines it is drawn by. */
const FLATNESS = 0.15;

/** A place of the brush: centre, radius and opacity. */
interface Dab {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly opacity: number;
}

/** How the pressure of a pen becomes radius and opacity. */
const PRESSURE: Record<Pressure, (pressure: number) => { radius: number; opacity: number }> = {
  none: () => ({ radius: 1, opacity: 1 }),
  size: (pressure) => ({ radius: LEAST_PRESSURE + (1 - LEAST_PRESSURE) * pressure, opacity: 1 }),
  opacity: (pressure) => ({ radius: 1, opacity: pressure }),
  both: (pressure) => ({ radius: LEAST_PRESSURE + (1 - LEAST_PRESSURE) * pressure, opacity: pressure }),
};

/** Takes raw pointer positions; keeps those that matter, as the whole numbers that a document stores. */
export class Hand {
  readonly points: number[] = [];
  #last = [0, 0, 0];
  #at: Point | null = null;
  #target: { at: Point; pressure: number } | null = null;

  constructor(
    readonly size: number,
    readonly smoothing: number,
  ) {}

  /** The new point as (x, y) in 1/8 px and pressure in 1/255; null when it is too near to the one before. */
  move(at: Point, pressure: number): [number, number, number] | null {
    this.#target = { at, pressure };
    const follow = 1 - 0.9 * clamp(this.smoothing, 0, 1);
    const previous = this.#at ?? at;
    const next = { x: previous.x + (at.x - previous.x) * follow, y: previous.y + (at.y - previous.y) * follow };
    this.#at = next;
    return this.#store(next, pressure, Math.max(0.75, this.size / 40));
  }

  /** The last place of the pointer, if the steadied line has not reached it. */
  end(): [number, number, number] | null {
    return this.#target && this.#store(this.#target.at, this.#target.pressure, 1 / UNITS);
  }

  #store(at: Point, pressure: number, spacing: number): [number, number, number] | null {
    const point: [number, number, number] = [
      Math.round(at.x * UNITS),
      Math.round(at.y * UNITS),
      Math.round(clamp(pressure, 0, 1) * 255),
    ];
    const [x, y, p] = this.#last;
    if (this.points.length > 0 && Math.hypot(point[0] - x, point[1] - y) < spacing * UNITS) return null;
    this.points.push(point[0] - x, point[1] - y, point[2] - p);
    this.#last = point;
    return point;
  }
}

/** Draws the coverage of one stroke, point by point. Coverage is a maximum, so the order of its pieces is nothing. */
export class StrokePainter {
  #previous: Dab | null = null;
  #middle: Dab | null = null;

  constructor(
    readonly coverage: Tiles,
    readonly brush: Brush,
  ) {}

  /** Goes on to a point; returns the box of the pixels touched. */
  move([x, y, pressure]: readonly [number, number, number]): Box | null {
    const { radius, opacity } = PRESSURE[this.brush.pressure](pressure / 255);
    const dab = { x: x / UNITS, y: y / UNITS, radius: (this.brush.size / 2) * radius, opacity };
    const previous = this.#previous;
    this.#previous = dab;
    if (previous === null) {
      this.#middle = dab;
      return this.#line(dab, dab);
    }
    const from = this.#middle ?? previous;
    this.#middle = mixed(previous, dab, 0.5);
    return this.#curve(from, previous, this.#middle);
  }

  /** Draws what is left between the last curve and the last point. */
  end(): Box | null {
    if (this.#previous === null || this.#middle === null || this.#previous === this.#middle) return null;
    return this.#line(this.#middle, this.#previous);
  }

  #curve(from: Dab, control: Dab, to: Dab): Box | null {
    const bend = Math.hypot(from.x - 2 * control.x + to.x, from.y - 2 * control.y + to.y);
    const pieces = clamp(Math.ceil(Math.sqrt(bend / (4 * FLATNESS))), 1, 64);
    let box: Box | null = null;
    let start = from;
    for (let i = 1; i <= pieces; i += 1) {
      const t = i / pieces;
      const end = mixed(mixed(from, control, t), mixed(control, to, t), t);
      box = union(box, this.#line(start, end));
      start = end;
    }
    return box;
  }

  #line(from: Dab, to: Dab): Box {
    return drawLine(this.coverage, from, to, this.brush.hardness);
  }
}

/** Draws a whole stroke of a document; returns its box. */
export function drawStroke(coverage: Tiles, stroke: StrokeOperation): Box | null {
  const painter = new StrokePainter(coverage, stroke);
  const at: [number, number, number] = [0, 0, 0];
  let box: Box | null = null;
  for (let i = 0; i + 2 < stroke.points.length; i += 3) {
    for (let k = 0; k < 3; k += 1) at[k] += stroke.points[i + k];
    box = union(box, painter.move(at));
  }
  return union(box, painter.end());
}

const mixed = (a: Dab, b: Dab, t: number): Dab => ({
  x: a.x + (b.x - a.x) * t,
  y: a.y + (b.y - a.y) * t,
  radius: a.radius + (b.radius - a.radius) * t,
  opacity: a.opacity + (b.opacity - a.opacity) * t,
});

/** Where the brush is full, where it ends: a hard one goes from full to nothing within one pixel. */
const core = (radius: number, hardness: number): number => Math.min(radius * hardness, radius - 0.5);
const rim = (radius: number): number => radius + 0.5;

/** Raises the coverage along a line between two dabs to that of a round brush; returns the box touched. */
function drawLine(coverage: Tiles, from: Dab, to: Dab, hardness: number): Box {
  const reach = rim(Math.max(from.radius, to.radius));
  const box: Box = [
    Math.floor(Math.min(from.x, to.x) - reach),
    Math.floor(Math.min(from.y, to.y) - reach),
    Math.ceil(Math.max(from.x, to.x) + reach),
    Math.ceil(Math.max(from.y, to.y) + reach),
  ];
  const pixel = pixelOf(from, to, hardness);
  const solid = from.opacity === to.opacity ? Math.round(255 * from.opacity) : null;
  for (const part of coverage.parts(box)) {
    const existing = coverage.tile(part.index);
    if (existing === 255) continue;
    const tile = coverage.writable(part.index);
    const [x0, y0] = [part.column * TILE, part.row * TILE];
    for (let y = part.top; y < part.bottom; y += 1) {
      const span = spanOf(from, to, reach, y0 + y + 0.5);
      if (span === null) continue;
      const left = Math.max(part.left, Math.floor(span[0]) - x0);
      const right = Math.min(part.right, Math.ceil(span[1]) - x0);
      const full = solid === null ? null : fullSpan(from, to, hardness, y0 + y + 0.5);
      const fullLeft = full ? clamp(Math.ceil(full[0] - 0.5) - x0, left, right) : right;
      const fullRight = full ? clamp(Math.floor(full[1] + 0.5) - x0, fullLeft, right) : right;
      const row = y * TILE;
      for (let x = left; x < fullLeft; x += 1) pixel(tile, row + x, x0 + x + 0.5, y0 + y + 0.5);
      if (solid === 255) tile.fill(255, row + fullLeft, row + fullRight);
      else for (let i = row + fullLeft; i < row + fullRight; i += 1) if (tile[i] < solid!) tile[i] = solid!;
      for (let x = fullRight; x < right; x += 1) pixel(tile, row + x, x0 + x + 0.5, y0 + y + 0.5);
    }
  }
  return box;
}

/** The function that raises one pixel to its coverage by the line. */
function pixelOf(from: Dab, to: Dab, hardness: number): (tile: Uint8Array, i: number, x: number, y: number) => void {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  const along = squared > 0 ? 1 / squared : 0;
  const [grow, fade] = [to.radius - from.radius, to.opacity - from.opacity];
  return (tile, i, x, y) => {
    const [px, py] = [x - from.x, y - from.y];
    const t = Math.min(1, Math.max(0, (px * dx + py * dy) * along));
    const [ex, ey] = [px - dx * t, py - dy * t];
    const radius = from.radius + grow * t;
    const [inner, outer] = [core(radius, hardness), rim(radius)];
    const away = Math.sqrt(ex * ex + ey * ey);
    if (away >= outer) return;
    const edge = away <= inner ? 1 : (outer - away) / (outer - inner);
    const value = Math.round(255 * (from.opacity + fade * t) * edge * edge * (3 - 2 * edge));
    if (value > tile[i]) tile[i] = value;
  };
}

/** From where to where, at a height, the line can reach with its widest radius. */
function spanOf(from: Dab, to: Dab, reach: number, y: number): [number, number] | null {
  const dy = to.y - from.y;
  let [start, end] = [0, 1];
  if (dy !== 0) {
    const [a, b] = [(y - reach - from.y) / dy, (y + reach - from.y) / dy];
    start = Math.max(0, Math.min(a, b));
    end = Math.min(1, Math.max(a, b));
  }
  if (start > end || Math.abs(y - from.y - dy * start) > reach + 1) return null;
  const [a, b] = [from.x + (to.x - from.x) * start, from.x + (to.x - from.x) * end];
  return [Math.min(a, b) - reach, Math.max(a, b) + reach];
}

/** From where to where, at a height, the brush is full at both ends, and so between them. */
function fullSpan(from: Dab, to: Dab, hardness: number, y: number): [number, number] | null {
  const a = chord(from, core(from.radius, hardness), y);
  const b = from === to ? a : chord(to, core(to.radius, hardness), y);
  return a && b && [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

function chord(dab: Dab, radius: number, y: number): [number, number] | null {
  const rest = radius * radius - (y - dab.y) ** 2;
  if (radius <= 0 || rest < 0) return null;
  const half = Math.sqrt(rest);
  return [dab.x - half, dab.x + half];
}
