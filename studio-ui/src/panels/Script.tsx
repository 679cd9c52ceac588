// A script: one of those that the server has, its options as fields.

import { useId } from 'preact/hooks';
import type { Field } from '../api/types';
import { labelOf, t } from '../i18n';
import { troubleWith } from '../state/plan';
import { chosenScript, scriptInfo, scriptsHere, setOption, takeScript } from '../state/script';
import { Head } from './controls';
import { FieldOf } from './Field';

export function Script() {
  const id = useId();
  const rows = scriptsHere.value;
  const info = scriptInfo.value;
  if (!rows.length) return null;
  const options = chosenScript.value?.options ?? {};
  return (
    <div class="field">
      <Head
        label={t('script')}
        help={t('script.help')}
        htmlFor={id}
        set={info !== null}
        reset={() => takeScript(null)}
      />
      <select
        id={id}
        class="select"
        value={info?.name ?? ''}
        onChange={(event) => takeScript(event.currentTarget.value || null)}
      >
        <option value="">{t('script.none')}</option>
        {rows.map((row) => (
          <option key={row.name} value={row.name}>
            {labelOf(row)}
          </option>
        ))}
      </select>
      {info && (
        <div class="group script">
          {info.options.map((option) => (
            <FieldOf
              key={`${info.name} ${option.name}`}
              field={{ ...option, group: '' } as Field}
              trouble={troubleWith(option.name)}
              to={{
                value: options[option.name] ?? (option.default as Field['default']),
                isSet: option.name in options,
                set: (value) => setOption(option.name, value),
                reset: () => setOption(option.name, null),
              }}
            />
          ))}
        </div>
      )}
    </div>
  );
}
