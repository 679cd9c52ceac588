/** Undo and redo without an end: what each operation wrote over, packed; the oldest are let go and replayed. */
import { pack, unpack } from './bytes';
import { type Patch, TILE, type Tile, type Tiles } from './tiles';
import type { LayerName } from './types';

export type Layers = Readonly<Record<LayerName, Tiles>>;

interface Packed {
  readonly packed: Uint8Array;
}

/** The other side of one operation: what to put back, and after an undo what to bring again. */
class Step {
  readonly #tiles: Map<number, Tile | Packed>;

  constructor(
    readonly layer: LayerName,
    patch: Patch,
  ) {
    this.#tiles = patch;
  }

  /** Changes places with what the layer holds. */
  swap(layers: Layers): void {
    const tiles = layers[this.layer];
    const length = TILE * TILE * tiles.channels;
    for (const [index, kept] of this.#tiles) {
      const current = tiles.tile(index);
      tiles.put(index, isPacked(kept) ? unpack(kept.packed, length) : kept);
      this.#tiles.set(index, current);
    }
  }

  compact(): void {
    for (const [index, kept] of this.#tiles) {
      if (kept instanceof Uint8Array) this.#tiles.set(index, { packed: pack(kept) });
    }
  }

  get indices(): Iterable<number> {
    return this.#tiles.keys();
  }

  get bytes(): number {
    let sum = 0;
    for (const kept of this.#tiles.values()) {
      sum += isPacked(kept) ? kept.packed.length : kept instanceof Uint8Array ? kept.length : 0;
    }
    return sum;
  }
}

const isPacked = (kept: Tile | Packed): kept is Packed => typeof kept === 'object' && 'packed' in kept;

/** How many of the newest steps stay as they are: packing is for when the hand rests. */
const READY = 2;

export class History {
  /** Of each operation, done and undone; null = let go. */
  readonly #steps: (Step | null)[] = [];
  #position = 0;

  /** `budget`: bytes that the steps may hold together. */
  constructor(readonly budget = 96 * 1024 * 1024) {}

  get position(): number {
    return this.#position;
  }

  get length(): number {
    return this.#steps.length;
  }

  push(layer: LayerName, patch: Patch): void {
    this.#steps.length = this.#position;
    this.#steps.push(new Step(layer, patch));
    this.#position += 1;
  }

  /** Takes the last operation back; null when its step was let go and the layers have to be replayed. */
  undo(layers: Layers): Step | null {
    const step = this.#steps[this.#position - 1];
    if (step === null) return null;
    step.swap(layers);
    this.#position -= 1;
    return step;
  }

  /** Brings the next operation again; null when its step was let go and it has to be done anew. */
  redo(layers: Layers): Step | null {
    const step = this.#steps[this.#position];
    if (step === null) return null;
    step.swap(layers);
    this.#position += 1;
    return step;
  }

  /** Forgets every step; the next `push` is the first. */
  restart(): void {
    this.#steps.length = 0;
    this.#position = 0;
  }

  /** Adds operations that can only be redone by doing them. */
  extend(count: number): void {
    for (let i = 0; i < count; i += 1) this.#steps.push(null);
  }

  /** Packs what is not about to be needed, and lets the oldest go while there is too much. */
  compact(): void {
    this.#steps.forEach((step, index) => {
      if (step && Math.abs(index + 0.5 - this.#position) > READY) step.compact();
    });
    let held = this.bytes;
    for (let i = 0; i < this.#position - READY && held > this.budget; i += 1) {
      held -= this.#steps[i]?.bytes ?? 0;
      this.#steps[i] = null;
    }
  }

  get bytes(): number {
    return this.#steps.reduce((sum, step) => sum + (step?.bytes ?? 0), 0);
  }
}
