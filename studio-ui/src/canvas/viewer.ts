/** From where the picture is looked at: zoom, pan, fit, turn. */
import { boxOf, clamp, fitted, normalAngle, panned, type Size, zoomed } from './geometry';
import type { Box, Point, ViewState } from './types';

const MARGIN = 24;
/** A small picture is shown at most this much larger when it is fitted. */
const LARGEST_FIT = 4;
const SCALES: readonly [number, number] = [0.005, 64];

export class Viewer {
  #state: ViewState = { scale: 1, angle: 0, centre: { x: 0, y: 0 } };
  /** The view follows the size of the page until a person moves it. */
  #fits = true;

  /** `screen` and `picture` answer their sizes now, `told` is called at every change. */
  constructor(
    readonly screen: () => Size,
    readonly picture: () => Size | null,
    readonly told: (state: ViewState) => void,
  ) {}

  get state(): ViewState {
    return this.#state;
  }

  zoomTo(scale: number, at: Point = this.#middle): void {
    const [low, high] = SCALES;
    this.#look(zoomed(this.#state, this.screen(), clamp(scale, low, high), at));
  }

  panBy(by: Point): void {
    this.#look(panned(this.#state, by));
  }

  fit(box?: Box): void {
    const picture = this.picture();
    if (picture === null) return;
    const shown = box ?? boxOf(picture);
    this.#look(fitted(shown, this.screen(), this.#state.angle, MARGIN, LARGEST_FIT), box === undefined);
  }

  rotateTo(degrees: number): void {
    const fits = this.#fits;
    this.#look({ ...this.#state, angle: normalAngle(degrees) });
    if (fits) this.fit();
  }

  /** The page has another size. */
  resized(): void {
    if (this.#fits) this.fit();
  }

  get #middle(): Point {
    const { width, height } = this.screen();
    return { x: width / 2, y: height / 2 };
  }

  #look(state: ViewState, fits = false): void {
    this.#state = state;
    this.#fits = fits;
    this.told(state);
  }
}
