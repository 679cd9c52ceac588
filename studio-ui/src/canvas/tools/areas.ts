/** Rectangle, ellipse, lasso and polygon: an outline first, one operation at its end. */
import type { AreaOperation } from '../areas';
import { distance } from '../geometry';
import type { Point } from '../types';
import { type Gesture, type Hands, modeOf, paintOf, type Touch } from './tool';

const flat = (points: readonly Point[]): number[] => points.flatMap(({ x, y }) => [x, y]);

function apply(hands: Hands, touch: Touch, shape: AreaOperation['shape'], points: readonly Point[]): void {
  hands.apply({ kind: 'area', ...paintOf(hands, modeOf(touch)), shape, points: flat(points) });
}

const whole = ({ x, y }: Point): Point => ({ x: Math.round(x), y: Math.round(y) });

/** The opposite corner; with Shift so that both sides are equal. */
function opposite(from: Point, { at, shift }: Touch): Point {
  if (!shift) return whole(at);
  const side = Math.max(Math.abs(at.x - from.x), Math.abs(at.y - from.y));
  return whole({ x: from.x + Math.sign(at.x - from.x) * side, y: from.y + Math.sign(at.y - from.y) * side });
}

const AROUND = Array.from({ length: 64 }, (_, i) => (i * Math.PI) / 32);
const OUTLINES: Record<'rectangle' | 'ellipse', (a: Point, b: Point) => Point[]> = {
  rectangle: (a, b) => [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }],
  ellipse: (a, b) =>
    AROUND.map((angle) => ({
      x: (a.x + b.x + (b.x - a.x) * Math.cos(angle)) / 2,
      y: (a.y + b.y + (b.y - a.y) * Math.sin(angle)) / 2,
    })),
};

export const box =
  (shape: 'rectangle' | 'ellipse') =>
  (hands: Hands, touch: Touch): Gesture => {
    const from = whole(touch.at);
    let to = from;
    return {
      move: (touches) => {
        to = opposite(from, touches.at(-1)!);
      },
      end: (last) => {
        to = opposite(from, last);
        if (to.x !== from.x && to.y !== from.y) apply(hands, touch, shape, [from, to]);
        return false;
      },
      cancel: () => {},
      outline: () => ({ points: OUTLINES[shape](from, to), close: true }),
    };
  };

export function lasso(hands: Hands, touch: Touch): Gesture {
  const points = [touch.at];
  return {
    move: (touches) => {
      for (const { at } of touches) if (distance(at, points.at(-1)!) >= 1) points.push(at);
    },
    end: () => {
      if (points.length > 2) apply(hands, touch, 'polygon', points);
      return false;
    },
    cancel: () => {},
    outline: () => ({ points, close: points.length > 2 }),
  };
}

/** Screen px within which a press on the first corner closes a polygon. */
const NEAR = 8;

/** A corner at each press; closed by a press on the first, by a double press, or by Enter. */
export function polygon(hands: Hands, touch: Touch): Gesture {
  const points = [touch.at];
  const first = touch.screen;
  let last = touch.screen;
  let moving = touch.at;
  const finish = () => {
    if (points.length > 2) apply(hands, touch, 'polygon', points);
  };
  return {
    move: (touches) => {
      moving = touches.at(-1)!.at;
    },
    end: () => true,
    press: (pressed) => {
      if (distance(pressed.screen, first) < NEAR || distance(pressed.screen, last) < NEAR / 2) {
        finish();
        return false;
      }
      points.push(pressed.at);
      last = pressed.screen;
      return true;
    },
    finish,
    cancel: () => {},
    outline: () => ({ points: [...points, moving], close: points.length > 1 }),
  };
}
