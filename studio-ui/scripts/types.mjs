// Writes src/api/schema.ts from the server's OpenAPI document; left out, from the one in docs/reference:
//   npm run types
//   npm run types -- http://127.0.0.1:7860/api/v1/openapi.json

import { readFile, writeFile } from 'node:fs/promises';

const COMMITTED = new URL('../../docs/reference/openapi.json', import.meta.url);
const PLAIN = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

const nameOf = (reference) => reference.split('/').pop();

function typeOf(schema) {
  if (schema.$ref) return nameOf(schema.$ref);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' | ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
  if (schema.type === 'array') {
    const item = typeOf(schema.items);
    return `${/[ |]/.test(item) ? `(${item})` : item}[]`;
  }
  if (schema.type === 'object') return 'Readonly<Record<string, unknown>>';
  return PLAIN[schema.type] ?? 'unknown';
}

function declare(name, schema) {
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties).map(([field, inner]) => {
    const note = name !== 'Request' && inner.description ? `  /** ${inner.description} */\n` : '';
    return `${note}  ${field}${required.includes(field) ? '' : '?'}: ${typeOf(inner)};`;
  });
  const note = (schema.description ?? name).split('\n')[0];
  return `/** ${note} */\nexport interface ${name} {\n${rows.join('\n')}\n}\n`;
}

/** Names of the schemas that the native API speaks of, and of those that they speak of. */
function spokenOf({ paths, components }) {
  const native = Object.entries(paths).filter(([path]) => path.startsWith('/api/v1'));
  const found = new Set(['JobEvents']);
  const look = (value) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue;
      found.add(name);
      look(components.schemas[name]);
    }
  };
  look(components.schemas.JobEvents);
  look(native);
  return [...found].sort();
}

const place = process.argv[2];
const text = place?.startsWith('http') ? await (await fetch(place)).text() : await readFile(place ?? COMMITTED, 'utf8');
const document = JSON.parse(text);
const { schemas } = document.components;
const declared = spokenOf(document).filter((name) => schemas[name].properties);
const head = '// Written by `npm run types` from the server; do not edit.\n\n';
await writeFile(
  new URL('../src/api/schema.ts', import.meta.url),
  head + declared.map((name) => declare(name, schemas[name])).join('\n'),
);
