// Hidden inputs for files: opened by buttons and commands through `choose`.

import { addFiles } from '../state/batch';
import { editor } from '../state/document';
import { openFile, pasteInto } from '../state/exchange';

type Use = (files: File[]) => unknown;

const INPUTS = {
  picture: { accept: 'image/*', use: ([file]) => file && openFile(file) },
  project: { accept: '.pentimento', use: ([file]) => file && openFile(file) },
  mask: { accept: 'image/*', use: ([file]) => file && editor.peek()?.setMask(file) },
  batch: { accept: 'image/*', use: addFiles },
  recipe: { accept: 'image/*,.txt,.json', use: ([file]) => file && pasteInto(file) },
} as const satisfies Record<string, { accept: string; use: Use }>;

type InputName = keyof typeof INPUTS;

/** Let a person choose a file, and use it. */
export const choose = (name: InputName): void => document.getElementById(`open-${name}`)?.click();

export const FileInputs = () => (
  <div hidden>
    {(Object.keys(INPUTS) as InputName[]).map((name) => (
      <input
        key={name}
        id={`open-${name}`}
        type="file"
        accept={INPUTS[name].accept}
        multiple={name === 'batch'}
        onChange={(event) => {
          const use: Use = INPUTS[name].use;
          void use([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    ))}
  </div>
);
