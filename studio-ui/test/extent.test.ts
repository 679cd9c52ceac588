import { expect, test } from 'vitest';
import { around, grows, reach, sidesOf, wholeOf, workedOn } from '../src/extent';

test('sides are read as the server reads them', () => {
  expect(sidesOf([8, '25%', 0, 16], [200, 400])).toEqual([8, 100, 0, 16]);
  expect(sidesOf('10%, 0, 5, 25%', [200, 400])).toEqual([20, 0, 5, 100]);
  expect(sidesOf('32', [200, 400])).toEqual([32, 32, 32, 32]);
  expect(sidesOf(undefined, [200, 400])).toEqual([0, 0, 0, 0]);
  expect(grows(sidesOf([0, 0, 0, 0], [9, 9]))).toBe(false);
});

test('an edge goes where it is drawn to, outward only, by whole cells or exactly', () => {
  expect(reach(0, { x: -37, y: 900 }, [200, 100], false)).toBe(40);
  expect(reach(0, { x: -37, y: 900 }, [200, 100], true)).toBe(37);
  expect(reach(3, { x: -37, y: 161 }, [200, 100], true)).toBe(61);
  expect(reach(1, { x: 0, y: 30 }, [200, 100], true)).toBe(0);
  expect(reach(2, { x: 1e9, y: 30 }, [200, 100], true)).toBe(16384);
});

test('boxes of the larger picture lie on the one that is shown', () => {
  const request = { extend: [64, 0, 32, 16] };
  expect(around([64, 0, 32, 16], [200, 100])).toEqual([-64, 0, 232, 116]);
  const place: [number, number, number, number] = [64, 0, 264, 100];
  expect(wholeOf({ place }, request)).toEqual([-64, 0, 232, 116]);
  expect(workedOn({ place, box: null }, request)).toEqual([-64, 0, 232, 116]);
  expect(workedOn({ place, box: [0, 8, 96, 104] }, request)).toEqual([-64, 8, 32, 104]);
  expect(workedOn({ box: [1, 2, 3, 4] }, {})).toEqual([1, 2, 3, 4]);
});
