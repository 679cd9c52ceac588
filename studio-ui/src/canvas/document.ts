/** A picture's mask and sketch, and the operations that made them. */
import { boxOf, union } from './geometry';
import { History, type Layers } from './history';
import type { Slices } from './mask';
import { check, lay, layerOf, perform } from './operations';
import { NO_SOURCES, type Sources } from './sources';
import { Hand, type StrokeOperation, StrokePainter } from './strokes';
import { boxOfTile, Tiles } from './tiles';
import type { Box, DocumentJSON, LayerName, Operation, PictureInfo, Point } from './types';

/** Told which part of which layer looks different now. */
export type Dirty = (layer: LayerName, box: Box) => void;

export class CanvasDocument {
  readonly layers: Layers;
  readonly #history: History;
  #operations: Operation[] = [];
  #dirty: Dirty = () => {};

  constructor(
    /** Another picture of the same size may take its place. */
    public picture: PictureInfo,
    history = new History(),
    /** The pictures that can be painted with. */
    readonly sources: Sources = NO_SOURCES,
  ) {
    this.#history = history;
    const { width, height } = picture;
    this.layers = { mask: new Tiles(width, height), sketch: new Tiles(width, height, 4) };
  }

  /** Replays a document. It pauses after each operation, so that a page can stay alive meanwhile. */
  static *replay(
    json: DocumentJSON,
    picture: PictureInfo,
    history?: History,
    sources: Sources = NO_SOURCES,
  ): Generator<number, CanvasDocument> {
    if (json.version !== 1) throw new RangeError(`version: ${json.version} is not 1, the one this program reads`);
    if (!(json.position >= 0 && json.position <= json.operations.length)) {
      throw new RangeError(`position: ${json.position} is not within its ${json.operations.length} operations`);
    }
    const document = new CanvasDocument(picture, history, sources);
    for (const operation of json.operations) check(operation, picture, sources);
    document.#operations = [...json.operations];
    yield* document.#replay(json.position);
    document.#history.extend(json.operations.length - json.position);
    return document;
  }

  static fromJSON(json: DocumentJSON, picture: PictureInfo): CanvasDocument {
    const steps = CanvasDocument.replay(json, picture);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  toJSON(): DocumentJSON {
    return { version: 1, picture: this.picture, operations: [...this.#operations], position: this.position };
  }

  get position(): number {
    return this.#history.position;
  }

  get length(): number {
    return this.#operations.length;
  }

  onDirty(dirty: Dirty): void {
    this.#dirty = dirty;
  }

  /** Does an operation; what was undone before cannot be redone after it. */
  apply(operation: Operation): void {
    finish(this.applying(operation));
  }

  /** The same with pauses; nothing else may be done with the document before its end. */
  *applying(operation: Operation): Slices {
    check(operation, this.picture, this.sources);
    yield* this.#do(operation, () => {
      this.#operations.length = this.position;
      this.#operations.push(operation);
    });
  }

  undo(): boolean {
    if (this.position === 0) return false;
    const step = this.#history.undo(this.layers);
    if (step) this.#touched(step.layer, step.indices);
    else this.#rebuild(this.position - 1);
    return true;
  }

  redo(): boolean {
    if (this.position === this.length) return false;
    const step = this.#history.redo(this.layers);
    if (step) this.#touched(step.layer, step.indices);
    else this.#rebuild(this.position + 1);
    return true;
  }

  /** Begins a stroke that is seen while it is drawn. */
  beginStroke(stroke: Omit<StrokeOperation, 'kind' | 'points'>, smoothing: number): LiveStroke {
    check({ ...stroke, kind: 'stroke', points: [0, 0, 0] }, this.picture, this.sources);
    return new LiveStroke(
      { ...stroke, kind: 'stroke', points: [] },
      this.layers,
      this.sources,
      smoothing,
      (box) => this.#dirty(stroke.layer, box),
      (operation) => {
        this.#operations.length = this.position;
        this.#operations.push(operation);
        this.#history.push(operation.layer, this.layers[operation.layer].recorded());
      },
    );
  }

  /** Packs the history; for when the hand rests. */
  compact(): void {
    this.#history.compact();
  }

  /** Bytes held for the layers and for undo. */
  get memory(): { readonly layers: number; readonly history: number } {
    return { layers: this.layers.mask.allocated + this.layers.sketch.allocated, history: this.#history.bytes };
  }

  *#do(operation: Operation, done: () => void = () => {}): Slices {
    const name = layerOf(operation);
    const tiles = this.layers[name];
    tiles.record();
    yield* perform(this.layers, operation, this.sources);
    const patch = tiles.recorded();
    done();
    this.#history.push(name, patch);
    this.#touched(name, patch.keys());
  }

  /** Brings the layers to a position whose steps were let go: everything is done again from the beginning. */
  #rebuild(position: number): void {
    const undone = this.length - position;
    for (const _ of this.#replay(position)) this.compact();
    this.#history.extend(undone);
    for (const name of ['mask', 'sketch'] as const) this.#dirty(name, boxOf(this.picture));
  }

  *#replay(position: number): Generator<number, void> {
    for (const name of ['mask', 'sketch'] as const) {
      const tiles = this.layers[name];
      for (const { index } of tiles.parts()) tiles.put(index, 0);
    }
    this.#history.restart();
    for (let i = 0; i < position; i += 1) {
      for (const _ of this.#do(this.#operations[i])) yield i;
      this.compact();
      yield i + 1;
    }
  }

  #touched(name: LayerName, indices: Iterable<number>): void {
    let box: Box | null = null;
    for (const index of indices) box = union(box, boxOfTile(this.layers[name], index));
    if (box) this.#dirty(name, box);
  }
}

/** Does work to its end at once. */
export function finish(work: Slices): void {
  while (!work.next().done);
}

/** The page lives on after so long. */
const SLICE_MS = 12;

/** Does work while the page lives on; gives whether it was done to its end and not stopped. */
export async function inSlices<T>(
  steps: Generator<unknown, T>,
  stopped: () => boolean,
): Promise<{ readonly value: T } | null> {
  for (let since = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done) return stopped() ? null : { value };
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((resume) => setTimeout(resume));
    if (stopped()) return null;
    since = performance.now();
  }
}

/** Replays a document while the page lives on; null when it was stopped. */
export async function replayInSlices(
  json: DocumentJSON,
  picture: PictureInfo,
  sources: Sources,
  stopped: () => boolean,
): Promise<CanvasDocument | null> {
  return (await inSlices(CanvasDocument.replay(json, picture, undefined, sources), stopped))?.value ?? null;
}

/** A stroke under the pointer. */
export class LiveStroke {
  readonly #coverage: Tiles;
  readonly #painter: StrokePainter;
  readonly #hand: Hand;

  constructor(
    readonly stroke: StrokeOperation,
    readonly layers: Layers,
    readonly sources: Sources,
    smoothing: number,
    readonly dirty: (box: Box) => void,
    readonly finish: (operation: StrokeOperation) => void,
  ) {
    this.#coverage = new Tiles(layers.mask.width, layers.mask.height);
    this.#painter = new StrokePainter(this.#coverage, stroke);
    this.#hand = new Hand(stroke.size, smoothing);
    layers[stroke.layer].record();
  }

  /** Goes on to the positions that came since the last call. */
  move(positions: readonly { at: Point; pressure: number }[]): void {
    let box: Box | null = null;
    for (const { at, pressure } of positions) {
      const point = this.#hand.move(at, pressure);
      if (point) box = union(box, this.#painter.move(point));
    }
    this.#lay(box);
  }

  end(): StrokeOperation {
    const last = this.#hand.end();
    this.#lay(union(last && this.#painter.move(last), this.#painter.end()));
    const operation = { ...this.stroke, points: this.#hand.points };
    this.finish(operation);
    return operation;
  }

  /** Takes everything of it back. */
  cancel(): void {
    const tiles = this.layers[this.stroke.layer];
    let box: Box | null = null;
    for (const [index, tile] of tiles.recorded()) {
      tiles.put(index, tile);
      box = union(box, boxOfTile(tiles, index));
    }
    if (box) this.dirty(box);
  }

  #lay(box: Box | null): void {
    if (box === null) return;
    lay(this.layers, this.stroke, this.#coverage, box, this.sources);
    this.dirty(box);
  }
}
