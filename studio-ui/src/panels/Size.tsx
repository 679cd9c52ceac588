// The size of the result: from the picture by default; a number detaches it, one button joins it again.

import { number, t } from '../i18n';
import { picture } from '../state/document';
import { plan, troubleWith } from '../state/plan';
import { isSet, mode, modeRow, read, setValues } from '../state/request';
import { Head, NumberBox } from './controls';
import { Icon, IconButton } from './Icon';

const STEP = 8;

export function Size() {
  const many = mode.value === 'batch';
  const source = modeRow.value.picture && !many ? picture.value : null;
  const onlyMasked = modeRow.value.mask && read('inpaint_area') === 'only_masked';
  const set = isSet('width') || isSet('height');
  const result = plan.value?.output_size;
  const asked = { width: read('width') as number | null, height: read('height') as number | null };
  const automatic = onlyMasked && plan.value?.box ? plan.value.working_size : result;
  const origin = source || many ? t(onlyMasked ? 'size.fromMask' : 'size.fromPicture') : t('size.fromModel');
  const swap = () => setValues({ width: asked.height, height: asked.width });
  const attach = () => setValues({ width: null, height: null });
  const [width, height] = automatic ?? [source?.width ?? null, source?.height ?? null];
  const detach = (event: { currentTarget: HTMLElement }) => {
    setValues({ width: width ?? null, height: height ?? null });
    event.currentTarget.closest('.field')?.querySelector('input')?.focus();
  };
  const ratio = ratioOf(asked.width ?? width ?? null, asked.height ?? height ?? null);
  const trouble = troubleWith('width') ?? troubleWith('height');
  const side = (name: 'width' | 'height', place: 0 | 1) => (
    <NumberBox
      value={asked[name]}
      set={(value) => setValues({ [name]: value === null ? null : Math.max(1, value) })}
      label={t(name)}
      step={STEP}
      placeholder={automatic ? String(automatic[place]) : t('field.auto')}
      width={44}
      integer
      invalid={trouble !== null}
    />
  );
  return (
    <div class="field" data-field="width">
      <Head label={t('size')} help={onlyMasked ? t('size.onlyMasked') : t('size.help')} set={set} reset={attach}>
        <span class="row">
          {side('width', 0)}
          <span class="dim" aria-hidden="true">
            ×
          </span>
          {side('height', 1)}
          <span class="dim">px</span>
          <IconButton icon="swap" label={t('size.swap')} perform={swap} disabled={!set} small />
        </span>
      </Head>
      <div class="row between">
        <span class="dim">{set ? t('size.own', { ratio }).trim() : origin}</span>
        {set ? (
          <button type="button" class="button small" onClick={attach}>
            <Icon name="picture" />
            {origin}
          </button>
        ) : (
          <button type="button" class="link" onClick={detach}>
            {t('size.detach')}
          </button>
        )}
      </div>
      {onlyMasked && set && <p class="dim">{t('size.onlyMasked')}</p>}
      {trouble && <p class="trouble">{trouble}</p>}
    </div>
  );
}

const ratioOf = (width: number | null, height: number | null): string =>
  width && height ? `${number(width / height, 2)} : 1` : '';
