import { describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en';
import { ru } from '../src/i18n/ru';

const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort();
const keys = Object.keys(en) as (keyof typeof en)[];

describe('the words of the page', () => {
  it('has the same keys in both languages', () => {
    expect(Object.keys(ru).sort()).toEqual([...keys].sort());
  });

  it.each(keys)('%s takes the same values in both', (key) => {
    expect(places(ru[key])).toEqual(places(en[key]));
  });

  it('is Russian in Russian', () => {
    const same = keys.filter((key) => ru[key] === en[key]);
    expect(same).toEqual(['tokens']);
  });
});
