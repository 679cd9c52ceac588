/** What is drawn over the picture before and while a job runs: the crop, edges, cells, what the network sees, previews. */
import { outlines } from './contours';
import { type Context, type Frame, toCanvas } from './frame';
import { boxOf, type Size, toScreen } from './geometry';
import { decode } from './picture';
import type { Box, OverlayName, Overlays, Placed, Point, ViewState } from './types';

interface Image {
  readonly bitmap: ImageBitmap;
  readonly box: Box;
}

interface Edges {
  /** Where change begins, and where it is half, in picture pixels. */
  readonly outer: Path2D;
  readonly middle: Path2D;
}

/** Contours are looked for in a picture of at most this side. */
const FINEST = 1024;

const IMAGES = ['content', 'preview', 'cells'] as const;
type ImageName = (typeof IMAGES)[number];

export class OverlayStore {
  readonly #images = new Map<ImageName, Image>();
  readonly #frames = new Map<'crop' | 'frame', Overlays['crop']>();
  #edges: Edges | null = null;
  readonly #turns = new Map<OverlayName, number>();

  /** Takes a value; of several for one name that are decoded at once, the last one stays. */
  async set<Name extends OverlayName>(name: Name, value: Overlays[Name] | null, size: Size): Promise<void> {
    const turn = (this.#turns.get(name) ?? 0) + 1;
    this.#turns.set(name, turn);
    if (name === 'crop' || name === 'frame') {
      if (value) this.#frames.set(name, value as Overlays['crop']);
      else this.#frames.delete(name);
      return;
    }
    const placed = value as Placed | null;
    const bitmap = placed && (await decode(placed.image));
    if (this.#turns.get(name) !== turn) {
      bitmap?.close();
      return;
    }
    const box = placed?.box ?? boxOf(size);
    if (name === 'weight') this.#edges = bitmap && edgesOf(bitmap, box);
    else this.#put(name as ImageName, bitmap && { bitmap, box });
  }

  clear(): void {
    for (const name of IMAGES) this.#put(name, null);
    this.#frames.clear();
    this.#edges = null;
    for (const [name, turn] of this.#turns) this.#turns.set(name, turn + 1);
  }

  /** The images, under everything that is drawn by lines. */
  drawImages(context: Context, frame: Frame): void {
    for (const name of IMAGES) {
      const image = this.#images.get(name);
      if (image) DRAW[name](context, frame, image);
    }
  }

  /** Lines and labels, in CSS px of the screen. */
  drawLines(context: CanvasRenderingContext2D, view: ViewState, screen: Size, accent: string): void {
    if (this.#edges) drawEdges(context, this.#edges, view, screen, accent);
    for (const [name, { box, label }] of this.#frames) drawFrame(context, view, screen, box, label, name === 'crop');
  }

  #put(name: ImageName, image: Image | null): void {
    this.#images.get(name)?.bitmap.close();
    if (image) this.#images.set(name, image);
    else this.#images.delete(name);
  }
}

function drawImage(context: Context, frame: Frame, { bitmap, box }: Image): void {
  const [left, top, right, bottom] = toCanvas({ ...frame, width: 1e9, height: 1e9 }, box);
  const x = Math.round(box[0] * frame.scale + frame.left);
  const y = Math.round(box[1] * frame.scale + frame.top);
  if (right <= left || bottom <= top) return;
  const width = Math.round(box[2] * frame.scale + frame.left) - x;
  const height = Math.round(box[3] * frame.scale + frame.top) - y;
  context.imageSmoothingEnabled = width < bitmap.width * 4;
  context.imageSmoothingQuality = 'medium';
  context.drawImage(bitmap, x, y, width, height);
}

const DRAW: Record<ImageName, (context: Context, frame: Frame, image: Image) => void> = {
  content: drawImage,
  preview: drawImage,
  cells: drawCells,
};

/** A grid over the cells that are repainted; as one tint where it would be finer than the eye. */
function drawCells(context: Context, frame: Frame, { bitmap, box }: Image): void {
  const { width, height } = bitmap;
  const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  copy.drawImage(bitmap, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const [across, down] = [((box[2] - box[0]) / width) * frame.scale, ((box[3] - box[1]) / height) * frame.scale];
  const [left, top] = [box[0] * frame.scale + frame.left, box[1] * frame.scale + frame.top];
  const fine = Math.min(across, down) < 4;
  context.save();
  context.fillStyle = 'rgb(255 255 255 / 0.14)';
  context.strokeStyle = 'rgb(255 255 255 / 0.45)';
  context.lineWidth = 1;
  context.beginPath();
  for (let i = 0; i < width * height; i += 1) {
    if (data[i * 4] < 128) continue;
    const [x, y] = [left + (i % width) * across, top + Math.floor(i / width) * down];
    const [x0, y0] = [Math.round(x), Math.round(y)];
    if (x0 > frame.width || y0 > frame.height || x + across < 0 || y + down < 0) continue;
    const inset = fine ? 0 : 0.5;
    context.rect(
      x0 + inset,
      y0 + inset,
      Math.round(x + across) - x0 - 2 * inset,
      Math.round(y + down) - y0 - 2 * inset,
    );
  }
  context.fill();
  if (!fine) context.stroke();
  context.restore();
}

function edgesOf(bitmap: ImageBitmap, box: Box): Edges {
  const shrink = Math.min(1, FINEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * shrink));
  const height = Math.max(1, Math.round(bitmap.height * shrink));
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'medium';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const grey = Uint8Array.from({ length: width * height }, (_, i) => data[i * 4]);
  const path = (level: number): Path2D => {
    const made = new Path2D();
    const points = outlines(grey, width, height, level);
    const [across, down] = [(box[2] - box[0]) / width, (box[3] - box[1]) / height];
    for (let i = 0; i < points.length; i += 4) {
      made.moveTo(box[0] + points[i] * across, box[1] + points[i + 1] * down);
      made.lineTo(box[0] + points[i + 2] * across, box[1] + points[i + 3] * down);
    }
    return made;
  };
  return { outer: path(1), middle: path(128) };
}

function drawEdges(
  context: CanvasRenderingContext2D,
  edges: Edges,
  view: ViewState,
  screen: Size,
  accent: string,
): void {
  context.save();
  context.translate(screen.width / 2, screen.height / 2);
  context.rotate((view.angle * Math.PI) / 180);
  context.scale(view.scale, view.scale);
  context.translate(-view.centre.x, -view.centre.y);
  const line = (path: Path2D, width: number, colour: string) => {
    context.lineWidth = width / view.scale;
    context.strokeStyle = colour;
    context.stroke(path);
  };
  line(edges.outer, 2.5, 'rgb(0 0 0 / 0.35)');
  line(edges.outer, 1, accent);
  context.globalAlpha = 0.5;
  line(edges.middle, 1, accent);
  context.restore();
}

export function tracePolygon(
  context: Context,
  view: ViewState,
  screen: Size,
  points: readonly Point[],
  close: boolean,
): void {
  context.beginPath();
  points.forEach((each, i) => {
    const { x, y } = toScreen(view, screen, each);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  if (close) context.closePath();
}

const corners = ([left, top, right, bottom]: Box): Point[] => [
  { x: left, y: top },
  { x: right, y: top },
  { x: right, y: bottom },
  { x: left, y: bottom },
];

/** A dark line under a light dashed one, so that it is seen on everything. */
export function strokeTwice(context: CanvasRenderingContext2D, dash: number[]): void {
  context.setLineDash([]);
  context.lineWidth = 3;
  context.strokeStyle = 'rgb(0 0 0 / 0.45)';
  context.stroke();
  context.setLineDash(dash);
  context.lineWidth = 1.25;
  context.strokeStyle = 'rgb(255 255 255 / 0.95)';
  context.stroke();
  context.setLineDash([]);
}

function drawFrame(
  context: CanvasRenderingContext2D,
  view: ViewState,
  screen: Size,
  box: Box,
  label: string,
  dashed: boolean,
) {
  const points = corners(box);
  tracePolygon(context, view, screen, points, true);
  strokeTwice(context, dashed ? [6, 4] : []);
  if (label === '') return;
  const seen = points.map((each) => toScreen(view, screen, each));
  const right = Math.max(...seen.map(({ x }) => x));
  const bottom = Math.max(...seen.map(({ y }) => y));
  context.font = '12px system-ui, sans-serif';
  context.textBaseline = 'middle';
  const width = context.measureText(label).width + 12;
  const x = Math.max(4, Math.min(right - width, screen.width - width - 4));
  const y = Math.max(4, Math.min(bottom + 6, screen.height - 26));
  context.fillStyle = 'rgb(0 0 0 / 0.72)';
  context.beginPath();
  context.roundRect(x, y, width, 20, 4);
  context.fill();
  context.fillStyle = '#fff';
  context.fillText(label, x + 6, y + 10.5);
}
