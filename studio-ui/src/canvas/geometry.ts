/** Points, boxes and the transform between picture and screen. Pure functions. */
import type { Box, Point, ViewState } from './types';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export const point = (x: number, y: number): Point => ({ x, y });
export const add = (a: Point, b: Point): Point => ({ x: a.x + b.x, y: a.y + b.y });
export const subtract = (a: Point, b: Point): Point => ({ x: a.x - b.x, y: a.y - b.y });
export const scaled = (a: Point, factor: number): Point => ({ x: a.x * factor, y: a.y * factor });
export const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
export const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

export function rotated(a: Point, degrees: number): Point {
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return { x: a.x * cos - a.y * sin, y: a.x * sin + a.y * cos };
}

export const boxOf = (size: Size): Box => [0, 0, size.width, size.height];
export const isEmpty = (box: Box): boolean => box[2] <= box[0] || box[3] <= box[1];
export const widthOf = (box: Box): number => box[2] - box[0];
export const heightOf = (box: Box): number => box[3] - box[1];

export function union(a: Box | null, b: Box | null): Box | null {
  if (a === null || isEmpty(a)) return b;
  if (b === null || isEmpty(b)) return a;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

export const intersection = (a: Box, b: Box): Box => [
  Math.max(a[0], b[0]),
  Math.max(a[1], b[1]),
  Math.min(a[2], b[2]),
  Math.min(a[3], b[3]),
];

/** The smallest whole-pixel box that holds `box`. */
export const outward = (box: Box): Box => [
  Math.floor(box[0]),
  Math.floor(box[1]),
  Math.ceil(box[2]),
  Math.ceil(box[3]),
];

export const inflated = (box: Box, by: number): Box => [box[0] - by, box[1] - by, box[2] + by, box[3] + by];

/** The box around points given as x, y, x, y, … */
export function boundsOf(points: ArrayLike<number>): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    top = Math.min(top, points[i + 1]);
    bottom = Math.max(bottom, points[i + 1]);
  }
  return [left, top, right, bottom];
}

export const contains = (box: Box, at: Point): boolean =>
  at.x >= box[0] && at.x < box[2] && at.y >= box[1] && at.y < box[3];

/** The screen point, in CSS px from the host's corner, where a picture point is seen. */
export const toScreen = (view: ViewState, screen: Size, at: Point): Point =>
  add(rotated(scaled(subtract(at, view.centre), view.scale), view.angle), point(screen.width / 2, screen.height / 2));

/** The picture point under a screen point. */
export const toPicture = (view: ViewState, screen: Size, at: Point): Point =>
  add(
    scaled(rotated(subtract(at, point(screen.width / 2, screen.height / 2)), -view.angle), 1 / view.scale),
    view.centre,
  );

/** Another scale, with the picture point under `at` (screen) staying where it is. */
export function zoomed(view: ViewState, screen: Size, scale: number, at: Point): ViewState {
  const held = toPicture(view, screen, at);
  const moved = toPicture({ ...view, scale }, screen, at);
  return { ...view, scale, centre: add(view.centre, subtract(held, moved)) };
}

/** The view moved by a screen vector, as if the picture were dragged. */
export const panned = (view: ViewState, by: Point): ViewState => ({
  ...view,
  centre: subtract(view.centre, scaled(rotated(by, -view.angle), 1 / view.scale)),
});

/** The view that shows a whole box, with `margin` CSS px around it; never larger than `largest`. */
export function fitted(box: Box, screen: Size, angle: number, margin: number, largest: number): ViewState {
  const [width, height] = [widthOf(box), heightOf(box)];
  const turned = turnedSize({ width, height }, angle);
  const room = { width: Math.max(1, screen.width - 2 * margin), height: Math.max(1, screen.height - 2 * margin) };
  const scale = Math.min(room.width / turned.width, room.height / turned.height, largest);
  return { scale, angle, centre: { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 } };
}

/** The size of the upright box around a turned one. */
export function turnedSize(size: Size, degrees: number): Size {
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.abs(Math.cos(radians)), Math.abs(Math.sin(radians))];
  return { width: size.width * cos + size.height * sin, height: size.width * sin + size.height * cos };
}

/** An angle as -180 < angle ≤ 180. */
export function normalAngle(degrees: number): number {
  const turn = ((degrees % 360) + 360) % 360;
  return turn > 180 ? turn - 360 : turn;
}
