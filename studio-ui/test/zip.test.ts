import { expect, test } from 'vitest';
import { distinct } from '../src/zip';

test('equal names are told apart, also from one that was numbered already', () => {
  expect(distinct(['a.png', 'a.png', 'a (2).png', 'a', 'a'])).toEqual([
    'a.png',
    'a (2).png',
    'a (2) (2).png',
    'a',
    'a (2)',
  ]);
});
