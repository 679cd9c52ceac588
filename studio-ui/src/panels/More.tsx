// Every other field of the request, in the server's groups, found by words.

import { signal } from '@preact/signals';
import type { FieldName, Field as FieldRow } from '../api/types';
import { labelOf, t } from '../i18n';
import { describe } from '../i18n/fields';
import { applies, changed, isSet, setValues } from '../state/request';
import { options } from '../state/server';
import { Field } from './Field';
import { Presets } from './Presets';

/** Fields with a place of their own on the page. */
const PLACED: readonly string[] = [
  'prompt',
  'negative_prompt',
  'init_image',
  'mask',
  'model',
  'width',
  'height',
  'denoising_strength',
  'masked_content',
  'inpaint_area',
  'mask_blur',
  'mask_mode',
  'only_masked_padding',
  'steps',
  'cfg_scale',
  'seed',
  'extend',
] satisfies FieldName[];

/** The group that most people look for: it is open at once. */
const FIRST = 'how';

const sought = signal('');
const open = signal(false);

const matches = (field: FieldRow, words: string): boolean =>
  `${field.name.replaceAll('_', ' ')} ${field.label} ${field.label_ru} ${describe(field)}`
    .toLowerCase()
    .includes(words.toLowerCase());

export function More() {
  const words = sought.value.trim();
  const rows = (options.value?.fields ?? []).filter(
    (field) =>
      field.type !== 'picture' &&
      !PLACED.includes(field.name) &&
      applies(field.name) &&
      (!words || matches(field, words)),
  );
  const groups = (options.value?.groups ?? []).map((group) => ({
    group,
    rows: rows.filter((field) => field.group === group.name),
  }));
  const count = Object.keys(changed.value).filter((name) => !PLACED.includes(name)).length;
  const resetAll = () =>
    setValues(
      Object.fromEntries(
        Object.keys(changed.peek())
          .filter((name) => !PLACED.includes(name))
          .map((name) => [name, null]),
      ),
    );
  return (
    <details
      class="more"
      open={open.value}
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>
        {t('more')}
        {count > 0 && <span class="count">{count}</span>}
      </summary>
      {open.value && (
        <>
          <div class="row">
            <input
              class="input"
              type="search"
              placeholder={t('more.search')}
              aria-label={t('more.search')}
              value={sought.value}
              onInput={(event) => {
                sought.value = event.currentTarget.value;
              }}
            />
          </div>
          <div class="row">
            <Presets />
            {count > 0 && (
              <button type="button" class="button small quiet" onClick={resetAll}>
                {t('more.reset')}
              </button>
            )}
          </div>
          {groups.map(
            ({ group, rows: own }) =>
              own.length > 0 && (
                <details
                  key={group.name}
                  open={words !== '' || group.name === FIRST || own.some((field) => isSet(field.name))}
                >
                  <summary>{labelOf(group)}</summary>
                  <div class="group">
                    {own.map((field) => (
                      <Field key={field.name} name={field.name} />
                    ))}
                  </div>
                </details>
              ),
          )}
          {rows.length === 0 && <p class="dim">{t('more.none')}</p>}
        </>
      )}
    </details>
  );
}
