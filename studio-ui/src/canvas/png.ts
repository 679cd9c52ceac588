/** Writes PNG row by row: 8-bit grey, which a canvas cannot write, and colours of any size in little memory. */
import type { Size } from './geometry';

export type Channels = 1 | 3 | 4;
/** The pixels of rows `top` … `bottom`, one after another. */
export type Rows = (top: number, bottom: number) => Uint8Array | Promise<Uint8Array>;

const COLOUR_TYPE: Record<Channels, number> = { 1: 0, 3: 2, 4: 6 };
const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
/** Differences to the row above pack colours better; a mask is best as it is. */
const FILTER: Record<Channels, number> = { 1: 0, 3: 2, 4: 2 };
const STRIP = 256;

export async function encodePng(size: Size, channels: Channels, rows: Rows): Promise<Blob> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, size.width);
  header.setUint32(4, size.height);
  header.setUint8(8, 8);
  header.setUint8(9, COLOUR_TYPE[channels]);
  const parts: BlobPart[] = [SIGNATURE, chunk('IHDR', new Uint8Array(header.buffer))];
  const deflate = new CompressionStream('deflate');
  const written = write(deflate.writable.getWriter(), size, channels, rows);
  const reader = deflate.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(chunk('IDAT', value));
  }
  await written;
  parts.push(chunk('IEND', new Uint8Array()));
  return new Blob(parts, { type: 'image/png' });
}

async function write(to: WritableStreamDefaultWriter<BufferSource>, size: Size, channels: Channels, rows: Rows) {
  const stride = size.width * channels;
  let above = new Uint8Array(stride);
  for (let top = 0; top < size.height; top += STRIP) {
    const bottom = Math.min(size.height, top + STRIP);
    const pixels = await rows(top, bottom);
    const out = new Uint8Array((stride + 1) * (bottom - top));
    for (let y = 0; y < bottom - top; y += 1) {
      const row = pixels.subarray(y * stride, (y + 1) * stride);
      const at = y * (stride + 1);
      out[at] = FILTER[channels];
      if (FILTER[channels] === 0) out.set(row, at + 1);
      else for (let i = 0; i < stride; i += 1) out[at + 1 + i] = row[i] - above[i];
      above = row as typeof above;
    }
    await to.write(out);
  }
  await to.close();
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i += 1) out[4 + i] = name.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)));
  return out;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let k = 0; k < 8; k += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The check sum of PNG and zip. */
export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) value = CRC[(value ^ bytes[i]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
