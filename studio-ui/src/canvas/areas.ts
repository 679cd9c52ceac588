/** Coverage of rectangles, ellipses and polygons: exact across, eight lines a pixel down. */
import { boundsOf } from './geometry';
import { TILE, type Tiles } from './tiles';
import type { Box, Operation } from './types';

export type AreaOperation = Extract<Operation, { kind: 'area' }>;

/** Where a shape is cut by a horizontal line: from x to x, pairs one after another. */
type Cut = (y: number) => readonly number[];

const LINES = 8;

const CUTS: Record<AreaOperation['shape'], (points: readonly number[], box: Box) => Cut> = {
  rectangle:
    (_, [left, top, right, bottom]) =>
    (y) =>
      y >= top && y < bottom ? [left, right] : [],
  ellipse: (_, [left, top, right, bottom]) => {
    const [x, middle] = [(left + right) / 2, (top + bottom) / 2];
    const [across, down] = [(right - left) / 2, (bottom - top) / 2];
    return (y) => {
      const rest = 1 - ((y - middle) / down) ** 2;
      const half = across * Math.sqrt(Math.max(0, rest));
      return rest > 0 ? [x - half, x + half] : [];
    };
  },
  polygon: (points) => polygonCut(points),
};

/** Draws the coverage of an area; returns its box. */
export function drawArea(coverage: Tiles, area: AreaOperation): Box {
  const box = boundsOf(area.points);
  const whole: Box = [Math.floor(box[0]), Math.floor(box[1]), Math.ceil(box[2]), Math.ceil(box[3])];
  const cut = CUTS[area.shape](area.points, box);
  const left = Math.max(0, whole[0]);
  const right = Math.min(coverage.width, whole[2]);
  const line = new Line(left, Math.max(0, right - left));
  for (let y = Math.max(0, whole[1]); y < Math.min(coverage.height, whole[3]); y += 1) {
    line.clear();
    for (let k = 0; k < LINES; k += 1) {
      const xs = cut(y + (k + 0.5) / LINES);
      for (let i = 0; i + 1 < xs.length; i += 2) line.add(xs[i], xs[i + 1]);
    }
    line.put(coverage, y);
  }
  for (const part of coverage.parts(whole)) coverage.settle(part.index);
  return whole;
}

/** Cuts a polygon by its winding number: what a line that crosses itself goes around is inside. */
function polygonCut(points: readonly number[]): Cut {
  const edges: { top: number; bottom: number; x: number; slope: number; turn: number }[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const next = (i + 2) % points.length;
    const [x0, y0, x1, y1] = [points[i], points[i + 1], points[next], points[next + 1]];
    if (y0 === y1) continue;
    const slope = (x1 - x0) / (y1 - y0);
    edges.push(
      y0 < y1 ? { top: y0, bottom: y1, x: x0, slope, turn: 1 } : { top: y1, bottom: y0, x: x1, slope, turn: -1 },
    );
  }
  edges.sort((a, b) => a.top - b.top);
  return (y) => {
    const crossings: [number, number][] = [];
    for (const edge of edges) {
      if (edge.top > y) break;
      if (edge.bottom > y) crossings.push([edge.x + (y - edge.top) * edge.slope, edge.turn]);
    }
    crossings.sort((a, b) => a[0] - b[0]);
    const spans: number[] = [];
    let winding = 0;
    for (const [x, turn] of crossings) {
      if (winding === 0) spans.push(x);
      winding += turn;
      if (winding === 0) spans.push(x);
    }
    return spans;
  };
}

/** One row of coverage, gathered as differences so that a wide span costs no more than a narrow one. */
class Line {
  readonly #change: Float64Array;
  readonly #bytes: Uint8Array;
  #used = false;

  constructor(
    readonly left: number,
    readonly width: number,
  ) {
    this.#change = new Float64Array(width + 2);
    this.#bytes = new Uint8Array(width);
  }

  clear(): void {
    if (this.#used) this.#change.fill(0);
    this.#used = false;
  }

  add(from: number, to: number): void {
    const start = Math.min(Math.max(from - this.left, 0), this.width);
    const end = Math.min(Math.max(to - this.left, 0), this.width);
    if (end <= start) return;
    this.#used = true;
    this.#edge(start, 1);
    this.#edge(end, -1);
  }

  put(coverage: Tiles, y: number): void {
    if (!this.#used) return;
    let sum = 0;
    for (let x = 0; x < this.width; x += 1) {
      sum += this.#change[x];
      this.#bytes[x] = Math.round((sum * 255) / LINES);
    }
    for (const part of coverage.parts([this.left, y, this.left + this.width, y + 1])) {
      const from = part.column * TILE + part.left - this.left;
      const row = this.#bytes.subarray(from, from + part.right - part.left);
      coverage.writable(part.index).set(row, part.top * TILE + part.left);
    }
  }

  /** Coverage is `by` to the right of x, and in the pixel of x by how much of it lies to the right. */
  #edge(x: number, by: number): void {
    const whole = Math.floor(x);
    this.#change[whole] += by * (whole + 1 - x);
    this.#change[whole + 1] += by * (x - whole);
  }
}
