import { expect, test } from 'vitest';
import { drawArea } from '../../src/canvas/areas';
import { drawStroke, Hand, StrokePainter } from '../../src/canvas/strokes';
import { Tiles } from '../../src/canvas/tiles';
import type { Operation } from '../../src/canvas/types';
import { all, difference, random } from './helpers';

type Stroke = Extract<Operation, { kind: 'stroke' }>;
const stroke = (points: number[], more: Partial<Stroke> = {}): Stroke => ({
  kind: 'stroke',
  layer: 'mask',
  mode: 'paint',
  opacity: 1,
  size: 40,
  hardness: 1,
  pressure: 'none',
  points,
  ...more,
});

test('a dab is full within its circle and nothing outside of it', () => {
  for (const size of [1, 2, 7, 40, 333]) {
    const cover = new Tiles(800, 700);
    drawStroke(cover, stroke([500 * 8, 300 * 8, 255], { size }));
    all(cover).forEach((value, i) => {
      const away = Math.hypot((i % 800) + 0.5 - 500, Math.floor(i / 800) + 0.5 - 300);
      if (away <= size / 2 - 0.5 && value !== 255) expect.fail(`${value} at ${away} of ${size}`);
      if (away >= size / 2 + 0.5 && value !== 0) expect.fail(`${value} at ${away} of ${size}`);
    });
  }
});

test('a straight stroke is all within half its size of the line, across tiles', () => {
  const cover = new Tiles(1400, 900);
  const [ax, ay, bx, by] = [100, 80, 1300, 820];
  drawStroke(cover, stroke([ax * 8, ay * 8, 255, (bx - ax) * 8, (by - ay) * 8, 0]));
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  all(cover).forEach((value, i) => {
    const [x, y] = [(i % 1400) + 0.5, Math.floor(i / 1400) + 0.5];
    const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    const away = Math.hypot(x - ax - (bx - ax) * t, y - ay - (by - ay) * t);
    if ((away < 19.49 && value !== 255) || (away > 20.51 && value !== 0)) expect.fail(`${value} at ${away}`);
  });
});

test('a soft brush falls from the middle to the rim and is half in between', () => {
  const cover = new Tiles(300, 300);
  drawStroke(cover, stroke([150.5 * 8, 150.5 * 8, 255], { size: 200, hardness: 0 }));
  const line = [...cover.read([150, 150, 300, 151])];
  expect(line[0]).toBe(255);
  expect(line).toEqual([...line].sort((a, b) => b - a));
  expect(Math.abs(line[50] - 128)).toBeLessThan(3);
  expect(line[101]).toBe(0);
});

test('the order and grouping of the pieces of a stroke are nothing: it is replayed to the same bytes', () => {
  const next = random(7);
  for (let seed = 0; seed < 10; seed += 1) {
    const hand = new Hand(60, next(0, 1));
    const [live, again] = [new Tiles(900, 900), new Tiles(900, 900)];
    const brush = { size: 60, hardness: next(0, 1), pressure: 'both' as const };
    const painter = new StrokePainter(live, brush);
    for (let i = 0; i < 60; i += 1) {
      const point = hand.move({ x: next(-40, 940), y: next(-40, 940) }, next(0, 1));
      if (point) painter.move(point);
    }
    const last = hand.end();
    if (last) painter.move(last);
    painter.end();
    drawStroke(again, stroke(hand.points, brush));
    expect(difference(all(again), all(live))).toBe(-1);
  }
});

test('every touched pixel lies in the box that is told', () => {
  const next = random(8);
  const cover = new Tiles(700, 700);
  const painter = new StrokePainter(cover, { size: 31, hardness: 0.4, pressure: 'size' });
  let before = all(cover);
  for (let i = 0; i < 20; i += 1) {
    const box = painter.move([Math.round(next(0, 5600)), Math.round(next(0, 5600)), Math.round(next(0, 255))])!;
    const after = all(cover);
    after.forEach((value, at) => {
      const [x, y] = [at % 700, Math.floor(at / 700)];
      if (value !== before[at] && !(x >= box[0] && x < box[2] && y >= box[1] && y < box[3]))
        expect.fail(`${x}, ${y} outside ${box}`);
    });
    before = after;
  }
});

test('areas have the coverage that their geometry says', () => {
  const area = (shape: 'rectangle' | 'ellipse' | 'polygon', points: number[]) => {
    const cover = new Tiles(700, 600);
    drawArea(cover, { kind: 'area', layer: 'mask', mode: 'paint', opacity: 1, shape, points });
    return all(cover).reduce((sum, value) => sum + value, 0) / 255;
  };
  expect(area('rectangle', [100, 50, 620, 580])).toBe(520 * 530);
  expect(area('rectangle', [620.5, 580, 100, 50])).toBeCloseTo(520.5 * 530, -1);
  expect(area('rectangle', [-500, -500, 9999, 9999])).toBe(700 * 600);
  expect(Math.abs(area('ellipse', [100, 100, 600, 500]) / (Math.PI * 250 * 200) - 1)).toBeLessThan(0.001);
  expect(Math.abs(area('polygon', [10, 10, 610, 10, 10, 510]) / (300 * 500) - 1)).toBeLessThan(0.001);
  // a bow: what the line goes around is inside, whichever way it turns
  expect(Math.abs(area('polygon', [0, 0, 600, 500, 600, 0, 0, 500]) / (600 * 250) - 1)).toBeLessThan(0.001);
});
