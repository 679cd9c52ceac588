/** The coverage of a round brush at a place and along a line: the inner loops of painting. */
import { clamp } from './geometry';
import { TILE, type Tiles } from './tiles';
import type { Box } from './types';

/** A place of the brush: centre, radius and opacity. */
export interface Dab {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly opacity: number;
}

export const mixed = (a: Dab, b: Dab, t: number): Dab => ({
  x: a.x + (b.x - a.x) * t,
  y: a.y + (b.y - a.y) * t,
  radius: a.radius + (b.radius - a.radius) * t,
  opacity: a.opacity + (b.opacity - a.opacity) * t,
});

/** Where the brush is full, where it ends: a hard one goes from full to nothing within one pixel. */
const core = (radius: number, hardness: number): number => Math.min(radius * hardness, radius - 0.5);
const rim = (radius: number): number => radius + 0.5;
const falloff = (edge: number): number => edge * edge * (3 - 2 * edge);

const STEPS = 1024;

/** A dab ready to be drawn: its coverage between core and rim by the square of the distance. */
class Disc {
  readonly outer: number;
  readonly inner: number;
  readonly full: number;
  readonly #table = new Uint8Array(STEPS + 1);
  readonly #squares: readonly [inner: number, outer: number, scale: number];

  constructor(
    readonly dab: Dab,
    hardness: number,
  ) {
    const { radius, opacity } = dab;
    this.inner = core(radius, hardness);
    this.outer = rim(radius);
    this.full = Math.round(255 * opacity);
    const inside = Math.max(0, this.inner) ** 2;
    const outside = this.outer ** 2;
    this.#squares = [inside, outside, STEPS / (outside - inside)];
    for (let i = 0; i <= STEPS; i += 1) {
      const away = Math.sqrt(inside + ((i + 0.5) * (outside - inside)) / STEPS);
      this.#table[i] = Math.round(
        255 * opacity * falloff(clamp((this.outer - away) / (this.outer - this.inner), 0, 1)),
      );
    }
  }

  /** Raises the pixels left … right of a row of a tile; x0, y are the middle of the pixel at `left`. */
  raise(tile: Uint8Array, row: number, left: number, right: number, x0: number, y: number): void {
    const table = this.#table;
    const [inside, outside, scale] = this.#squares;
    const down = (y - this.dab.y) ** 2;
    let across = x0 - this.dab.x;
    for (let i = row + left; i < row + right; i += 1) {
      const square = across * across + down;
      across += 1;
      if (square >= outside) continue;
      const value = square <= inside ? this.full : table[((square - inside) * scale) | 0];
      if (value > tile[i]) tile[i] = value;
    }
  }

  /** From where to where, at a height, the disc of a radius reaches. */
  chord(radius: number, y: number): readonly [number, number] | null {
    const rest = radius * radius - (y - this.dab.y) ** 2;
    if (radius <= 0 || rest < 0) return null;
    const half = Math.sqrt(rest);
    return [this.dab.x - half, this.dab.x + half];
  }
}

/** Raises the coverage to that of a brush pressed down once; returns the box touched. */
export function drawDab(coverage: Tiles, dab: Dab, hardness: number): Box {
  const disc = new Disc(dab, hardness);
  return eachRow(coverage, boxAround(dab, rim(dab.radius)), (tile, row, left, right, x0, y) => {
    const [from, to] = within(disc.chord(disc.outer, y), left, right, x0);
    const [start, end] = inner(disc.chord(disc.inner, y), from, to, x0);
    disc.raise(tile, row, from, start, x0 + from + 0.5, y);
    fill(tile, row, start, end, disc.full);
    disc.raise(tile, row, end, to, x0 + end + 0.5, y);
  });
}

/**
 * Raises the coverage along a line from a dab that has been drawn to another.
 *
 * What is nearest to the line's start is as it was: that dab is there already.
 */
export function drawLine(coverage: Tiles, from: Dab, to: Dab, hardness: number): Box {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  if (dx === 0 && dy === 0) return drawDab(coverage, to, hardness);
  const [start, end] = [new Disc(from, hardness), new Disc(to, hardness)];
  const band = new Band(from, to, hardness);
  const solid = start.full === end.full;
  return eachRow(coverage, boxAlong(from, to), (tile, row, left, right, x0, y) => {
    const ends = end.chord(end.outer, y);
    const starts = solid ? start.chord(start.inner, y) : null;
    const cores = starts && end.chord(end.inner, y);
    const core = starts && cores && ([Math.min(starts[0], cores[0]), Math.max(starts[1], cores[1])] as const);
    const [fullFrom, fullTo] = inner(core, left, right, x0);
    fill(tile, row, fullFrom, fullTo, end.full);
    const [bandFrom, bandTo] = band.between(y, left, right, x0);
    const [from, to] = within(ends, left, right, x0);
    const beyond = band.beyond(y, bandFrom, bandTo, left, right);
    const [first, last] = [Math.max(from, beyond[0]), Math.min(to, beyond[1])];
    disc(end, tile, row, first, Math.min(last, fullFrom), x0, y);
    disc(end, tile, row, Math.max(first, fullTo), last, x0, y);
    band.raise(tile, row, bandFrom, Math.min(bandTo, fullFrom), x0, y);
    band.raise(tile, row, Math.max(bandFrom, fullTo), bandTo, x0, y);
  });
}

const disc = (of: Disc, tile: Uint8Array, row: number, from: number, to: number, x0: number, y: number): void => {
  if (from < to) of.raise(tile, row, from, to, x0 + from + 0.5, y);
};

/** The pixels whose nearest point of a line lies between its ends. */
class Band {
  readonly #dx: number;
  readonly #dy: number;
  readonly #squared: number;

  constructor(
    readonly from: Dab,
    readonly to: Dab,
    readonly hardness: number,
  ) {
    this.#dx = to.x - from.x;
    this.#dy = to.y - from.y;
    this.#squared = this.#dx ** 2 + this.#dy ** 2;
  }

  /** The columns of a row that lie in the band, as far as the brush can reach. */
  between(y: number, left: number, right: number, x0: number): [number, number] {
    const { from, to } = this;
    const down = (y - from.y) * this.#dy;
    if (this.#dx === 0) return down >= 0 && down <= this.#squared ? [left, right] : [left, left];
    const [a, b] = [from.x - down / this.#dx, from.x + (this.#squared - down) / this.#dx];
    let [low, high] = [Math.min(a, b), Math.max(a, b)];
    if (this.#dy !== 0) {
      const reach = (rim(Math.max(from.radius, to.radius)) * Math.sqrt(this.#squared)) / Math.abs(this.#dy);
      const middle = from.x + ((y - from.y) * this.#dx) / this.#dy;
      low = Math.max(low, middle - reach);
      high = Math.min(high, middle + reach);
    }
    const start = clamp(Math.ceil(low - 0.5) - x0, left, right);
    return [start, clamp(Math.floor(high - 0.5) + 1 - x0, start, right)];
  }

  /** The columns that lie beyond the end of the line. */
  beyond(y: number, bandFrom: number, bandTo: number, left: number, right: number): [number, number] {
    if (this.#dx > 0) return [bandTo, right];
    if (this.#dx < 0) return [left, bandFrom];
    return (y - this.from.y) * this.#dy > this.#squared ? [left, right] : [left, left];
  }

  raise(tile: Uint8Array, row: number, left: number, right: number, x0: number, y: number): void {
    const { from, to, hardness } = this;
    const [dx, dy, along] = [this.#dx, this.#dy, 1 / this.#squared];
    const [grow, fade] = [to.radius - from.radius, to.opacity - from.opacity];
    const py = y - from.y;
    for (let x = left; x < right; x += 1) {
      const px = x0 + x + 0.5 - from.x;
      const t = clamp((px * dx + py * dy) * along, 0, 1);
      const away = Math.sqrt((px - dx * t) ** 2 + (py - dy * t) ** 2);
      const radius = from.radius + grow * t;
      const outer = rim(radius);
      if (away >= outer) continue;
      const edge = Math.min(1, (outer - away) / (outer - core(radius, hardness)));
      const value = Math.round(255 * (from.opacity + fade * t) * falloff(edge));
      if (value > tile[row + x]) tile[row + x] = value;
    }
  }
}

type Row = (tile: Uint8Array, row: number, left: number, right: number, x0: number, y: number) => void;

/** Visits the rows of the tiles in a box: columns left … right of a tile whose first is x0, at the height of their middle. */
function eachRow(coverage: Tiles, box: Box, visit: Row): Box {
  for (const part of coverage.parts(box)) {
    if (coverage.tile(part.index) === 255) continue;
    const tile = coverage.writable(part.index);
    const y0 = part.row * TILE + 0.5;
    for (let y = part.top; y < part.bottom; y += 1) {
      visit(tile, y * TILE, part.left, part.right, part.column * TILE, y0 + y);
    }
  }
  return box;
}

/** The pixels that a dab can touch. */
const boxAround = ({ x, y }: Dab, reach: number): Box => [
  Math.floor(x - reach),
  Math.floor(y - reach),
  Math.ceil(x + reach),
  Math.ceil(y + reach),
];

/** The pixels of the band between two dabs and of the second one. */
function boxAlong(from: Dab, to: Dab): Box {
  const reach = rim(Math.max(from.radius, to.radius));
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const [across, down] = [
    (Math.abs(to.y - from.y) / length) * reach + 1,
    (Math.abs(to.x - from.x) / length) * reach + 1,
  ];
  const [left, top, right, bottom] = boxAround(to, reach);
  return [
    Math.min(left, Math.floor(from.x - across)),
    Math.min(top, Math.floor(from.y - down)),
    Math.max(right, Math.ceil(from.x + across)),
    Math.max(bottom, Math.ceil(from.y + down)),
  ];
}

/** The columns that a span touches. */
function within(span: readonly [number, number] | null, left: number, right: number, x0: number): [number, number] {
  if (span === null) return [left, left];
  const from = clamp(Math.floor(span[0]) - x0, left, right);
  return [from, clamp(Math.ceil(span[1]) - x0, from, right)];
}

/** The columns whose middles lie in a span. */
function inner(span: readonly [number, number] | null, left: number, right: number, x0: number): [number, number] {
  if (span === null) return [right, right];
  const from = clamp(Math.ceil(span[0] - 0.5) - x0, left, right);
  return [from, clamp(Math.floor(span[1] - 0.5) + 1 - x0, from, right)];
}

function fill(tile: Uint8Array, row: number, from: number, to: number, value: number): void {
  if (value === 255) tile.fill(255, row + from, row + to);
  else for (let i = row + from; i < row + to; i += 1) if (tile[i] < value) tile[i] = value;
}
