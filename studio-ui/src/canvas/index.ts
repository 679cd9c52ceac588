/** The painting canvas: everything that the page uses of it is here. */
import type {
  Box,
  CompareMode,
  CompareState,
  DocumentJSON,
  EditorEvents,
  EditorOptions,
  ImageSource,
  Operation,
  OverlayName,
  Overlays,
  PictureInfo,
  Point,
  Settings,
  ToolName,
  ViewState,
} from './types';

export type * from './types';

export declare class Editor {
  constructor(host: HTMLElement, options?: EditorOptions);
  readonly picture: PictureInfo | null;
  readonly settings: Settings;
  readonly view: ViewState;
  readonly compare: CompareState;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Anything at all is painted on the layer. */
  readonly painted: { readonly mask: boolean; readonly sketch: boolean };
  on<Name extends keyof EditorEvents>(name: Name, listener: (payload: EditorEvents[Name]) => void): () => void;
  dispose(): void;

  /** Puts a picture in. Mask and sketch are kept when `keep` and the size is the same; otherwise the document is new. */
  load(picture: Blob, options?: { keep?: boolean }): Promise<PictureInfo>;
  unload(): void;
  document(): DocumentJSON | null;
  /** Replays a document on the loaded picture. Refuses one made for another size. */
  restore(document: DocumentJSON): Promise<void>;

  set(settings: Partial<Settings>): void;
  /** Does one operation, undoable: also the way for masks given as text or by keyboard. */
  apply(operation: Operation): void;
  undo(): void;
  redo(): void;
  invert(): void;
  clear(): void;
  grow(radius: number): void;
  shrink(radius: number): void;
  feather(radius: number): void;
  threshold(level: number): void;
  maskFromAlpha(): Promise<void>;
  /** Replaces the mask by a picture's greys (white = repaint); another size is scaled to the picture's. */
  setMask(mask: Blob): Promise<void>;
  /** Grey 8-bit PNG of the picture's size, white = repaint; null when nothing is painted. `sketch`: all that is coloured. */
  maskPng(from?: 'mask' | 'sketch' | 'both'): Promise<Blob | null>;
  /** The picture with the sketch over it; null when nothing is painted. */
  sketchPng(): Promise<Blob | null>;

  zoomTo(scale: number, at?: Point): void;
  zoomBy(factor: number, at?: Point): void;
  /** Shows the box, or the whole picture. */
  fit(box?: Box): void;
  actualSize(): void;
  panBy(screenX: number, screenY: number): void;
  rotateTo(degrees: number): void;

  setOverlay<Name extends OverlayName>(name: Name, value: Overlays[Name] | null): Promise<void>;
  setVariants(images: readonly ImageSource[]): Promise<void>;
  /** Lays a variant over the picture; null takes it away. */
  show(index: number | null): void;
  setCompare(mode: CompareMode, divide?: number): void;
  /** Shows the picture as it was, for as long as a key is held. */
  peek(original: boolean): void;
}

export interface ToolInfo {
  readonly name: ToolName;
  readonly label: string;
  readonly label_ru: string;
  readonly key: string;
}
export declare const tools: readonly ToolInfo[];

/** What a key does; the page binds these, and its sheet of shortcuts is this table. */
export interface Action {
  readonly id: string;
  readonly group: 'tools' | 'painting' | 'mask' | 'view' | 'compare';
  readonly label: string;
  readonly label_ru: string;
  /** As `keyOf` names them: `Ctrl+Z`, `[`, `Shift+]`, `Space`. */
  readonly keys: readonly string[];
  perform(editor: Editor): void;
  /** For keys that work while they are held. */
  release?(editor: Editor): void;
}
export declare const actions: readonly Action[];
/** Names a key by its place, so that shortcuts work in every keyboard layout; Cmd counts as Ctrl. */
export declare function keyOf(event: KeyboardEvent): string;
/** SHA-256 as 64 hex digits; also where the page is not a secure context. */
export declare function sha256(data: Blob | Uint8Array): Promise<string>;
