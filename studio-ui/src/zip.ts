// Many files as one zip: stored, not packed, for pictures are packed already.

import { crc32 } from './canvas';

export interface Entry {
  name: string;
  file: Blob;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** Version 2.0, names in UTF-8, stored. */
const HEAD = [20, 0x0800, 0];
const LIMIT = 2 ** 32 - 1;
const MOST = 2 ** 16 - 1;

type Field = [bytes: 2 | 4, value: number];

function written(...fields: Field[]): Uint8Array<ArrayBuffer> {
  const out = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) out.setUint16(at, value, true);
    else out.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(out.buffer);
}

const shorts = (...values: number[]): Field[] => values.map((value) => [2, value]);
const longs = (...values: number[]): Field[] => values.map((value) => [4, value]);

/** Time and date as MS-DOS counted them: two seconds at a time, from 1980. */
const stamp = (when: Date): [time: number, date: number] => [
  (when.getHours() << 11) | (when.getMinutes() << 5) | (when.getSeconds() >> 1),
  ((when.getFullYear() - 1980) << 9) | ((when.getMonth() + 1) << 5) | when.getDate(),
];

/** "a.png", and where it is taken "a (2).png". */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const [, stem, ending] = /^(.*?)(\.[^.]*)?$/.exec(name)!;
    let free = name;
    for (let n = 2; taken.has(free); n += 1) free = `${stem} (${n})${ending ?? ''}`;
    taken.add(free);
    return free;
  });
}

/** Put files into one, in their order; equal names are told apart. */
export async function zip(entries: readonly Entry[], when = new Date()): Promise<Blob> {
  const names = distinct(entries.map((entry) => entry.name)).map((name) => new TextEncoder().encode(name));
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let at = 0;
  let length = 0;
  for (const [place, { file }] of entries.entries()) {
    const name = names[place]!;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const about = [...shorts(...HEAD, ...stamp(when)), ...longs(crc32(bytes), file.size, file.size)];
    const local = written(...longs(LOCAL), ...about, ...shorts(name.length, 0));
    const central = written(
      ...longs(CENTRAL),
      ...shorts(20),
      ...about,
      ...shorts(name.length, 0, 0, 0, 0),
      ...longs(0, at),
    );
    parts.push(local, name, file);
    directory.push(central, name);
    at += local.length + name.length + file.size;
    length += central.length + name.length;
  }
  if (entries.length > MOST || at + length > LIMIT) {
    throw new RangeError(`a zip holds at most ${MOST} files and 4 GB; take fewer pictures at once`);
  }
  const count = entries.length;
  const end = written(...longs(END), ...shorts(0, 0, count, count), ...longs(length, at), ...shorts(0));
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}
