// The left panel: the steps of a repaint in their order, everything else under "More".

import { signal } from '@preact/signals';
import type { FieldName, Field as FieldRow } from '../api/types';
import { labelOf, t } from '../i18n';
import { describe } from '../i18n/fields';
import { missing } from '../state/document';
import { active, batchFiles, cancel, generate, generateBatch, ours, sending } from '../state/jobs';
import { flipLive, live } from '../state/live';
import { applies, changed, isSet, mode, modeRow, read, resetValue, setValue, setValues } from '../state/request';
import { current, reuseSeed } from '../state/results';
import { options, reachable } from '../state/server';
import { notePanelScroll } from './controls';
import { Field } from './Field';
import { IconButton } from './Icon';
import { MaskedContent } from './MaskedContent';
import { Modes } from './Modes';
import { shortProgress } from './PlanLine';
import { Presets } from './Presets';
import { Prompts } from './Prompt';
import { Size } from './Size';

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
] satisfies FieldName[];

function Strength() {
  return (
    <Field name="denoising_strength">
      <div class="ends">
        <span>{t('strength.same')}</span>
        <span>{t('strength.new')}</span>
      </div>
    </Field>
  );
}

function Seed() {
  const shown = current.value;
  const fixed = isSet('seed');
  return (
    <Field name="seed">
      <div class="row between">
        <span class="dim">{fixed ? t('seed.fixed') : t('seed.random')}</span>
        <span class="row">
          <IconButton icon="dice" label={t('seed.dice')} perform={() => resetValue('seed')} pressed={!fixed} small />
          <IconButton
            icon="lock"
            label={t('seed.lock')}
            perform={() =>
              setValue('seed', fixed ? null : (shown?.picture.seed ?? Math.floor(Math.random() * 2 ** 32)))
            }
            pressed={fixed}
            small
          />
          <IconButton
            icon="reuse"
            label={t('seed.reuse')}
            perform={() => shown && reuseSeed(shown)}
            disabled={!shown}
            small
          />
        </span>
      </div>
    </Field>
  );
}

/** The group that most people look for: it is open at once. */
const FIRST = 'how';

const sought = signal('');
const open = signal(false);

const matches = (field: FieldRow, words: string): boolean =>
  `${field.name.replaceAll('_', ' ')} ${field.label} ${field.label_ru} ${describe(field)}`
    .toLowerCase()
    .includes(words.toLowerCase());

function More() {
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

function Generate() {
  const job = active.value;
  const lacking = missing();
  const batch = mode.value === 'batch';
  const perform = batch ? generateBatch : generate;
  const disabled = !reachable.value || sending.value || lacking !== null || (batch && !batchFiles.value.length);
  const waiting = ours.value.length - 1;
  return (
    <div class="act">
      {lacking === 'need.mask' && (
        <p class="dim" id="lacking">
          {t('need.mask')}{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              mode.value = 'image';
            }}
          >
            {t('need.mask.whole')}
          </button>
        </p>
      )}
      {!batch && (
        <label class="toggle" title={t('live.help')}>
          <input type="checkbox" checked={live.value} onChange={flipLive} />
          {t('live')}
        </label>
      )}
      {job ? (
        <>
          <button
            type="button"
            class="button generate running"
            onClick={() => cancel(job.id)}
            aria-keyshortcuts="Escape"
          >
            <span class="part" style={{ width: `${job.progress.fraction * 100}%` }} />
            <span>{t('cancel')}</span>
            <span class="dim">{shortProgress(job)}</span>
            <kbd>Esc</kbd>
          </button>
          <button type="button" class="button" onClick={() => perform()} disabled={disabled}>
            {t('generate.next')}
            {waiting > 0 && <span class="count">{waiting}</span>}
          </button>
        </>
      ) : (
        <button
          type="button"
          class="button primary generate"
          onClick={() => perform()}
          disabled={disabled}
          aria-keyshortcuts="Control+Enter"
          aria-describedby={lacking === 'need.mask' ? 'lacking' : undefined}
        >
          {t(batch ? 'generate.batch' : 'generate')}
          <kbd>Ctrl ↵</kbd>
        </button>
      )}
    </div>
  );
}

export function Parameters() {
  const row = modeRow.value;
  return (
    <section class="left" aria-label={t('parameters')}>
      <Modes />
      <div
        class="parameters"
        id="parameters"
        role="tabpanel"
        aria-labelledby={`mode-${row.mode}`}
        onWheel={notePanelScroll}
        tabIndex={-1}
      >
        <Prompts />
        {row.picture && <Strength />}
        <Size />
        {row.mask && (
          <>
            <MaskedContent />
            <Field name="inpaint_area" />
            {read('inpaint_area') === 'only_masked' && <Field name="only_masked_padding" />}
            <Field name="mask_blur" />
            <Field name="mask_mode" />
          </>
        )}
        <Field name="steps" />
        <Field name="cfg_scale" />
        <Seed />
        <More />
      </div>
      <Generate />
    </section>
  );
}
