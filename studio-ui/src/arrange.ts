// Layers of a picture, from below to above, and where they are to be.

import type { ChainStep, StepPlace } from './api/types';

export type Steps = readonly ChainStep[];

export const unchanged = (steps: Steps): StepPlace[] => steps.map(({ id }) => ({ id }));

/** One step higher by `by`; at the ends it stays. */
export function moved(steps: Steps, id: string, by: number): StepPlace[] {
  const rows = unchanged(steps);
  const from = rows.findIndex((row) => row.id === id);
  const to = Math.max(0, Math.min(rows.length - 1, from + by));
  rows.splice(to, 0, ...rows.splice(from, 1));
  return rows;
}

export const without = (steps: Steps, id: string): StepPlace[] => unchanged(steps).filter((row) => row.id !== id);

/** The same order, with something of one step changed. */
export const altered = (steps: Steps, id: string, values: Omit<StepPlace, 'id'>): StepPlace[] =>
  unchanged(steps).map((row) => (row.id === id ? { ...row, ...values } : row));

/** Whether a step is to be run again; one that is hidden is passed over. */
export const isDue = (step: ChainStep): boolean => step.stale && !step.muted;

/** Where the lowest step that is to be run again stands, from a place on; -1 = there is none. */
export const dueFrom = (steps: Steps, place: number): number =>
  steps.findIndex((step, at) => at >= place && isDue(step));
