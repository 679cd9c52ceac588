// Where the frame of the result lies on the picture, for the resize modes that cut or add.

import type { Box, Pair } from './api/types';

const FITS: Readonly<Record<string, (across: number, down: number) => number>> = {
  crop_and_resize: Math.max,
  resize_and_fill: Math.min,
};

/** Give the frame in pixels of the picture; null where it is the picture's own. */
export function frameOf(resizeMode: string, picture: Pair, result: Pair): Box | null {
  const fit = FITS[resizeMode];
  if (!fit) return null;
  const scale = fit(result[0] / picture[0], result[1] / picture[1]);
  const [width, height] = [result[0] / scale, result[1] / scale];
  if (Math.abs(width - picture[0]) < 1 && Math.abs(height - picture[1]) < 1) return null;
  const [left, top] = [(picture[0] - width) / 2, (picture[1] - height) / 2];
  return [left, top, left + width, top + height];
}
