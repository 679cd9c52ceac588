/** What a tool is: a row of the table, and a gesture for as long as the pointer is down. */
import type { CanvasDocument } from '../document';
import type { Mode, Operation, Point, Settings, ToolName } from '../types';

export interface Touch {
  /** On the picture. */
  readonly at: Point;
  readonly screen: Point;
  /** 0 … 1; a mouse presses with 1. */
  readonly pressure: number;
  readonly shift: boolean;
  readonly alt: boolean;
  /** The eraser end of a pen, or the right button. */
  readonly erases: boolean;
}

/** What is drawn on the screen while a shape is made. */
export interface Outline {
  readonly points: readonly Point[];
  readonly close: boolean;
}

export interface Gesture {
  /** The pointer moved, by these positions since the last call. */
  move(touches: readonly Touch[]): void;
  /** The pointer went up; true when the gesture goes on without it. */
  end(touch: Touch): boolean;
  cancel(): void;
  /** The pointer went down again in a gesture that went on; true when it still does. */
  press?(touch: Touch): boolean;
  /** Enter: takes what there is. */
  finish?(): void;
  outline?(): Outline;
}

/** What tools may do. */
export interface Hands {
  readonly settings: Settings;
  readonly document: CanvasDocument;
  /** The end of the last stroke: Shift draws a line from there. */
  lastPoint: Point | null;
  apply(operation: Operation): void;
  set(settings: Partial<Settings>): void;
  panBy(screenX: number, screenY: number): void;
  /** RGBA of a box of the picture with the sketch over it. */
  pixels(box: readonly [number, number, number, number]): Uint8ClampedArray;
  /** Tells of an operation that the document has already, such as a stroke drawn live. */
  done(operation: Operation): void;
}

export interface Tool {
  readonly name: ToolName;
  readonly label: string;
  readonly label_ru: string;
  readonly key: string;
  /** CSS cursor; `ring` = the outline of the brush. */
  readonly cursor: 'ring' | 'crosshair' | 'grab';
  /** It changes the layer that is painted on. */
  readonly paints: boolean;
  begin(hands: Hands, touch: Touch): Gesture | null;
}

export const modeOf = (touch: Touch): Mode => (touch.alt || touch.erases ? 'erase' : 'paint');

/** Layer, mode, opacity and colour (or picture) as they are set. */
export const paintOf = ({ settings: { layer, opacity, colour, from } }: Hands, mode: Mode) => ({
  layer,
  mode,
  opacity,
  ...(layer === 'sketch' ? (from === null ? { colour } : { from }) : {}),
});
