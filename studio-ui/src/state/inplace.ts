// The preview of a running job as it will lie on the picture: smooth, and only where the mask lets it be.

import { api } from '../api/client';
import type { Box, Job } from '../api/types';
import { workedOn } from '../extent';

/** Previews are coarse; more pixels than this show nothing more. */
const LARGEST = 1024;

interface Shape {
  /** Where on the picture; null = the whole. */
  box: Box | null;
  /** Opaque where the result will be new; null = everywhere. */
  weight: OffscreenCanvas | null;
}

const shapes = new Map<string, Promise<Shape>>();

function sized(width: number, height: number): OffscreenCanvas {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  return new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
}

/** Turn a grey picture, cut to the box, into one whose alpha is that grey. */
async function weightOf(job: Job, box: Box | null): Promise<OffscreenCanvas> {
  const grey = await createImageBitmap(await api.planPicture('mask', job.request, new AbortController().signal));
  const [left, top, right, bottom] = box ?? [0, 0, grey.width, grey.height];
  const canvas = sized(right - left, bottom - top);
  const context = canvas.getContext('2d')!;
  context.drawImage(grey, left, top, right - left, bottom - top, 0, 0, canvas.width, canvas.height);
  grey.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = pixels.data[at]!;
  context.putImageData(pixels, 0, 0);
  return canvas;
}

const shapeOf = async (job: Job): Promise<Shape> => {
  const { plan, request } = job;
  if (!plan) return { box: null, weight: null };
  const masked = request.mask || plan.place;
  return { box: workedOn(plan, request), weight: masked ? await weightOf(job, plan.box) : null };
};

/** Give the preview ready to be laid over the picture. */
export async function placed(job: Job, preview: Blob): Promise<{ image: ImageBitmap; box?: Box }> {
  let shape = shapes.get(job.id);
  if (!shape) {
    shape = shapeOf(job);
    shapes.set(job.id, shape);
  }
  const { box, weight } = await shape;
  const coarse = await createImageBitmap(preview);
  const canvas = weight ? new OffscreenCanvas(weight.width, weight.height) : sized(coarse.width * 8, coarse.height * 8);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(coarse, 0, 0, canvas.width, canvas.height);
  coarse.close();
  if (weight) {
    context.globalCompositeOperation = 'destination-in';
    context.drawImage(weight, 0, 0);
  }
  return { image: canvas.transferToImageBitmap(), ...(box ? { box } : {}) };
}

export const forgetShape = (id: string): void => void shapes.delete(id);
