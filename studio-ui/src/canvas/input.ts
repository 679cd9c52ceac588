/** Pointers, wheel and fingers, as gestures of tools and moves of the view. */
import { distance, middle } from './geometry';
import type { Gesture, Touch } from './tools/tool';
import type { Point, Settings } from './types';

/** What input may do. Points are on the screen, from the host's corner. */
export interface Player {
  readonly ready: boolean;
  readonly settings: Settings;
  /** Space is held, or the page wants the hand for another reason. */
  pans(): boolean;
  /** Grasps the line of the compare slider, if it is here. */
  grasp(at: Point): Gesture | null;
  hand(touch: Touch): Gesture | null;
  begin(touch: Touch): Gesture | null;
  toPicture(at: Point): Point;
  hover(at: Point | null): void;
  panBy(x: number, y: number): void;
  zoomBy(factor: number, at: Point): void;
  gestureChanged(gesture: Gesture | null): void;
}

const MIDDLE_BUTTON = 1;
const RIGHT_BUTTON = 2;
const PEN_ERASER = 32;
/** Wheels that count in lines or pages, in px. */
const WHEEL_UNIT = [1, 16, 400];
const WHEEL_ZOOM = 0.0016;
const PINCH_ZOOM = 0.01;

export class Input {
  readonly #stop = new AbortController();
  readonly #fingers = new Map<number, Point>();
  #gesture: Gesture | null = null;
  /** The pointer that is down in the gesture; null when the gesture goes on without one. */
  #pointer: number | null = null;
  #penSeen = false;

  constructor(
    readonly host: HTMLElement,
    readonly player: Player,
  ) {
    const { signal } = this.#stop;
    const listen = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      listener: (event: HTMLElementEventMap[Name]) => void,
    ) => host.addEventListener(name, listener, { signal, passive: false });
    listen('pointerdown', (event) => this.#down(event));
    listen('pointermove', (event) => this.#move(event));
    listen('pointerup', (event) => this.#up(event));
    listen('pointercancel', (event) => this.#lost(event));
    listen('pointerleave', () => player.hover(null));
    listen('wheel', (event) => this.#wheel(event));
    listen('contextmenu', (event) => event.preventDefault());
  }

  get gesture(): Gesture | null {
    return this.#gesture;
  }

  dispose(): void {
    this.#stop.abort();
  }

  /** Takes back what is being done. */
  cancel(): void {
    this.#gesture?.cancel();
    this.#become(null, null);
  }

  /** Takes what there is of a gesture that goes on without a pointer. */
  finish(): void {
    if (this.#pointer !== null) return;
    this.#gesture?.finish?.();
    this.#become(null, null);
  }

  #down(event: PointerEvent): void {
    if (!this.player.ready) return;
    event.preventDefault();
    this.host.focus({ preventScroll: true });
    this.host.setPointerCapture(event.pointerId);
    this.#penSeen ||= event.pointerType === 'pen';
    if (event.pointerType === 'touch' && this.#fingerDown(event)) return;
    if (this.#pointer !== null) return;
    const touch = this.#touch(event);
    if (this.#gesture?.press && !this.#pans(event)) {
      const goesOn = this.#gesture.press(touch);
      this.#become(goesOn ? this.#gesture : null, goesOn ? event.pointerId : null);
      return;
    }
    const made =
      this.player.grasp(touch.screen) ?? (this.#pans(event) ? this.player.hand(touch) : this.player.begin(touch));
    this.#become(made, made && event.pointerId);
  }

  /** True when this finger is one of two or more, which move the view. */
  #fingerDown(event: PointerEvent): boolean {
    this.#fingers.set(event.pointerId, this.#at(event));
    if (this.#fingers.size < 2) return false;
    if (this.#pointer !== null) this.cancel();
    return true;
  }

  #move(event: PointerEvent): void {
    if (!this.player.ready) return;
    if (this.#fingers.size > 1 && this.#fingers.has(event.pointerId)) {
      this.#pinch(event);
      return;
    }
    const at = this.#at(event);
    if (this.#gesture && (this.#pointer === null || this.#pointer === event.pointerId)) {
      const all = event.getCoalescedEvents?.() ?? [];
      this.#gesture.move((all.length > 0 ? all : [event]).map((each) => this.#touch(each)));
      this.player.gestureChanged(this.#gesture);
    }
    this.player.hover(at);
  }

  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#pointer !== event.pointerId || !this.#gesture) return;
    const goesOn = this.#gesture.end(this.#touch(event));
    this.#become(goesOn ? this.#gesture : null, null);
    if (event.pointerType === 'touch') this.player.hover(null);
  }

  #lost(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#pointer === event.pointerId) this.cancel();
  }

  #pinch(event: PointerEvent): void {
    const pair = [...this.#fingers].slice(0, 2);
    const before = pair.map(([, at]) => at);
    this.#fingers.set(event.pointerId, this.#at(event));
    const after = pair.map(([id]) => this.#fingers.get(id)!);
    const [from, to] = [middle(before[0], before[1]), middle(after[0], after[1])];
    this.player.panBy(to.x - from.x, to.y - from.y);
    const apart = distance(before[0], before[1]);
    if (apart > 0) this.player.zoomBy(distance(after[0], after[1]) / apart, to);
  }

  #wheel(event: WheelEvent): void {
    if (!this.player.ready) return;
    event.preventDefault();
    const [x, y] = [event.deltaX * WHEEL_UNIT[event.deltaMode], event.deltaY * WHEEL_UNIT[event.deltaMode]];
    const zooms = event.ctrlKey || (this.player.settings.wheel === 'zoom' && !event.shiftKey);
    if (zooms) this.player.zoomBy(Math.exp(-y * (event.ctrlKey ? PINCH_ZOOM : WHEEL_ZOOM)), this.#at(event));
    else if (event.shiftKey && x === 0) this.player.panBy(-y, 0);
    else this.player.panBy(-x, -y);
  }

  #pans(event: PointerEvent): boolean {
    if (event.button === MIDDLE_BUTTON || this.player.pans()) return true;
    if (event.pointerType !== 'touch') return false;
    const { touch } = this.player.settings;
    return touch === 'pan' || (touch === 'auto' && this.#penSeen);
  }

  #become(gesture: Gesture | null, pointer: number | null): void {
    this.#gesture = gesture;
    this.#pointer = pointer;
    this.player.gestureChanged(gesture);
  }

  #at(event: MouseEvent): Point {
    const { left, top } = this.host.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #touch(event: PointerEvent): Touch {
    const screen = this.#at(event);
    return {
      at: this.player.toPicture(screen),
      screen,
      pressure: event.pointerType === 'pen' ? event.pressure : 1,
      shift: event.shiftKey,
      alt: event.altKey,
      erases: (event.buttons & (PEN_ERASER | RIGHT_BUTTON)) !== 0,
    };
  }
}
