import { describe, expect, it } from 'vitest';
import type { ChainStep } from '../src/api/types';
import { altered, dueFrom, isDue, moved, without } from '../src/arrange';

const step = (id: string, values: Partial<ChainStep> = {}): ChainStep => ({
  id,
  label: '',
  prompt: id,
  box: [0, 0, 8, 8],
  sees: [0, 0, 8, 8],
  seed: 1,
  model: 'builtin',
  muted: false,
  stale: false,
  layer: `/${id}`,
  ...values,
});
const steps = ['a', 'b', 'c'].map((id) => step(id));
const ids = (rows: readonly { id: string }[]): string => rows.map((row) => row.id).join('');

describe('layers that are arranged', () => {
  it('go up and down by one', () => {
    expect(ids(moved(steps, 'a', 1))).toBe('bac');
    expect(ids(moved(steps, 'c', -1))).toBe('acb');
  });

  it('stay where they are at the ends', () => {
    expect(ids(moved(steps, 'c', 1))).toBe('abc');
    expect(ids(moved(steps, 'a', -1))).toBe('abc');
  });

  it('are left out or changed one by one, and the others are named alone', () => {
    expect(without(steps, 'b')).toEqual([{ id: 'a' }, { id: 'c' }]);
    expect(altered(steps, 'b', { muted: true })).toEqual([{ id: 'a' }, { id: 'b', muted: true }, { id: 'c' }]);
  });

  it('are due where they are stale and seen, the lowest first', () => {
    const rows = [step('a', { stale: true, muted: true }), step('b', { stale: true }), step('c', { stale: true })];
    expect(rows.map(isDue)).toEqual([false, true, true]);
    expect([0, 1, 2, 3].map((place) => dueFrom(rows, place))).toEqual([1, 1, 2, -1]);
  });
});
