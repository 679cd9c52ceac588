// The left panel: the steps of a repaint in their order, everything else under "More".

import { grows } from '../extent';
import { t } from '../i18n';
import { sides } from '../state/extend';
import { merging } from '../state/merge';
import { modeRow, read } from '../state/request';
import { notePanelScroll } from './controls';
import { Extend } from './Extend';
import { Field } from './Field';
import { Generate } from './Generate';
import { MaskedContent } from './MaskedContent';
import { Modes } from './Modes';
import { More } from './More';
import { Prompts } from './Prompt';
import { Script } from './Script';
import { Seed } from './Seed';
import { Size } from './Size';

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

export function Parameters() {
  const row = modeRow.value;
  return (
    <section class="left" aria-label={t('parameters')} inert={merging.value !== null}>
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
        <Extend />
        {(row.mask || grows(sides.value)) && (
          <>
            <MaskedContent />
            <Field name="inpaint_area" />
            {read('inpaint_area') === 'only_masked' && <Field name="only_masked_padding" />}
            <Field name="mask_blur" />
            {row.mask && <Field name="mask_mode" />}
          </>
        )}
        <Field name="steps" />
        <Field name="cfg_scale" />
        <Seed />
        <Script />
        <More />
      </div>
      <Generate />
    </section>
  );
}
