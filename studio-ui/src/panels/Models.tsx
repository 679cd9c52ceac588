// The models that were found; one is chosen for the requests of this page.

import { signal } from '@preact/signals';
import { bytes, t } from '../i18n';
import { complain } from '../state/notices';
import { read, setValue } from '../state/request';
import { info, models, refreshModels } from '../state/server';
import { Sheet } from './Sheet';

const looking = signal(false);

const chosenModel = (): string => String(read('model') ?? info.value?.model ?? models.value[0]?.name ?? BUILTIN);

/** The name that the server gives to the model in the package. */
const BUILTIN = 'builtin';
export const shownName = (name: string): string => (name === BUILTIN ? t('model.builtin') : name);
export const modelName = (): string => shownName(chosenModel());

async function lookAgain(): Promise<void> {
  looking.value = true;
  await refreshModels().catch(complain);
  looking.value = false;
}

export function Models() {
  const chosen = chosenModel();
  return (
    <Sheet
      title={t('models')}
      width="narrow"
      tools={
        <button type="button" class="button small" onClick={lookAgain} disabled={looking.value}>
          {t('models.refresh')}
        </button>
      }
    >
      <ul class="list">
        {models.value.map((model) => (
          <li key={model.name}>
            <label class="row grow">
              <input
                class="check"
                type="radio"
                name="model"
                checked={model.name === chosen}
                onChange={() => setValue('model', model.name)}
              />
              <span class="grow">
                <span class="one-line">{shownName(model.name)}</span>
                <span class="dim one-line">
                  {[
                    model.family.toUpperCase(),
                    `${model.native_size} px`,
                    bytes(model.size_bytes),
                    model.inpaint ? t('models.inpaint') : null,
                    model.licence,
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <p class="dim">{t('models.help')}</p>
      {info.value && (
        <p class="dim">{t('models.server', { version: info.value.version, device: info.value.device })}</p>
      )}
    </Sheet>
  );
}
