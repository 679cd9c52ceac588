// The seed: a new one each time, the same each time, or that of a result.

import { t } from '../i18n';
import { isSet, resetValue, setValue } from '../state/request';
import { current, reuseSeed } from '../state/results';
import { Field } from './Field';
import { IconButton } from './Icon';

export function Seed() {
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
            perform={() => setValue('seed', fixed ? null : (shown?.seed ?? Math.floor(Math.random() * 2 ** 32)))}
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
