/** Results laid over the picture: one of several, against the picture by slider, blink, difference or footprint. */
import { type Context, type Frame, toCanvas, within } from './frame';
import { boxOf, type Size } from './geometry';
import { decode, Picture } from './picture';
import type { Gesture } from './tools/tool';
import type { Box, CompareMode, CompareState, ImageSource } from './types';

/** Decoded results that are kept, the one shown among them. */
const KEPT = 3;
const BLINK_MS = 600;
/** Differences are shown this many times stronger: twice added to itself. */
const DOUBLINGS = 2;

type Draw = (picture: Picture, context: Context, frame: Frame, clip: Box) => void;

const NOTHING: CompareState = { mode: 'variant', index: null, count: 0, divide: 0.5, peeking: false };

export class Variants {
  #state = NOTHING;
  #sources: readonly ImageSource[] = [];
  readonly #decoded = new Map<ImageSource, Picture>();
  #blinking: ReturnType<typeof setInterval> | null = null;
  #hidden = false;
  /** Of the picture that was drawn last. */
  #width = 1;
  #scratch: OffscreenCanvasRenderingContext2D | null = null;

  /** `redraw` is called when the scene looks different, `told` when the state is another. */
  constructor(
    readonly redraw: () => void,
    readonly told: (state: CompareState) => void,
    /** A result cannot be read. */
    readonly failed: () => void,
  ) {}

  get state(): CompareState {
    return this.#state;
  }

  get #shown(): Picture | null {
    const { index, peeking } = this.#state;
    return index === null || peeking ? null : (this.#decoded.get(this.#sources[index]) ?? null);
  }

  /** Whether a line divides the picture now. */
  get divided(): boolean {
    return this.#state.mode === 'slider' && this.#shown !== null;
  }

  /** The gesture that moves the slider's line, when x is near to it; all in picture px. */
  grasp(x: number, near: number): Gesture | null {
    if (!this.divided || Math.abs(x - this.#state.divide * this.#width) > near) return null;
    return {
      move: (touches) => this.compare('slider', touches.at(-1)!.at.x / this.#width),
      end: () => false,
      cancel: () => {},
    };
  }

  set(sources: readonly ImageSource[]): void {
    this.#sources = sources;
    for (const [source, picture] of this.#decoded) {
      if (sources.includes(source)) continue;
      picture.close();
      this.#decoded.delete(source);
    }
    const { index } = this.#state;
    this.#become({ count: sources.length, index: index !== null && index < sources.length ? index : null });
    if (this.#state.index !== null) void this.#decode(this.#state.index);
  }

  async show(index: number | null): Promise<void> {
    this.#become({ index: index !== null && index >= 0 && index < this.#sources.length ? index : null });
    if (this.#state.index !== null) await this.#decode(this.#state.index);
  }

  compare(mode: CompareMode, divide = this.#state.divide): void {
    this.#become({ mode, divide: Math.min(1, Math.max(0, divide)) });
  }

  peek(peeking: boolean): void {
    this.#become({ peeking });
  }

  dispose(): void {
    this.set([]);
    if (this.#blinking !== null) clearInterval(this.#blinking);
  }

  /** Draws the picture with what lies over it. `drawBase` draws the picture as it is painted on. */
  draw(base: Picture, context: Context, frame: Frame, clip: Box, drawBase: (context: Context) => void): void {
    this.#width = base.width;
    const shown = this.#shown;
    const mode = this.#state.mode;
    if (shown === null || (mode === 'blink' && this.#hidden)) {
      drawBase(context);
      return;
    }
    const over: Draw = (picture, to, at, area) => {
      picture.draw(to, within(at, 0, 0, base.width / picture.width), area);
    };
    if (mode === 'difference' || mode === 'footprint') this.#drawDifference(base, shown, context, frame, over);
    else {
      drawBase(context);
      this.#drawOver(base, shown, context, frame, clip, over);
    }
  }

  #drawOver(base: Size, shown: Picture, context: Context, frame: Frame, clip: Box, over: Draw): void {
    const from = this.divided ? Math.round(this.#state.divide * base.width * frame.scale + frame.left) : clip[0];
    if (from >= clip[2]) return;
    context.save();
    context.beginPath();
    context.rect(from, clip[1], clip[2] - from, clip[3] - clip[1]);
    context.clip();
    over(shown, context, frame, [Math.max(from, clip[0]), clip[1], clip[2], clip[3]]);
    context.restore();
  }

  #drawDifference(base: Picture, shown: Picture, context: Context, frame: Frame, over: Draw): void {
    const area: Box = [0, 0, frame.width, frame.height];
    const scratch = this.#canvas(frame);
    scratch.globalCompositeOperation = 'source-over';
    scratch.clearRect(0, 0, frame.width, frame.height);
    base.draw(scratch, frame, area);
    scratch.globalCompositeOperation = 'difference';
    over(shown, scratch, frame, area);
    if (this.#state.mode === 'footprint') {
      heat(scratch, frame);
      base.draw(context, frame, area);
      context.fillStyle = 'rgb(24 24 24 / 0.72)';
      context.fillRect(...toCanvasRect(frame, base));
    } else {
      scratch.globalCompositeOperation = 'lighter';
      for (let i = 0; i < DOUBLINGS; i += 1) scratch.drawImage(scratch.canvas, 0, 0);
    }
    context.drawImage(scratch.canvas, 0, 0);
  }

  #canvas({ width, height }: Size): OffscreenCanvasRenderingContext2D {
    const fits = this.#scratch?.canvas.width === width && this.#scratch.canvas.height === height;
    if (!fits) this.#scratch = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    return this.#scratch!;
  }

  async #decode(index: number): Promise<void> {
    const source = this.#sources[index];
    const known = this.#decoded.get(source);
    if (known) {
      this.#decoded.delete(source);
      this.#decoded.set(source, known);
      return;
    }
    const bitmap = await decode(source).catch(() => null);
    if (bitmap === null) {
      this.failed();
      return;
    }
    const picture = await Picture.from(bitmap, this.redraw);
    if (!this.#sources.includes(source) || this.#decoded.has(source)) {
      picture.close();
      return;
    }
    this.#decoded.set(source, picture);
    for (const [old, kept] of this.#decoded) {
      if (this.#decoded.size <= KEPT) break;
      kept.close();
      this.#decoded.delete(old);
    }
    this.redraw();
  }

  #become(change: Partial<CompareState>): void {
    this.#state = { ...this.#state, ...change };
    const blinks = this.#state.mode === 'blink' && this.#state.index !== null;
    if (!blinks && this.#blinking !== null) {
      clearInterval(this.#blinking);
      this.#blinking = null;
      this.#hidden = false;
    }
    if (blinks && this.#blinking === null) {
      this.#blinking = setInterval(() => {
        this.#hidden = !this.#hidden;
        this.redraw();
      }, BLINK_MS);
    }
    this.redraw();
    this.told(this.#state);
  }
}

/** Violet → orange → white, by how much changed; a little is faint, and what did not change at all is clear. */
const HEAT: readonly (readonly number[])[] = [
  [60, 15, 110],
  [170, 40, 110],
  [240, 110, 40],
  [255, 240, 190],
];

const HEAT_TABLE = Array.from({ length: 256 }, (_, difference) => {
  const place = Math.sqrt(difference / 255) * (HEAT.length - 1);
  const [low, t] = [Math.min(Math.floor(place), HEAT.length - 2), place - Math.min(Math.floor(place), HEAT.length - 2)];
  const colour = HEAT[low].map((value, k) => Math.round(value + (HEAT[low + 1][k] - value) * t));
  return difference === 0 ? [0, 0, 0, 0] : [...colour, Math.round(50 + 205 * Math.min(1, difference / 24))];
});

function heat(context: OffscreenCanvasRenderingContext2D, { width, height }: Size): void {
  const image = context.getImageData(0, 0, width, height);
  const { data } = image;
  for (let i = 0; i < data.length; i += 4) {
    data.set(HEAT_TABLE[Math.max(data[i], data[i + 1], data[i + 2])], i);
  }
  context.putImageData(image, 0, 0);
}

function toCanvasRect(frame: Frame, size: Size): [number, number, number, number] {
  const [left, top, right, bottom] = toCanvas(frame, boxOf(size));
  return [left, top, Math.max(0, right - left), Math.max(0, bottom - top)];
}
