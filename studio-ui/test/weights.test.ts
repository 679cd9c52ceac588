import { describe, expect, it } from 'vitest';
import { weigh } from '../src/weights';

const chosen = (edited: { text: string; start: number; end: number }) => edited.text.slice(edited.start, edited.end);

describe('weigh', () => {
  it('puts the selected words into brackets and keeps them selected', () => {
    const edited = weigh('a red balloon, grass', 2, 13, 1);
    expect(edited.text).toBe('a (red balloon:1.1), grass');
    expect(chosen(edited)).toBe('red balloon');
  });

  it('takes the word at the caret where nothing is selected', () => {
    expect(weigh('a red balloon', 4, 4, -1).text).toBe('a (red:0.9) balloon');
  });

  it('changes a weight that is there, and drops the brackets at 1', () => {
    const up = weigh('a (red:1.1) balloon', 3, 6, 1);
    expect(up.text).toBe('a (red:1.2) balloon');
    expect(weigh('a (red:1.1) balloon', 3, 6, -1).text).toBe('a red balloon');
  });

  it('comes back after as many steps down as up', () => {
    const start = { text: 'tall trees, fog', start: 0, end: 10 };
    let edited = start;
    for (const direction of [1, 1, 1, -1, -1, -1] as const) {
      edited = weigh(edited.text, edited.start, edited.end, direction);
    }
    expect(edited).toEqual(start);
  });

  it('leaves an empty text alone', () => {
    expect(weigh('', 0, 0, 1)).toEqual({ text: '', start: 0, end: 0 });
  });
});
