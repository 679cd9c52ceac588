// What the network is shown under the mask: the four choices, seen on the canvas before one is taken.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { workedOn } from '../extent';
import { labelOf, t } from '../i18n';
import { describe } from '../i18n/fields';
import { editor, missing, revision } from '../state/document';
import { complain } from '../state/notices';
import { hovered, plan, planned, shownWith } from '../state/plan';
import { isSet, parameters, read, resetValue, setValue } from '../state/request';
import { fieldOf } from '../state/server';
import { Head, Segments } from './controls';
import { choicesOf } from './Field';

/** What the network would be shown with each choice. */
export const shown = signal<Readonly<Record<string, { picture: Blob; url: string }>>>({});

let made = '';

async function makePictures(names: readonly string[], signal: AbortSignal): Promise<void> {
  const key = JSON.stringify([revision.peek(), { ...parameters.peek(), masked_content: '' }]);
  if (made === key) return;
  for (const { url } of Object.values(shown.peek())) URL.revokeObjectURL(url);
  shown.value = {};
  for (const name of names) {
    const picture = await shownWith(name, signal);
    if (signal.aborted) return;
    shown.value = { ...shown.peek(), [name]: { picture, url: URL.createObjectURL(picture) } };
  }
  made = key;
}

export function MaskedContent() {
  const field = fieldOf('masked_content');
  const hover = hovered.value;
  const looking = hover !== null && missing() === null;
  const picture = hover ? shown.value[hover]?.picture : undefined;
  useEffect(() => {
    if (!looking || !field) return;
    const mine = new AbortController();
    makePictures(
      choicesOf(field).map((row) => row.name),
      mine.signal,
    ).catch((error) => mine.signal.aborted || complain(error));
    return () => mine.abort();
  }, [looking]);
  useEffect(() => {
    const on = editor.peek();
    const [now, request] = [plan.peek(), planned.peek()];
    if (!on || !now || !request) return;
    const box = workedOn(now, request);
    void on.setOverlay('content', picture ? { image: picture, ...(box ? { box } : {}) } : null);
    return () => void on.setOverlay('content', null);
  }, [picture]);
  if (!field) return null;
  const label = labelOf(field);
  return (
    <div class="field" data-field="masked_content">
      <Head
        label={label}
        help={`${describe(field)}. ${t('content.help')}`}
        set={isSet('masked_content')}
        reset={() => resetValue('masked_content')}
      />
      <Segments
        name="masked_content"
        rows={choicesOf(field).map((row) => ({ name: row.name, label: labelOf(row) }))}
        value={String(read('masked_content'))}
        set={(name) => setValue('masked_content', name)}
        label={label}
        hover={(name) => {
          hovered.value = name;
        }}
      />
    </div>
  );
}

export function ShownChoices() {
  const field = fieldOf('masked_content');
  if (!field || hovered.value === null || !Object.keys(shown.value).length) return null;
  return (
    <div class="shown-choices" aria-hidden="true">
      {choicesOf(field).map((row) =>
        shown.value[row.name] ? (
          <figure key={row.name} data-chosen={hovered.value === row.name}>
            <img src={shown.value[row.name]!.url} alt="" />
            {labelOf(row)}
          </figure>
        ) : null,
      )}
    </div>
  );
}
