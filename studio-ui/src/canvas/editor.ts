/** The painting canvas as the page uses it: a picture, a document, a view of them, and tools. */

import { CanvasDocument, finish, inSlices, replayInSlices } from './document';
import { Emitter } from './emitter';
import { bitmapFrom, clearnessOf, greyOf, maskPng, merged, sketchPng, withSketch } from './exchange';
import { Gestures, type Workplace } from './gestures';
import { sha256 } from './hash';
import type { Slices } from './mask';
import { OverlayStore } from './overlays';
import { decode, Picture, SINGLE_PIXELS } from './picture';
import { painterOf, type Scene } from './scene';
import { changed, DEFAULTS } from './settings';
import { parseColour } from './sketch';
import { Source } from './sources';
import { prepare, Surface } from './surface';
import { developMask, developSketch, TileImages } from './tileimages';
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
import { Viewer } from './viewer';

const LARGEST_SIDE = 16384;
/** Packing waits until the hand has rested for so long. */
const REST_MS = 500;
/** Settings whose change takes back what the pointer is doing. */
const ENDING = ['tool', 'layer', 'from'] as const satisfies readonly (keyof Settings)[];
/** Work that is shorter is not told of. */
const NOTICED_MS = 250;

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
  readonly #viewer: Viewer;
  readonly #gestures: Gestures;
  readonly #overlays = new OverlayStore();
  readonly #variants: Variants;
  readonly #sources = new Map<string, Source>();
  #open: Open | null = null;
  #settings: Settings;
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** A long operation that is being done in slices. */
  #work: { readonly steps: Slices; readonly operation: Operation } | null = null;
  /** Counts loads and restores: of several at once the last one stays. */
  #turn = 0;

  constructor(
    readonly host: HTMLElement,
    options: EditorOptions = {},
  ) {
    this.#settings = changed(DEFAULTS, options.settings ?? {});
    prepare(host, options.label ?? 'Picture');
    this.#viewer = new Viewer(
      () => this.#surface.screen,
      () => this.#open?.picture ?? null,
      (view) => this.#looked(view),
    );
    this.#surface = new Surface(
      host,
      this.view,
      painterOf(() => this.#scene()),
      () => this.#viewer.resized(),
    );
    this.#variants = new Variants(
      () => this.#surface.redraw('scene'),
      (state) => {
        this.#surface.redraw('mask');
        this.#surface.redraw('lines');
        this.#events.emit('compare', state);
      },
      () => this.#refuse('unreadable', 'The result cannot be read; the server may have lost it.'),
    );
    this.#gestures = new Gestures(host, this.#makePlace(), this.#surface, this.#viewer, this.#variants);
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
    return this.#viewer.state;
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

  /** What is painted with is there: a picture's pixels may still be coming. */
  get hasInk(): boolean {
    const { from } = this.#settings;
    return from === null || this.#sources.has(from);
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
    for (const source of this.#sources.values()) source.picture.close();
    this.#variants.dispose();
    this.#gestures.dispose();
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
    this.#gestures.cancel();
    const before = this.#open;
    const same = before?.picture.width === width && before.picture.height === height;
    const document =
      before && same && options.keep ? before.document : new CanvasDocument(info, undefined, this.#sources);
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
    this.#gestures.cancel();
    this.#work = null;
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
    this.#gestures.cancel();
    const document = await this.#replayed(json, open.document.picture, turn);
    if (document === null) return;
    this.#take(open.picture, document);
    this.#told({ reason: 'restore' });
  }

  // Settings and operations

  set(settings: Partial<Settings>): void {
    const before = this.#settings;
    this.#settings = changed(before, settings);
    if (ENDING.some((name) => before[name] !== this.#settings[name])) this.#gestures.cancel();
    if (before.maskColour !== this.#settings.maskColour && this.#open) this.#open.mask = this.#maskImages();
    this.#showSettings();
    this.#events.emit('tool', this.#settings);
  }

  /** Does one operation, undoable: also the way for masks given as text or by keyboard. */
  apply(operation: Operation): void {
    const { document } = this.#opened();
    this.#gestures.cancel();
    this.settle();
    document.apply(operation);
    this.#told({ reason: 'apply', operation });
  }

  /** Does a long operation while the page lives on; whatever is asked meanwhile first waits for its end. */
  async #applyInSlices(operation: Operation): Promise<void> {
    const { document } = this.#opened();
    this.#gestures.cancel();
    this.settle();
    const work = { steps: document.applying(operation), operation };
    this.#work = work;
    const working = setTimeout(() => this.#events.emit('working', true), NOTICED_MS);
    await inSlices(work.steps, () => this.#work !== work);
    clearTimeout(working);
    this.#events.emit('working', false);
    if (this.#work === work) this.settle();
  }

  /** Brings a long operation to its end at once. */
  settle(): void {
    const work = this.#work;
    if (work === null) return;
    this.#work = null;
    finish(work.steps);
    this.#told({ reason: 'apply', operation: work.operation });
  }

  /** Takes back a shape that is being made, else the last operation. */
  undo(): void {
    if (this.cancel()) return;
    this.settle();
    if (this.#open?.document.undo()) this.#told({ reason: 'undo' });
  }

  redo(): void {
    this.#gestures.cancel();
    this.settle();
    if (this.#open?.document.redo()) this.#told({ reason: 'redo' });
  }

  invert(): void {
    this.apply({ kind: 'invert' });
  }

  /** Empties the layer that is painted on. */
  clear(): void {
    if (this.painted[this.#settings.layer]) this.apply({ kind: 'clear', layer: this.#settings.layer });
  }

  grow(radius: number): Promise<void> {
    return this.#applyInSlices({ kind: 'grow', radius });
  }

  shrink(radius: number): Promise<void> {
    return this.#applyInSlices({ kind: 'shrink', radius });
  }

  feather(radius: number): Promise<void> {
    return this.#applyInSlices({ kind: 'feather', radius });
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
    return this.#open && sketchPng(this.#open.document, this.#open.picture, withSketch);
  }

  /** The picture with what was brushed in from others (`set({ from })`); null when nothing was. */
  async mergedPng(): Promise<Blob | null> {
    return this.#open && sketchPng(this.#open.document, this.#open.picture, merged);
  }

  /** Has a picture of the same size ready to be painted with under a name. */
  async addSource(name: string, file: Blob): Promise<void> {
    if (this.#sources.has(name)) return;
    const { width, height } = this.#opened().picture;
    const picture = await Picture.from(await this.#decode(file), () => {});
    if (picture.width === width && picture.height === height) {
      this.#sources.set(name, new Source(picture));
      this.#gestures.showRing();
    } else {
      picture.close();
      throw this.#refuse('size_differs', `What is brushed in must be ${width} × ${height}, as the picture is.`);
    }
  }

  // Gestures that keys take part in

  /** While held, the pointer moves the picture whatever the tool. */
  hand(held: boolean): void {
    this.#gestures.panning = held;
  }

  /** Closes a polygon that is being made. */
  finish(): void {
    this.#gestures.finish();
  }

  /** Takes back what the pointer is doing; true when there was something. */
  cancel(): boolean {
    return this.#gestures.cancel();
  }

  // The view

  zoomTo(scale: number, at?: Point): void {
    this.#viewer.zoomTo(scale, at);
  }

  zoomBy(factor: number, at?: Point): void {
    this.#viewer.zoomTo(this.view.scale * factor, at);
  }

  /** Shows the box, or the whole picture. */
  fit(box?: Box): void {
    this.#viewer.fit(box);
  }

  /** One picture pixel is one pixel of the screen. */
  actualSize(): void {
    this.#viewer.zoomTo(1 / devicePixelRatio, this.#gestures.pointer ?? undefined);
  }

  panBy(screenX: number, screenY: number): void {
    this.#viewer.panBy({ x: screenX, y: screenY });
  }

  rotateTo(degrees: number): void {
    this.#viewer.rotateTo(degrees);
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
      return await replayInSlices(json, picture, this.#sources, () => turn !== this.#turn);
    } catch (error) {
      throw this.#refuse('broken_document', `The painting cannot be brought back: ${(error as Error).message}.`);
    }
  }

  #take(picture: Picture, document: CanvasDocument): void {
    this.settle();
    const { layers } = document;
    this.#open = {
      picture,
      document,
      mask: this.#maskImages(layers.mask),
      sketch: new TileImages(layers.sketch, developSketch, SINGLE_PIXELS),
    };
    document.onDirty((layer, box) => this.#dirty(layer, box));
    this.#gestures.forget();
    this.#redrawAll();
  }

  #maskImages(mask = this.#opened().document.layers.mask): TileImages {
    return new TileImages(mask, developMask(parseColour(this.#settings.maskColour)), 2);
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

  #looked(view: ViewState): void {
    this.#surface.view = view;
    this.#gestures.showRing();
    this.#events.emit('view', view);
  }

  #scene(): Scene | null {
    return (
      this.#open && {
        ...this.#open,
        variants: this.#variants,
        overlays: this.#overlays,
        settings: this.#settings,
        view: this.view,
        screen: this.#surface.screen,
        painting: this.#gestures.painting,
        outline: this.#gestures.outline,
      }
    );
  }

  #showSettings(): void {
    this.#surface.maskOpacity = this.#settings.maskOpacity;
    this.#surface.redraw('mask');
    this.#surface.redraw('lines');
    this.#gestures.showRing();
  }

  #makePlace(): Workplace {
    const editor = this;
    return {
      get open() {
        return editor.#open;
      },
      get settings() {
        return editor.#settings;
      },
      get inked() {
        return editor.hasInk;
      },
      set: (settings) => this.set(settings),
      settle: () => this.settle(),
      done: (operation) => this.#told({ reason: 'apply', operation }),
      painting: (now) => {
        if (this.compare.index !== null) this.#redrawAll();
        this.#events.emit('painting', now);
      },
      cursor: (at) => this.#events.emit('cursor', at),
    };
  }
}
