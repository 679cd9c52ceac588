/** The words of the canvas that others see. All coordinates are picture pixels unless a name says `screen`. */

/** [left, top, right, bottom], half-open, as in the plan of the server. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What is painted on: the mask (white = repaint), or colours over the picture. */
export type LayerName = 'mask' | 'sketch';
export type Mode = 'paint' | 'erase';
export type Pressure = 'none' | 'size' | 'opacity' | 'both';

export type ToolName =
  | 'brush'
  | 'eraser'
  | 'rectangle'
  | 'ellipse'
  | 'lasso'
  | 'polygon'
  | 'fill'
  | 'wand'
  | 'picker'
  | 'pan';

/** Everything a person sets about painting. One record: `editor.set({ size: 40 })` changes it, event `tool` tells it. */
export interface Settings {
  readonly tool: ToolName;
  readonly layer: LayerName;
  /** Diameter of the brush, picture px, 1 … 4096. */
  readonly size: number;
  /** 0 soft … 1 hard; a hard edge is still antialiased. */
  readonly hardness: number;
  /** 0 … 1; on the mask, grey is the strength at that pixel. */
  readonly opacity: number;
  /** `#rrggbb`, of the sketch. */
  readonly colour: string;
  /** Name of the picture whose pixels the brush lays on the sketch instead of its colour; null = the colour. */
  readonly from: string | null;
  /** The colour that `swap` brings back. */
  readonly otherColour: string;
  /** Of the magic wand and of fill on the sketch: largest difference of a channel, 0 … 255. */
  readonly tolerance: number;
  /** The magic wand takes only what touches the point, or everything alike. */
  readonly contiguous: boolean;
  /** Steadies the hand, 0 … 1. */
  readonly smoothing: number;
  /** What the pressure of a pen changes. */
  readonly pressure: Pressure;
  /** What one finger does; `auto` paints until a pen is seen, and pans from then on. */
  readonly touch: 'auto' | 'paint' | 'pan';
  readonly wheel: 'zoom' | 'pan';
  /** How the mask is shown; none of it changes the mask. */
  readonly maskColour: string;
  readonly maskOpacity: number;
  readonly maskVisible: boolean;
}

interface Paint {
  readonly layer: LayerName;
  readonly mode: Mode;
  readonly opacity: number;
  /** `#rrggbb`, of the sketch. */
  readonly colour?: string;
  /** Of the sketch: the name of the picture whose pixels are laid instead of a colour. */
  readonly from?: string;
}

/** What was done, as data: a document is a list of these, and replaying them gives the same bytes everywhere. */
export type Operation =
  | (Paint & {
      readonly kind: 'stroke';
      readonly size: number;
      readonly hardness: number;
      readonly pressure: Pressure;
      /** x, y, pressure of the first point in 1/8 px, 1/8 px and 1/255; then differences to the point before. */
      readonly points: readonly number[];
    })
  | (Paint & {
      readonly kind: 'area';
      readonly shape: 'rectangle' | 'ellipse' | 'polygon';
      /** x, y of each corner; of the box's two for rectangle and ellipse. */
      readonly points: readonly number[];
    })
  | (Paint & {
      readonly kind: 'region';
      readonly box: Box;
      /** Packed bytes of the coverage inside the box, base64. */
      readonly data: string;
    })
  | { readonly kind: 'enclosed'; readonly mode: Mode; readonly x: number; readonly y: number }
  | { readonly kind: 'bitmap'; readonly data: string }
  | { readonly kind: 'clear'; readonly layer: LayerName }
  | { readonly kind: 'invert' }
  | { readonly kind: 'grow' | 'shrink' | 'feather'; readonly radius: number }
  | { readonly kind: 'threshold'; readonly level: number };

export interface PictureInfo {
  /** SHA-256 of the file's bytes, 64 hex digits. */
  readonly hash: string;
  readonly width: number;
  readonly height: number;
}

/** JSON that brings mask, sketch, undo and redo back to the same bytes. The picture itself is kept by its hash. */
export interface DocumentJSON {
  readonly version: 1;
  readonly picture: PictureInfo;
  readonly operations: readonly Operation[];
  /** How many of `operations` are done; the rest are what redo brings back. */
  readonly position: number;
}

export interface ViewState {
  /** Screen (CSS) px for one picture px. */
  readonly scale: number;
  /** Degrees clockwise. */
  readonly angle: number;
  /** The picture point in the middle of the screen. */
  readonly centre: Point;
}

export type ImageSource = Blob | ImageBitmap | string;

/** An image and where it lies on the picture; without a box it covers the whole. */
export interface Placed {
  readonly image: ImageSource;
  readonly box?: Box;
}

/** What can be drawn over the picture before, while and after a job runs: `editor.setOverlay('crop', …)`. */
export interface Overlays {
  /** The only-masked crop; the label says the working size. */
  readonly crop: { readonly box: Box; readonly label: string };
  /** The blurred mask (`/plan/pictures/mask`): its true edge and its middle are drawn as thin lines. */
  readonly weight: Placed;
  /** The latent cells that are repainted (`/plan/pictures/cells`), one pixel a cell. */
  readonly cells: Placed;
  /** What the network is shown (`/plan/pictures/shown`). */
  readonly content: Placed;
  /** The live preview of the job that runs. */
  readonly preview: Placed;
  /** The resize mode: where the new frame lies on the picture. */
  readonly frame: { readonly box: Box; readonly label: string };
}
export type OverlayName = keyof Overlays;

/** How the variant that is shown is laid against the picture. */
export type CompareMode = 'variant' | 'slider' | 'blink' | 'difference' | 'footprint';

export interface CompareState {
  readonly mode: CompareMode;
  /** Which variant lies over the picture; null = the picture itself. */
  readonly index: number | null;
  readonly count: number;
  /** Where the slider divides, 0 … 1 of the picture's width. */
  readonly divide: number;
  /** The picture is shown for as long as a key is held. */
  readonly peeking: boolean;
}

export interface ChangeEvent {
  readonly reason: 'apply' | 'undo' | 'redo' | 'restore' | 'load';
  /** What was added, when the reason is `apply`: a journal cuts its list at `position - 1` and appends this. */
  readonly operation?: Operation;
  readonly position: number;
  readonly length: number;
}

export interface EditorEvents {
  change: ChangeEvent;
  view: ViewState;
  tool: Settings;
  /** Where the pointer is on the picture; null outside of it. */
  cursor: Point | null;
  compare: CompareState;
  /** A stroke or shape began or ended. */
  painting: boolean;
  /** A long operation is being done, or is done. */
  working: boolean;
  /** Something was asked that cannot be done, in words. */
  refusal: { readonly code: RefusalCode; readonly detail: string };
}

export type RefusalCode = 'no_picture' | 'unreadable' | 'too_large' | 'size_differs' | 'no_alpha' | 'broken_document';

export interface EditorOptions {
  readonly settings?: Partial<Settings>;
  /** Read by screen readers. */
  readonly label?: string;
}
