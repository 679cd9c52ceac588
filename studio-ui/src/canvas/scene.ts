/** What lies over what: picture, sketch, variants, previews; the mask; lines on top. */
import { drawChecks } from './checks';
import { type Frame, toCanvas } from './frame';
import { boxOf, type Size, toScreen } from './geometry';
import { type OverlayStore, strokeTwice, tracePolygon } from './overlays';
import type { Picture } from './picture';
import type { Painter, Sheet } from './surface';
import type { TileImages } from './tileimages';
import type { Outline } from './tools/tool';
import type { Box, Settings, ViewState } from './types';
import type { Variants } from './variants';

export interface Scene {
  readonly picture: Picture;
  readonly mask: TileImages;
  readonly sketch: TileImages;
  readonly variants: Variants;
  readonly overlays: OverlayStore;
  readonly settings: Settings;
  readonly view: ViewState;
  readonly screen: Size;
  /** While something is painted, the variant gives way to what is painted on. */
  readonly painting: boolean;
  readonly outline: Outline | undefined;
}

const isCovered = ({ variants: { state }, painting }: Scene): boolean =>
  state.index !== null && !state.peeking && !painting;

type Context = CanvasRenderingContext2D;

const PAINT: Record<Sheet, (scene: Scene, context: Context, frame: Frame, clip: Box) => void> = {
  scene: (scene, context, frame, clip) => {
    const { picture, sketch, variants, overlays } = scene;
    const drawBase = () => {
      if (picture.translucent) drawChecks(context, toCanvas(frame, boxOf(picture)));
      picture.draw(context, frame, clip);
      if (!variants.state.peeking) sketch.draw(context, frame, clip);
    };
    if (isCovered(scene)) variants.draw(picture, context, frame, clip, drawBase);
    else drawBase();
    if (!variants.state.peeking) overlays.drawImages(context, frame);
  },
  mask: (scene, context, frame, clip) => {
    const hidden = !scene.settings.maskVisible || scene.variants.state.peeking || isCovered(scene);
    if (!hidden) scene.mask.draw(context, frame, clip);
  },
  lines: (scene, context) => {
    const { variants, overlays, view, screen, settings, outline } = scene;
    const covered = isCovered(scene);
    if (!covered && !variants.state.peeking) overlays.drawLines(context, view, screen, settings.maskColour);
    if (covered && variants.divided) drawDivider(scene, context);
    if (outline) drawOutline(scene, context, outline);
  },
};

/** The painter of a surface; `scene` answers null while there is nothing. */
export const painterOf =
  (scene: () => Scene | null): Painter =>
  (sheet, context, frame, clip) => {
    const now = scene();
    if (now) PAINT[sheet](now, context, frame, clip);
  };

function drawOutline({ view, screen, settings }: Scene, context: Context, { points, close }: Outline): void {
  tracePolygon(context, view, screen, points, close);
  context.fillStyle = `${settings.layer === 'mask' ? settings.maskColour : settings.colour}33`;
  if (close) context.fill();
  strokeTwice(context, []);
}

const HANDLE = 7;

/** The line of the compare slider, with what to grasp it by. */
function drawDivider({ variants, picture, view, screen }: Scene, context: Context): void {
  const x = variants.state.divide * picture.width;
  const [top, bottom] = [0, picture.height].map((y) => toScreen(view, screen, { x, y }));
  context.beginPath();
  context.moveTo(top.x, top.y);
  context.lineTo(bottom.x, bottom.y);
  strokeTwice(context, []);
  context.beginPath();
  context.arc((top.x + bottom.x) / 2, (top.y + bottom.y) / 2, HANDLE, 0, 2 * Math.PI);
  context.fillStyle = '#fff';
  context.fill();
  strokeTwice(context, []);
}
