/** Bytes as text and back: runs packed, base64. */

const SHORTEST_RUN = 4;

/**
 * Packs runs of equal bytes.
 *
 * A stretch begins with a number n (7 bits a byte, lowest first): odd, and the next byte is repeated n >> 1 times;
 * even, and n >> 1 bytes follow as they are.
 */
export function pack(bytes: Uint8Array): Uint8Array {
  const out = new Growing();
  let plain = 0;
  let from = 0;
  const flush = () => {
    if (from === plain) return;
    out.number((from - plain) * 2);
    out.append(bytes.subarray(plain, from));
  };
  while (from < bytes.length) {
    const to = endOfRun(bytes, from);
    if (to - from < SHORTEST_RUN) {
      from = to;
      continue;
    }
    flush();
    out.number((to - from) * 2 + 1);
    out.push(bytes[from]);
    from = to;
    plain = to;
  }
  flush();
  return out.bytes();
}

function endOfRun(bytes: Uint8Array, from: number): number {
  const value = bytes[from];
  let to = from + 1;
  while (to < bytes.length && bytes[to] === value) to += 1;
  return to;
}

/** The `length` bytes that `pack` was given. */
export function unpack(packed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  let at = 0;
  let from = 0;
  const number = (): number => {
    let value = 0;
    for (let place = 1; ; place *= 128) {
      const byte = packed[from++];
      if (byte === undefined) throw new RangeError('the packed bytes end early');
      value += (byte & 127) * place;
      if (byte < 128) return value;
    }
  };
  while (at < length) {
    const control = number();
    const count = Math.floor(control / 2);
    if (count === 0 || at + count > length) throw new RangeError('the packed bytes do not fit their length');
    if (control % 2 === 1) out.fill(packed[from++], at, at + count);
    else {
      out.set(packed.subarray(from, from + count), at);
      from += count;
    }
    at += count;
  }
  return out;
}

/** A byte array that grows by doubling. */
class Growing {
  #bytes = new Uint8Array(256);
  #length = 0;

  push(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  number(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.push(rest);
  }

  append(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#length + more, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
