/** The canvases on the page, one over the other, and when they are drawn. */
import { type Frame, frameOf, toCanvas } from './frame';
import { boxOf, isEmpty, type Size, union } from './geometry';
import type { Box, ViewState } from './types';

/** What can look different: the picture with what lies on it, the mask over it, and lines over both. */
export type Sheet = 'scene' | 'mask' | 'lines';

/** Draws a sheet within a box of its canvas, which has been cleared. */
export type Painter = (sheet: Sheet, context: CanvasRenderingContext2D, frame: Frame, clip: Box) => void;

/** Lines are drawn upright in CSS px; the others are turned by the page. */
const SHEETS: readonly Sheet[] = ['scene', 'mask', 'lines'];

/** The part to be drawn anew, in picture px; 'all' = everything that is seen. */
type Stale = Box | 'all' | null;

export class Surface {
  readonly #contexts: Record<Sheet, CanvasRenderingContext2D>;
  readonly #stale: Record<Sheet, Stale> = { scene: 'all', mask: 'all', lines: 'all' };
  readonly #ring: HTMLDivElement;
  readonly #observer: ResizeObserver;
  #screen: Size = { width: 1, height: 1 };
  #frame: Frame | null = null;
  #request = 0;
  #density = devicePixelRatio;
  #view: ViewState;

  constructor(
    readonly host: HTMLElement,
    view: ViewState,
    readonly paint: Painter,
    readonly resized: () => void,
  ) {
    this.#view = view;
    this.#contexts = Object.fromEntries(SHEETS.map((sheet) => [sheet, this.#add(sheet)])) as Record<
      Sheet,
      CanvasRenderingContext2D
    >;
    this.#ring = document.createElement('div');
    this.#ring.style.cssText =
      'position:absolute;left:0;top:0;border-radius:50%;pointer-events:none;display:none;box-sizing:border-box;' +
      'border:1px solid #fff;outline:1px solid rgb(0 0 0 / .55);will-change:transform';
    host.append(this.#ring);
    this.#observer = new ResizeObserver(() => this.#measure());
    this.#observer.observe(host);
    this.#measure();
  }

  get screen(): Size {
    return this.#screen;
  }

  set view(view: ViewState) {
    this.#view = view;
    this.#frame = null;
    for (const sheet of SHEETS) this.redraw(sheet);
  }

  set maskOpacity(opacity: number) {
    this.#contexts.mask.canvas.style.opacity = String(opacity);
  }

  /** Has a sheet drawn anew, or a part of the picture on it. */
  redraw(sheet: Sheet, box: Box | 'all' = 'all'): void {
    const stale = this.#stale[sheet];
    this.#stale[sheet] = box === 'all' || stale === 'all' ? 'all' : union(stale, box);
    this.#request ||= requestAnimationFrame(() => this.#draw());
  }

  /** The outline of the brush: where its middle is on the screen and how wide it is there. */
  ring(at: { x: number; y: number } | null, diameter: number): void {
    const { style } = this.#ring;
    style.display = at ? 'block' : 'none';
    if (at === null) return;
    const side = Math.max(diameter, 4);
    style.width = `${side}px`;
    style.height = `${side}px`;
    style.transform = `translate(${at.x - side / 2}px, ${at.y - side / 2}px)`;
  }

  dispose(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#request);
    for (const sheet of SHEETS) this.#contexts[sheet].canvas.remove();
    this.#ring.remove();
  }

  #add(sheet: Sheet): CanvasRenderingContext2D {
    const canvas = document.createElement('canvas');
    canvas.style.cssText = 'position:absolute;left:0;top:0;pointer-events:none;transform-origin:50% 50%';
    canvas.dataset.sheet = sheet;
    this.host.append(canvas);
    return canvas.getContext('2d')!;
  }

  #measure(): void {
    const { clientWidth, clientHeight } = this.host;
    const [width, height] = [Math.max(1, clientWidth), Math.max(1, clientHeight)];
    if (width === this.#screen.width && height === this.#screen.height && this.#frame) return;
    this.#screen = { width, height };
    this.#frame = null;
    for (const sheet of SHEETS) this.redraw(sheet);
    this.resized();
  }

  /** Sizes the canvases to the view, where they are not of that size. */
  #place(): Frame {
    const density = devicePixelRatio;
    const frame = frameOf(this.#view, this.#screen, density);
    for (const sheet of SHEETS) {
      const { canvas } = this.#contexts[sheet];
      const turned = sheet !== 'lines';
      const width = turned ? frame.width : Math.round(this.#screen.width * density);
      const height = turned ? frame.height : Math.round(this.#screen.height * density);
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      const { style } = canvas;
      style.width = `${width / density}px`;
      style.height = `${height / density}px`;
      style.left = `${(this.#screen.width - width / density) / 2}px`;
      style.top = `${(this.#screen.height - height / density) / 2}px`;
      style.transform = turned && this.#view.angle !== 0 ? `rotate(${this.#view.angle}deg)` : '';
    }
    return frame;
  }

  #draw(): void {
    this.#request = 0;
    if (this.#density !== devicePixelRatio) {
      this.#density = devicePixelRatio;
      this.#frame = null;
      for (const sheet of SHEETS) this.#stale[sheet] = 'all';
    }
    this.#frame ??= this.#place();
    const frame = this.#frame;
    for (const sheet of SHEETS) {
      const stale = this.#stale[sheet];
      if (stale === null) continue;
      this.#stale[sheet] = null;
      if (sheet === 'lines') this.#drawLines(frame);
      else this.#drawPart(sheet, frame, stale === 'all' ? boxOf(frame) : toCanvas(frame, stale));
    }
  }

  #drawLines(frame: Frame): void {
    const context = this.#contexts.lines;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.paint('lines', context, frame, boxOf(this.#screen));
  }

  #drawPart(sheet: Sheet, frame: Frame, clip: Box): void {
    if (isEmpty(clip)) return;
    const context = this.#contexts[sheet];
    const [left, top, right, bottom] = clip;
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.clearRect(left, top, right - left, bottom - top);
    this.paint(sheet, context, frame, clip);
    context.restore();
  }
}

/** Makes an element what a canvas needs around it: focus, a name, no scrolling of its own. */
export function prepare(host: HTMLElement, label: string): void {
  host.tabIndex = 0;
  host.setAttribute('role', 'application');
  host.setAttribute('aria-label', label);
  Object.assign(host.style, { overflow: 'hidden', touchAction: 'none', userSelect: 'none' });
  if (getComputedStyle(host).position === 'static') host.style.position = 'relative';
}
