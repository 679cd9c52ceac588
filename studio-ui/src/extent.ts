// A picture that grows: how far on each side, and where what is planned for the larger one lies on the one that is shown.

import type { Box, Pair, Value, Values } from './api/types';

/** Pixels added left, top, right, bottom. */
export type Sides = [left: number, top: number, right: number, bottom: number];

const LARGEST = 16384;
/** Handles go by whole latent cells of the usual models. */
const CELL = 8;

const pixels = (side: Value | undefined, length: number): number => {
  const text = String(side ?? 0).trim();
  const count = Number.parseFloat(text);
  if (!Number.isFinite(count)) return 0;
  return text.endsWith('%') ? Math.round((count * length) / 100) : count;
};

/** Read the request's field: four numbers, each px or percent of the picture, as a list or as text. */
export function sidesOf(extend: Value | undefined, [width, height]: Pair): Sides {
  const parts =
    typeof extend === 'string' ? extend.split(/[,\s]+/).filter(Boolean) : Array.isArray(extend) ? extend : [];
  const at = (place: number) => pixels(parts.length === 1 ? parts[0] : parts[place], place % 2 ? height : width);
  return [at(0), at(1), at(2), at(3)];
}

export const grows = (sides: Sides): boolean => sides.some((side) => side > 0);

/** The box of the larger picture, counted from the corner of the one that is shown. */
export const around = ([left, top, right, bottom]: Sides, [width, height]: Pair): Box => [
  0 - left,
  0 - top,
  width + right,
  height + bottom,
];

/** How far a side reaches when its edge is drawn to a point; by whole cells unless `exact`. */
export function reach(side: number, at: { x: number; y: number }, [width, height]: Pair, exact: boolean): number {
  const away = [-at.x, -at.y, at.x - width, at.y - height][side]!;
  const step = exact ? 1 : CELL;
  return Math.min(LARGEST, Math.max(0, Math.round(away / step) * step));
}

/** What a plan says of where things are: `place` is the picture's own box in the larger one. */
interface Planned {
  box: Box | null;
  place?: Box | null;
}

const moved = ([left, top, right, bottom]: Box, [x, y]: Box): Box => [left - x, top - y, right - x, bottom - y];

/** The part that is worked on, on the picture that is shown; null = the whole of it. */
export function workedOn({ box, place }: Planned, request: Values): Box | null {
  if (!place) return box;
  return box ? moved(box, place) : wholeOf({ place }, request);
}

/** All of the picture that is planned, on the picture that is shown; null = just that. */
export function wholeOf({ place }: Pick<Planned, 'place'>, request: Values): Box | null {
  if (!place) return null;
  const size: Pair = [place[2] - place[0], place[3] - place[1]];
  return around(sidesOf(request.extend, size), size);
}
