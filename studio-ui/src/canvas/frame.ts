/** Where upright picture pixels fall on a canvas: x × scale + left. */
import type { Size } from './geometry';
import { intersection, outward, turnedSize } from './geometry';
import type { Box, ViewState } from './types';

export interface Frame extends Size {
  /** Canvas (device) px for one picture px. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** The canvas that, turned by the view's angle, covers the screen. */
export function frameOf(view: ViewState, screen: Size, density: number): Frame {
  const turned = turnedSize(screen, view.angle);
  const [width, height] = [Math.ceil(turned.width * density - 1e-6), Math.ceil(turned.height * density - 1e-6)];
  const scale = view.scale * density;
  return { width, height, scale, left: width / 2 - view.centre.x * scale, top: height / 2 - view.centre.y * scale };
}

/** The frame of a bitmap whose pixels are `factor` picture pixels wide and high, laid at a picture point. */
export const within = (frame: Frame, x: number, y: number, factor: number): Frame => ({
  ...frame,
  scale: frame.scale * factor,
  left: frame.left + x * frame.scale,
  top: frame.top + y * frame.scale,
});

/** The canvas px that a box of the picture touches. */
export function toCanvas(frame: Frame, box: Box): Box {
  const { scale, left, top } = frame;
  const touched = outward([box[0] * scale + left, box[1] * scale + top, box[2] * scale + left, box[3] * scale + top]);
  return intersection(touched, [0, 0, frame.width, frame.height]);
}

/** The part of the picture that a box of the canvas shows. */
export const toSource = ({ scale, left, top }: Frame, box: Box): Box => [
  (box[0] - left) / scale,
  (box[1] - top) / scale,
  (box[2] - left) / scale,
  (box[3] - top) / scale,
];

/**
 * Draws the visible part of a bitmap that covers `box`.
 *
 * Its edges fall on whole canvas pixels, so that tiles side by side leave no seam.
 */
export function drawTile(
  context: Context,
  image: CanvasImageSource,
  box: Box,
  frame: Frame,
  factor: number,
  visible: Box,
) {
  const seen = intersection(box, visible);
  if (seen[2] <= seen[0] || seen[3] <= seen[1]) return;
  const last = [Math.ceil((box[2] - box[0]) / factor), Math.ceil((box[3] - box[1]) / factor)];
  const from = [
    Math.max(0, Math.floor((seen[0] - box[0]) / factor) - 1),
    Math.max(0, Math.floor((seen[1] - box[1]) / factor) - 1),
  ];
  const to = [
    Math.min(last[0], Math.ceil((seen[2] - box[0]) / factor) + 1),
    Math.min(last[1], Math.ceil((seen[3] - box[1]) / factor) + 1),
  ];
  const place = (axis: 0 | 1, at: number): number => {
    const exact =
      (box[axis] + Math.min(at * factor, box[axis + 2] - box[axis])) * frame.scale + (axis ? frame.top : frame.left);
    return at === 0 || at === last[axis] ? Math.round(exact) : exact;
  };
  const [x, y] = [place(0, from[0]), place(1, from[1])];
  context.drawImage(
    image,
    from[0],
    from[1],
    to[0] - from[0],
    to[1] - from[1],
    x,
    y,
    place(0, to[0]) - x,
    place(1, to[1]) - y,
  );
}
