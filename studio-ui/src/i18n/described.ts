// Sentences that the server says in English: descriptions of fields and warnings of plans, in the chosen language.

import type { Field, Warning } from '../api/types';
import { translations } from '.';

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const describe = (field: Field): string =>
  sentence(translations()?.fields[field.name] ?? translations()?.options[field.name] ?? field.description);

export function warningText(warning: Warning): string {
  const template = translations()?.warnings[warning.code];
  if (!template) return sentence(warning.message);
  const numbers = warning.message.match(/\d+(?:\.\d+)?/g) ?? [];
  return sentence(template.replace(/\{(\d+)\}/g, (_, place: string) => numbers[Number(place)] ?? '?'));
}
