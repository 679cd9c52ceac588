/** Lines of equal value in a grey picture (marching squares), as segments x0, y0, x1, y1, …; a pixel's middle is at 0.5. */

/** Corners: 1 top left, 2 top right, 4 bottom right, 8 bottom left. Sides: 0 top, 1 right, 2 bottom, 3 left. */
const SIDES: readonly (readonly number[])[] = [
  [],
  [3, 0],
  [0, 1],
  [3, 1],
  [1, 2],
  [3, 0, 1, 2],
  [0, 2],
  [3, 2],
  [2, 3],
  [0, 2],
  [0, 1, 2, 3],
  [1, 2],
  [1, 3],
  [0, 1],
  [3, 0],
  [],
];

/** The border between values below `level` and the others; what lies outside of the picture counts as below. */
export function contours(grey: Uint8Array, width: number, height: number, level: number): number[] {
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= width || y >= height ? 0 : grey[y * width + x]);
  const segments: number[] = [];
  for (let y = -1; y < height; y += 1) {
    for (let x = -1; x < width; x += 1) {
      const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      const form = corners.reduce((sum, value, i) => sum + (value >= level ? 1 << i : 0), 0);
      for (const side of SIDES[form]) {
        const [a, b] = [corners[side], corners[(side + 1) % 4]];
        const t = (level - 0.5 - a) / (b - a);
        const along = side < 2 ? t : 1 - t;
        segments.push(x + 0.5 + (side % 2 === 0 ? along : side === 1 ? 1 : 0));
        segments.push(y + 0.5 + (side % 2 === 1 ? along : side === 2 ? 1 : 0));
      }
    }
  }
  return segments;
}

/** The contour drawn as a hand would: steps of single pixels smoothed, straight edges where they are. */
export function outlines(grey: Uint8Array, width: number, height: number, level: number): number[] {
  const reached = grey.map((value) => (value >= level ? 255 : 0));
  return contours(softened(softened(reached, width, height, 1), width, height, width), width, height, 128);
}

const WEIGHTS = [1, 4, 6, 4, 1];

/** Weighted means along a row (step 1) or a column (step = width); beyond the picture all is 0. */
function softened(grey: Uint8Array, width: number, height: number, step: number): Uint8Array {
  const last = step === 1 ? width - 1 : height - 1;
  return grey.map((_, i) => {
    const place = step === 1 ? i % width : Math.floor(i / width);
    let sum = 0;
    for (let k = -2; k <= 2; k += 1) {
      if (place + k >= 0 && place + k <= last) sum += WEIGHTS[k + 2] * grey[i + k * step];
    }
    return Math.round(sum / 16);
  });
}
