import { expect, test } from 'vitest';
import {
  boxOf,
  contains,
  distance,
  fitted,
  normalAngle,
  panned,
  toPicture,
  toScreen,
  zoomed,
} from '../../src/canvas/geometry';
import { random } from './helpers';

const screen = { width: 1180, height: 760 };
const next = random(1);
const views = Array.from({ length: 200 }, () => ({
  scale: next(0.01, 40),
  angle: next(-180, 180),
  centre: { x: next(-900, 16000), y: next(-900, 16000) },
}));

test('screen and picture are two names of one point', () => {
  for (const view of views) {
    const at = { x: next(0, 9000), y: next(0, 9000) };
    expect(distance(toPicture(view, screen, toScreen(view, screen, at)), at)).toBeLessThan(1e-6);
  }
});

test('zooming leaves the picture point under the cursor where it is', () => {
  for (const view of views) {
    const cursor = { x: next(0, screen.width), y: next(0, screen.height) };
    const held = toPicture(view, screen, cursor);
    expect(distance(toScreen(zoomed(view, screen, next(0.01, 40), cursor), screen, held), cursor)).toBeLessThan(1e-4);
  }
});

test('panning moves every point of the picture by the same screen vector', () => {
  for (const view of views) {
    const by = { x: next(-300, 300), y: next(-300, 300) };
    const at = { x: next(0, 900), y: next(0, 900) };
    const [before, after] = [toScreen(view, screen, at), toScreen(panned(view, by), screen, at)];
    expect(distance({ x: before.x + by.x, y: before.y + by.y }, after)).toBeLessThan(1e-5);
  }
});

test('a fitted picture lies within the screen at every angle', () => {
  for (let angle = -180; angle < 180; angle += 15) {
    const size = { width: next(1, 16000), height: next(1, 16000) };
    const view = fitted(boxOf(size), screen, angle, 24, 1);
    for (const [x, y] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]) {
      const corner = toScreen(view, screen, { x: x * size.width, y: y * size.height });
      expect(contains([23.9, 23.9, screen.width - 23.9, screen.height - 23.9], corner)).toBe(true);
    }
    expect(view.scale).toBeLessThanOrEqual(1);
  }
});

test('angles come back into one turn', () => {
  expect([0, 180, -180, 190, 540, -90, 360].map(normalAngle)).toEqual([0, 180, 180, -170, 180, -90, 0]);
});
