// Prompt weights: Ctrl+Up and Ctrl+Down on `(words:1.1)`.

export interface Edited {
  text: string;
  start: number;
  end: number;
}

const STEP = 0.1;
const WEIGHTED = /^\((.*):(-?\d+(?:\.\d+)?)\)$/s;
const BREAKS = /[\s,.:;()[\]<>|]/;

/** The word around the caret, where nothing is selected. */
function wordAround(text: string, at: number): [number, number] {
  let start = at;
  let end = at;
  while (start > 0 && !BREAKS.test(text[start - 1]!)) start -= 1;
  while (end < text.length && !BREAKS.test(text[end]!)) end += 1;
  return [start, end];
}

/** The `(…:w)` whose inside is exactly, or holds, the range. */
function weightAround(text: string, start: number, end: number): [number, number] | null {
  let depth = 0;
  for (let open = start - 1; open >= 0; open -= 1) {
    if (text[open] === ')') depth += 1;
    if (text[open] !== '(') continue;
    if (depth > 0) {
      depth -= 1;
      continue;
    }
    const close = text.indexOf(')', end);
    if (close < 0) return null;
    return WEIGHTED.test(text.slice(open, close + 1)) ? [open, close + 1] : null;
  }
  return null;
}

/** Raise or lower the weight of what is selected; at 1 the brackets go. */
export function weigh(text: string, from: number, to: number, direction: 1 | -1): Edited {
  let [start, end] = from === to ? wordAround(text, from) : [from, to];
  while (start < end && /\s/.test(text[start]!)) start += 1;
  while (end > start && /\s/.test(text[end - 1]!)) end -= 1;
  if (start === end) return { text, start: from, end: to };
  const whole = WEIGHTED.test(text.slice(start, end)) ? ([start, end] as const) : weightAround(text, start, end);
  const [left, right] = whole ?? [start, end];
  const found = whole ? WEIGHTED.exec(text.slice(left, right)) : null;
  const words = found ? found[1]! : text.slice(left, right);
  const weight = Math.round(((found ? Number(found[2]) : 1) + direction * STEP) * 100) / 100;
  const shown = weight === 1 ? words : `(${words}:${weight})`;
  const inside = left + (weight === 1 ? 0 : 1);
  return { text: text.slice(0, left) + shown + text.slice(right), start: inside, end: inside + words.length };
}
