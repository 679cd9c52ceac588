/** Lines of equal value in a grey picture (marching squares), as segments x0, y0, x1, y1, … in its pixels. */

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
