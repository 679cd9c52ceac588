/** Strokes: the hand's points made steady, curves through them, and the coverage of a round brush along them. */
import { type Dab, drawDab, drawLine, mixed } from './dabs';
import { clamp, union } from './geometry';
import type { Tiles } from './tiles';
import type { Box, Operation, Point, Pressure } from './types';

export type StrokeOperation = Extract<Operation, { kind: 'stroke' }>;
export type Brush = Pick<StrokeOperation, 'size' | 'hardness' | 'pressure'>;

const UNITS = 8;
const LEAST_PRESSURE = 0.1;
/** Largest distance, px, between a curve and the lines it is drawn by; a soft wide brush hides more. */
const flatness = ({ size, hardness }: Brush): number => 0.15 + (size * (1 - hardness)) / 1000;

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
      return drawDab(this.coverage, dab, this.brush.hardness);
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
    const pieces = clamp(Math.ceil(Math.sqrt(bend / (4 * flatness(this.brush)))), 1, 64);
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
