/** What a person sets about painting, and the limits of it. */
import { clamp } from './geometry';
import { LARGEST_SIZE } from './operations';
import type { Settings } from './types';

export const DEFAULTS: Settings = {
  tool: 'brush',
  layer: 'mask',
  size: 48,
  hardness: 0.9,
  opacity: 1,
  colour: '#e5484d',
  from: null,
  otherColour: '#ffffff',
  tolerance: 24,
  contiguous: true,
  smoothing: 0.2,
  pressure: 'size',
  touch: 'auto',
  wheel: 'zoom',
  maskColour: '#45c9b0',
  maskOpacity: 0.5,
  maskVisible: true,
};

const LIMITS: Partial<Record<keyof Settings, readonly [number, number]>> = {
  size: [1, LARGEST_SIZE],
  hardness: [0, 1],
  opacity: [0, 1],
  tolerance: [0, 255],
  smoothing: [0, 1],
  maskOpacity: [0, 1],
};

/** Settings with some changed; numbers are brought into their limits. */
export function changed(settings: Settings, by: Partial<Settings>): Settings {
  const next: Record<string, unknown> = { ...settings, ...by };
  for (const [name, [low, high]] of Object.entries(LIMITS)) next[name] = clamp(next[name] as number, low, high);
  return next as unknown as Settings;
}

/** One step of the keys that make the brush larger (1) or smaller (-1): about a tenth, at least one pixel. */
export function stepped(size: number, direction: 1 | -1): number {
  const step = Math.max(1, Math.round(size / 10));
  return Math.round(size) + direction * step;
}
