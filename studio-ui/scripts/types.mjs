// Writes src/api/schema.ts from the server's OpenAPI document:
//   npm run types -- http://127.0.0.1:7860/api/v1/openapi.json

import { readFile, writeFile } from 'node:fs/promises';

const NAMES = ['Request', 'Problem'];
const PLAIN = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
  if (schema.type === 'array') return `readonly ${typeOf(schema.items)}[]`;
  return PLAIN[schema.type] ?? 'unknown';
}

function declare(name, schema) {
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties).map(
    ([field, inner]) => `  ${field}${required.includes(field) ? '' : '?'}: ${typeOf(inner)};`,
  );
  return `/** ${schema.description} */\nexport interface ${name} {\n${rows.join('\n')}\n}\n`;
}

const place = process.argv[2];
if (!place) throw new Error('say where the OpenAPI document is: a URL or a file');
const text = place.startsWith('http') ? await (await fetch(place)).text() : await readFile(place, 'utf8');
const { schemas } = JSON.parse(text).components;
const head = '// Written by `npm run types` from the server; do not edit.\n\n';
await writeFile(
  new URL('../src/api/schema.ts', import.meta.url),
  head + NAMES.map((name) => declare(name, schemas[name])).join('\n'),
);
