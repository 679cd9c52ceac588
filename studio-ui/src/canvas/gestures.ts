/** Tools under the pointer: what they work with, the outline of the brush, and whether something is being painted. */
import type { CanvasDocument } from './document';
import { withSketch } from './exchange';
import { boxOf, contains, toPicture } from './geometry';
import { Input, type Player } from './input';
import type { Picture } from './picture';
import type { Surface } from './surface';
import { toolNamed } from './tools';
import type { Gesture, Hands, Outline } from './tools/tool';
import type { Operation, Point, Settings } from './types';
import type { Variants } from './variants';
import type { Viewer } from './viewer';

/** How near to the slider's line, in screen px, it is grasped. */
const GRASP = 10;
/** A narrower brush is shown by a cross. */
const NARROW = 8;

/** What gestures work on, as it is now. */
export interface Workplace {
  readonly open: { readonly picture: Picture; readonly document: CanvasDocument } | null;
  readonly settings: Settings;
  /** What is painted with is there. */
  readonly inked: boolean;
  set(settings: Partial<Settings>): void;
  /** Brings what is being done with the document to its end. */
  settle(): void;
  /** An operation was done and is in the document. */
  done(operation: Operation): void;
  /** Something began or ended to be painted. */
  painting(now: boolean): void;
  /** Where the pointer is on the picture. */
  cursor(at: Point | null): void;
}

export class Gestures {
  readonly #input: Input;
  readonly #hands: Hands;
  #panning = false;
  #painting = false;
  /** What the tool is doing, as against moving the view or the slider. */
  #stroke: Gesture | null = null;
  #pointer: Point | null = null;

  constructor(
    readonly host: HTMLElement,
    readonly place: Workplace,
    readonly surface: Surface,
    readonly viewer: Viewer,
    readonly variants: Variants,
  ) {
    this.#hands = this.#makeHands();
    this.#input = new Input(host, this.#makePlayer());
  }

  get painting(): boolean {
    return this.#painting;
  }

  /** The pointer on the screen, while it is over the canvas. */
  get pointer(): Point | null {
    return this.#pointer;
  }

  get outline(): Outline | undefined {
    return this.#input.gesture?.outline?.();
  }

  /** While held, the pointer moves the picture whatever the tool. */
  set panning(held: boolean) {
    this.#panning = held;
    this.showRing();
  }

  /** Takes back what the pointer is doing; true when there was something. */
  cancel(): boolean {
    const busy = this.#input.gesture !== null;
    this.#input.cancel();
    return busy;
  }

  finish(): void {
    this.#input.finish();
  }

  /** Another document is there: the end of the last stroke is nowhere. */
  forget(): void {
    this.#hands.lastPoint = null;
  }

  dispose(): void {
    this.#input.dispose();
  }

  /** The brush's outline where the pointer is, or the cursor of the tool. */
  showRing(): void {
    const { cursor, paints } = toolNamed(this.place.settings.tool);
    const waits = paints && !this.place.inked;
    const diameter = this.place.settings.size * this.viewer.state.scale;
    const ring = cursor === 'ring' && !this.#panning && !waits && this.place.open !== null;
    this.surface.ring(ring ? this.#pointer : null, diameter);
    const shape = ring ? (diameter < NARROW ? 'crosshair' : 'none') : cursor;
    this.host.style.cursor = this.#panning ? 'grab' : waits ? 'progress' : shape;
  }

  #onPicture(at: Point): Point {
    return toPicture(this.viewer.state, this.surface.screen, at);
  }

  #makeHands(): Hands {
    const { place, viewer } = this;
    return {
      lastPoint: null,
      get settings() {
        return place.settings;
      },
      get document() {
        return place.open!.document;
      },
      apply: (operation) => {
        place.open!.document.apply(operation);
        place.done(operation);
      },
      done: (operation) => place.done(operation),
      set: (settings) => place.set(settings),
      panBy: (x, y) => viewer.panBy({ x, y }),
      pixels: (box) => {
        const { picture, document } = place.open!;
        return withSketch(picture.pixels(box), document.layers.sketch, box);
      },
    };
  }

  #makePlayer(): Player {
    const { place, viewer, variants } = this;
    return {
      get ready(): boolean {
        return place.open !== null;
      },
      get settings(): Settings {
        return place.settings;
      },
      pans: () => this.#panning,
      grasp: (at) => variants.grasp(this.#onPicture(at).x, GRASP / viewer.state.scale),
      hand: (touch) => toolNamed('pan').begin(this.#hands, touch),
      begin: (touch) => {
        const tool = toolNamed(place.settings.tool);
        if (tool.paints && !place.inked) return null;
        place.settle();
        const made = tool.begin(this.#hands, touch);
        this.#stroke = tool.paints ? made : null;
        return made;
      },
      toPicture: (at) => this.#onPicture(at),
      hover: (at) => this.#hover(at),
      panBy: (x, y) => viewer.panBy({ x, y }),
      zoomBy: (factor, at) => viewer.zoomTo(viewer.state.scale * factor, at),
      gestureChanged: (gesture) => this.#changed(gesture),
    };
  }

  #hover(at: Point | null): void {
    this.#pointer = at;
    this.showRing();
    const on = at && this.#onPicture(at);
    const { open } = this.place;
    this.place.cursor(on && open && contains(boxOf(open.picture), on) ? on : null);
  }

  #changed(gesture: Gesture | null): void {
    this.surface.redraw('lines');
    const painting = gesture !== null && gesture === this.#stroke;
    if (painting === this.#painting) return;
    this.#painting = painting;
    this.place.painting(painting);
  }
}
