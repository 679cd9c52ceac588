/** The painting canvas as the page uses it: a picture, a document, a view of them, and tools. */
import { CanvasDocument } from './document';
import { Emitter } from './emitter';
import { bitmapFrom, clearnessOf, greyOf, maskPng, sketchPng, withSketch } from './exchange';
import { boxOf, clamp, contains, fitted, normalAngle, panned, toPicture, toScreen, zoomed } from './geometry';
import { sha256 } from './hash';
import { Input, type Player } from './input';
import { OverlayStore, strokeTwice, tracePolygon } from './overlays';
import { decode, Picture } from './picture';
import { changed, DEFAULTS } from './settings';
import { parseColour } from './sketch';
import { type Painter, Surface } from './surface';
import { developMask, developSketch, TileImages } from './tileimages';
import { toolNamed } from './tools';
import type { Gesture, Hands } from './tools/tool';
import type {
  Box,
  ChangeEvent,
  CompareMode,
  CompareState,
  DocumentJSON,
  EditorEvents,
  EditorOptions,
  ImageSource,
  LayerName,
  Operation,
  OverlayName,
  Overlays,
  PictureInfo,
  Point,
  RefusalCode,
  Settings,
  ViewState,
} from './types';
import { Variants } from './variants';

const MARGIN = 24;
/** A small picture is shown at most this much larger when it is fitted. */
const LARGEST_FIT = 4;
const SCALES: readonly [number, number] = [0.005, 64];
const LARGEST_SIDE = 16384;
/** Packing waits until the hand has rested for so long. */
const REST_MS = 500;
/** A replay lets the page live after so long. */
const SLICE_MS = 12;
const GRASP = 10;

/** What is there while a picture is. */
interface Open {
  readonly picture: Picture;
  document: CanvasDocument;
  mask: TileImages;
  sketch: TileImages;
}

export class Editor {
  readonly #events = new Emitter<EditorEvents>();
  readonly #surface: Surface;
  readonly #input: Input;
  readonly #overlays = new OverlayStore();
  readonly #variants: Variants;
  readonly #hands: Hands;
  #open: Open | null = null;
  #settings: Settings;
  #view: ViewState = { scale: 1, angle: 0, centre: { x: 0, y: 0 } };
  /** The view follows the size of the page until a person moves it. */
  #fits = true;
  #panning = false;
  #painting = false;
  #pointer: Point | null = null;
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** Counts loads and restores: of several at once the last one stays. */
  #turn = 0;

  constructor(
    readonly host: HTMLElement,
    options: EditorOptions = {},
  ) {
    this.#settings = changed(DEFAULTS, options.settings ?? {});
    prepare(host, options.label ?? 'Picture');
    this.#surface = new Surface(host, this.#view, this.#paint, () => this.#resized());
    this.#variants = new Variants(
      () => this.#surface.redraw('scene'),
      (state) => {
        this.#surface.redraw('mask');
        this.#surface.redraw('lines');
        this.#events.emit('compare', state);
      },
    );
    this.#hands = this.#makeHands();
    this.#input = new Input(host, this.#makePlayer());
    this.#showSettings();
  }

  // What is there

  get picture(): PictureInfo | null {
    return this.#open?.document.picture ?? null;
  }

  get settings(): Settings {
    return this.#settings;
  }

  get view(): ViewState {
    return this.#view;
  }

  get compare(): CompareState {
    return this.#variants.state;
  }

  get canUndo(): boolean {
    return this.#open !== null && this.#open.document.position > 0;
  }

  get canRedo(): boolean {
    return this.#open !== null && this.#open.document.position < this.#open.document.length;
  }

  /** Anything at all is painted on the layer. */
  get painted(): { readonly mask: boolean; readonly sketch: boolean } {
    const layers = this.#open?.document.layers;
    return { mask: layers?.mask.isBlank === false, sketch: layers?.sketch.isBlank === false };
  }

  /** Bytes held for what is painted, and for undo. */
  get memory(): { readonly layers: number; readonly history: number } {
    return this.#open?.document.memory ?? { layers: 0, history: 0 };
  }

  on<Name extends keyof EditorEvents>(name: Name, listener: (payload: EditorEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  dispose(): void {
    this.unload();
    this.#variants.dispose();
    this.#input.dispose();
    this.#surface.dispose();
    this.#events.clear();
  }

  // The picture and its document

  /** Puts a picture in. Mask and sketch are kept when `keep` and the size is the same; otherwise the document is new. */
  async load(file: Blob, options: { keep?: boolean } = {}): Promise<PictureInfo> {
    const turn = ++this.#turn;
    const [bitmap, hash] = await Promise.all([this.#decode(file), sha256(file)]);
    const { width, height } = bitmap;
    if (Math.max(width, height) > LARGEST_SIDE) {
      bitmap.close();
      throw this.#refuse(
        'too_large',
        `The picture is ${width} × ${height}; at most ${LARGEST_SIDE} px a side are shown.`,
      );
    }
    const picture = await Picture.from(bitmap, () => this.#surface.redraw('scene'));
    const info = { hash, width, height };
    if (turn !== this.#turn) {
      picture.close();
      return info;
    }
    this.#input.cancel();
    const before = this.#open;
    const same = before?.picture.width === width && before.picture.height === height;
    const document = before && same && options.keep ? before.document : new CanvasDocument(info);
    document.picture = info;
    before?.picture.close();
    this.#overlays.clear();
    this.#variants.set([]);
    this.#take(picture, document);
    if (!same) this.fit();
    this.#told({ reason: 'load' });
    return info;
  }

  unload(): void {
    this.#turn += 1;
    this.#input.cancel();
    clearTimeout(this.#resting);
    this.#open?.picture.close();
    this.#open = null;
    this.#overlays.clear();
    this.#variants.set([]);
    this.#redrawAll();
  }

  document(): DocumentJSON | null {
    return this.#open?.document.toJSON() ?? null;
  }

  /** Replays a document on the loaded picture. Refuses one made for another size. */
  async restore(json: DocumentJSON): Promise<void> {
    const open = this.#opened();
    const { width, height } = json.picture;
    if (width !== open.picture.width || height !== open.picture.height) {
      throw this.#refuse(
        'size_differs',
        `The document is ${width} × ${height}, the picture ${open.picture.width} × ${open.picture.height}.`,
      );
    }
    const turn = ++this.#turn;
    this.#input.cancel();
    const document = await this.#replayed(json, open.document.picture, turn);
    if (document === null) return;
    this.#take(open.picture, document);
    this.#told({ reason: 'restore' });
  }

  // Settings and operations

  set(settings: Partial<Settings>): void {
    const before = this.#settings;
    this.#settings = changed(before, settings);
    if (before.tool !== this.#settings.tool || before.layer !== this.#settings.layer) this.#input.cancel();
    if (before.maskColour !== this.#settings.maskColour && this.#open) this.#open.mask = this.#maskImages();
    this.#showSettings();
    this.#events.emit('tool', this.#settings);
  }

  /** Does one operation, undoable: also the way for masks given as text or by keyboard. */
  apply(operation: Operation): void {
    const { document } = this.#opened();
    this.#input.cancel();
    document.apply(operation);
    this.#told({ reason: 'apply', operation });
  }

  undo(): void {
    this.#input.cancel();
    if (this.#open?.document.undo()) this.#told({ reason: 'undo' });
  }

  redo(): void {
    this.#input.cancel();
    if (this.#open?.document.redo()) this.#told({ reason: 'redo' });
  }

  invert(): void {
    this.apply({ kind: 'invert' });
  }

  /** Empties the layer that is painted on. */
  clear(): void {
    if (this.painted[this.#settings.layer]) this.apply({ kind: 'clear', layer: this.#settings.layer });
  }

  grow(radius: number): void {
    this.apply({ kind: 'grow', radius });
  }

  shrink(radius: number): void {
    this.apply({ kind: 'shrink', radius });
  }

  feather(radius: number): void {
    this.apply({ kind: 'feather', radius });
  }

  threshold(level: number): void {
    this.apply({ kind: 'threshold', level });
  }

  async maskFromAlpha(): Promise<void> {
    const { picture } = this.#opened();
    const operation = bitmapFrom(picture, (box) => picture.pixels(box), clearnessOf);
    if (operation === null) this.#refuse('no_alpha', 'Nothing in the picture is transparent.');
    else this.apply(operation);
  }

  /** Replaces the mask by a picture's greys (white = repaint); another size is scaled to the picture's. */
  async setMask(mask: Blob): Promise<void> {
    const { picture } = this.#opened();
    let bitmap = await this.#decode(mask);
    if (bitmap.width !== picture.width || bitmap.height !== picture.height) {
      const sized = { resizeWidth: picture.width, resizeHeight: picture.height, resizeQuality: 'high' } as const;
      const scaled = await createImageBitmap(bitmap, sized);
      bitmap.close();
      bitmap = scaled;
    }
    const read = await Picture.from(bitmap, () => {});
    const operation = bitmapFrom(picture, (box) => read.pixels(box), greyOf);
    read.close();
    this.apply(operation ?? { kind: 'clear', layer: 'mask' });
  }

  /** Grey 8-bit PNG of the picture's size, white = repaint; null when nothing is painted. `sketch`: all that is coloured. */
  async maskPng(from: 'mask' | 'sketch' | 'both' = 'mask'): Promise<Blob | null> {
    return this.#open && maskPng(this.#open.document, from);
  }

  /** The picture with the sketch over it; null when nothing is painted. */
  async sketchPng(): Promise<Blob | null> {
    return this.#open && sketchPng(this.#open.document, this.#open.picture);
  }

  // Gestures that keys take part in

  /** While held, the pointer moves the picture whatever the tool. */
  hand(held: boolean): void {
    this.#panning = held;
    this.#showSettings();
  }

  /** Closes a polygon that is being made. */
  finish(): void {
    this.#input.finish();
  }

  /** Takes back what the pointer is doing; true when there was something. */
  cancel(): boolean {
    const busy = this.#input.gesture !== null;
    this.#input.cancel();
    return busy;
  }

  // The view

  zoomTo(scale: number, at: Point = this.#middle): void {
    const [low, high] = SCALES;
    this.#look(zoomed(this.#view, this.#surface.screen, clamp(scale, low, high), at));
  }

  zoomBy(factor: number, at?: Point): void {
    this.zoomTo(this.#view.scale * factor, at);
  }

  /** Shows the box, or the whole picture. */
  fit(box?: Box): void {
    if (this.#open === null) return;
    const shown = box ?? boxOf(this.#open.picture);
    this.#look(fitted(shown, this.#surface.screen, this.#view.angle, MARGIN, LARGEST_FIT), box === undefined);
  }

  /** One picture pixel is one pixel of the screen. */
  actualSize(): void {
    this.zoomTo(1 / devicePixelRatio, this.#pointer ?? this.#middle);
  }

  panBy(screenX: number, screenY: number): void {
    this.#look(panned(this.#view, { x: screenX, y: screenY }));
  }

  rotateTo(degrees: number): void {
    const held = toPicture(this.#view, this.#surface.screen, this.#middle);
    this.#look({ ...this.#view, angle: normalAngle(degrees), centre: held }, this.#fits);
    if (this.#fits) this.fit();
  }

  // What lies over the picture

  async setOverlay<Name extends OverlayName>(name: Name, value: Overlays[Name] | null): Promise<void> {
    const size = this.#open?.picture;
    if (size === undefined) return;
    await this.#overlays.set(name, value, size);
    this.#surface.redraw(name === 'content' || name === 'preview' || name === 'cells' ? 'scene' : 'lines');
  }

  async setVariants(images: readonly ImageSource[]): Promise<void> {
    this.#variants.set(images);
  }

  /** Lays a variant over the picture; null takes it away. */
  async show(index: number | null): Promise<void> {
    await this.#variants.show(index);
  }

  setCompare(mode: CompareMode, divide?: number): void {
    this.#variants.compare(mode, divide);
  }

  /** Shows the picture as it was, for as long as a key is held. */
  peek(original: boolean): void {
    this.#variants.peek(original);
  }

  // Inside

  get #middle(): Point {
    const { width, height } = this.#surface.screen;
    return { x: width / 2, y: height / 2 };
  }

  #opened(): Open {
    if (this.#open === null) throw this.#refuse('no_picture', 'There is no picture yet; open one first.');
    return this.#open;
  }

  #refuse(code: RefusalCode, detail: string): RangeError {
    this.#events.emit('refusal', { code, detail });
    return new RangeError(detail);
  }

  async #decode(file: Blob): Promise<ImageBitmap> {
    try {
      return await decode(file);
    } catch {
      throw this.#refuse('unreadable', 'The file is not a picture that this browser can read.');
    }
  }

  /** The replayed document; null when another picture or document was asked for meanwhile. */
  async #replayed(json: DocumentJSON, picture: PictureInfo, turn: number): Promise<CanvasDocument | null> {
    try {
      const steps = CanvasDocument.replay(json, picture);
      for (let since = performance.now(); ; ) {
        const { done, value } = steps.next();
        if (done) return turn === this.#turn ? value : null;
        if (performance.now() - since < SLICE_MS) continue;
        await new Promise((resume) => setTimeout(resume));
        if (turn !== this.#turn) return null;
        since = performance.now();
      }
    } catch (error) {
      throw this.#refuse('broken_document', `The painting cannot be brought back: ${(error as Error).message}.`);
    }
  }

  #take(picture: Picture, document: CanvasDocument): void {
    const { layers } = document;
    this.#open = {
      picture,
      document,
      mask: this.#maskImages(layers.mask),
      sketch: new TileImages(layers.sketch, developSketch),
    };
    document.onDirty((layer, box) => this.#dirty(layer, box));
    this.#hands.lastPoint = null;
    this.#redrawAll();
  }

  #maskImages(mask = this.#opened().document.layers.mask): TileImages {
    return new TileImages(mask, developMask(parseColour(this.#settings.maskColour)));
  }

  #dirty(layer: LayerName, box: Box): void {
    this.#open?.[layer].changed(box);
    this.#surface.redraw(layer === 'mask' ? 'mask' : 'scene', box);
  }

  #told(change: Pick<ChangeEvent, 'reason' | 'operation'>): void {
    const { document } = this.#opened();
    this.#events.emit('change', { ...change, position: document.position, length: document.length });
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => document.compact(), REST_MS);
  }

  #redrawAll(): void {
    for (const sheet of ['scene', 'mask', 'lines'] as const) this.#surface.redraw(sheet);
  }

  #look(view: ViewState, fits = false): void {
    this.#view = view;
    this.#fits = fits;
    this.#surface.view = view;
    this.#showRing();
    this.#events.emit('view', view);
  }

  #resized(): void {
    if (this.#fits && this.#open) this.fit();
  }

  #showSettings(): void {
    this.#surface.maskOpacity = this.#settings.maskOpacity;
    this.#surface.redraw('mask');
    this.#surface.redraw('lines');
    this.#showRing();
  }

  #showRing(): void {
    const { cursor } = toolNamed(this.#settings.tool);
    const diameter = this.#settings.size * this.#view.scale;
    const ring = cursor === 'ring' && !this.#panning && this.#open !== null;
    this.#surface.ring(ring ? this.#pointer : null, diameter);
    this.host.style.cursor = this.#panning ? 'grab' : ring && diameter >= 8 ? 'none' : ring ? 'crosshair' : cursor;
  }

  #makeHands(): Hands {
    const editor = this;
    return {
      lastPoint: null,
      get settings() {
        return editor.#settings;
      },
      get document() {
        return editor.#opened().document;
      },
      apply: (operation) => {
        this.#opened().document.apply(operation);
        this.#told({ reason: 'apply', operation });
      },
      set: (settings) => this.set(settings),
      panBy: (x, y) => this.panBy(x, y),
      pixels: (box) => {
        const { picture, document } = this.#opened();
        return withSketch(picture.pixels(box), document.layers.sketch, box);
      },
      stroked: (operation) => {
        if (operation) this.#told({ reason: 'apply', operation });
      },
    };
  }

  #makePlayer(): Player {
    const editor = this;
    return {
      get ready() {
        return editor.#open !== null;
      },
      get settings() {
        return editor.#settings;
      },
      get screen() {
        return editor.#surface.screen;
      },
      get panning() {
        return editor.#panning;
      },
      grasp: (at) => this.#grasp(at),
      hand: (touch) => toolNamed('pan').begin(this.#hands, touch),
      begin: (touch) => toolNamed(this.#settings.tool).begin(this.#hands, touch),
      toPicture: (at) => toPicture(this.#view, this.#surface.screen, at),
      hover: (at) => this.#hover(at),
      panBy: (x, y) => this.panBy(x, y),
      zoomBy: (factor, at) => this.zoomBy(factor, at),
      gestureChanged: (gesture) => this.#gestureChanged(gesture),
    };
  }

  #hover(at: Point | null): void {
    this.#pointer = at;
    this.#showRing();
    const on = at && toPicture(this.#view, this.#surface.screen, at);
    this.#events.emit('cursor', on && this.#open && contains(boxOf(this.#open.picture), on) ? on : null);
  }

  #gestureChanged(gesture: Gesture | null): void {
    this.#surface.redraw('lines');
    const painting = gesture !== null && this.#settings.tool !== 'pan' && !this.#panning;
    if (painting === this.#painting) return;
    this.#painting = painting;
    if (this.compare.index !== null) this.#redrawAll();
    this.#events.emit('painting', painting);
  }

  /** The gesture that moves the slider's line, when `at` is near to it. */
  #grasp(at: Point): Gesture | null {
    if (!this.#variants.divided || this.#open === null) return null;
    const { width } = this.#open.picture;
    const on = toPicture(this.#view, this.#surface.screen, at);
    if (Math.abs(on.x - this.compare.divide * width) * this.#view.scale > GRASP) return null;
    return {
      move: (touches) => this.setCompare('slider', touches.at(-1)!.at.x / width),
      end: () => false,
      cancel: () => {},
    };
  }

  readonly #paint: Painter = (sheet, context, frame, clip) => {
    if (this.#open === null) return;
    const { picture, mask, sketch } = this.#open;
    const covered = this.compare.index !== null && !this.compare.peeking && !this.#painting;
    const drawBase = (to: CanvasRenderingContext2D) => {
      picture.draw(to, frame, clip);
      if (!this.compare.peeking) sketch.draw(to, frame, clip);
    };
    if (sheet === 'scene') {
      if (covered) this.#variants.draw(picture, context, frame, clip, () => drawBase(context));
      else drawBase(context);
      if (!this.compare.peeking) this.#overlays.drawImages(context, frame);
    } else if (sheet === 'mask') {
      if (this.#settings.maskVisible && !covered && !this.compare.peeking) mask.draw(context, frame, clip);
    } else this.#paintLines(context, covered);
  };

  #paintLines(context: CanvasRenderingContext2D, covered: boolean): void {
    const { screen } = this.#surface;
    if (!covered && !this.compare.peeking) {
      this.#overlays.drawLines(context, this.#view, screen, this.#settings.maskColour);
    }
    if (this.#variants.divided && covered) this.#paintDivider(context);
    const outline = this.#input.gesture?.outline?.();
    if (outline === undefined) return;
    tracePolygon(context, this.#view, screen, outline.points, outline.close);
    context.fillStyle = `${this.#settings.layer === 'mask' ? this.#settings.maskColour : this.#settings.colour}33`;
    if (outline.close) context.fill();
    strokeTwice(context, []);
  }

  #paintDivider(context: CanvasRenderingContext2D): void {
    const { width, height } = this.#opened().picture;
    const x = this.compare.divide * width;
    const [top, bottom] = [0, height].map((y) => toScreen(this.#view, this.#surface.screen, { x, y }));
    context.beginPath();
    context.moveTo(top.x, top.y);
    context.lineTo(bottom.x, bottom.y);
    strokeTwice(context, []);
    context.beginPath();
    context.arc((top.x + bottom.x) / 2, (top.y + bottom.y) / 2, 7, 0, 2 * Math.PI);
    context.fillStyle = '#fff';
    context.fill();
    strokeTwice(context, []);
  }
}

function prepare(host: HTMLElement, label: string): void {
  host.tabIndex = 0;
  host.setAttribute('role', 'application');
  host.setAttribute('aria-label', label);
  Object.assign(host.style, { overflow: 'hidden', touchAction: 'none', userSelect: 'none' });
  if (getComputedStyle(host).position === 'static') host.style.position = 'relative';
}
