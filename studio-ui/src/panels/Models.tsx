// The models that are here, one of which is chosen; those that can be fetched; and those of other programs.

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Model } from '../api/types';
import { bytes, t } from '../i18n';
import { loading } from '../state/jobs';
import { chosenModel, shownName } from '../state/model';
import { complain } from '../state/notices';
import { setValue } from '../state/request';
import { info, models, refreshModels } from '../state/server';
import { Catalogue } from './Catalogue';
import { Segments } from './controls';
import { Folders } from './Folders';
import { Sheet } from './Sheet';

const looking = signal(false);

async function lookAgain(): Promise<void> {
  looking.value = true;
  await refreshModels().catch(complain);
  looking.value = false;
}

function state(model: Model): string | null {
  if (loading.value?.model === model.name) return t('models.loading');
  return model.loaded ? t('models.loaded') : null;
}

function Row({ model, chosen }: { model: Model; chosen: boolean }) {
  const facts = [
    model.family.toUpperCase(),
    `${model.native_size} px`,
    bytes(model.size_bytes),
    model.inpaint ? t('models.inpaint') : null,
    model.licence,
    state(model),
  ];
  return (
    <li>
      <label class="row grow">
        <input
          class="check"
          type="radio"
          name="model"
          checked={chosen}
          onChange={() => setValue('model', model.name)}
        />
        <span class="grow">
          <span class="one-line">{shownName(model.name)}</span>
          <span class="dim one-line">{facts.filter(Boolean).join(' · ')}</span>
          {model.folder && (
            <span class="dim one-line" title={model.folder}>
              {model.folder}
            </span>
          )}
        </span>
      </label>
    </li>
  );
}

function Installed() {
  const chosen = chosenModel();
  return (
    <>
      <ul class="list">
        {models.value.map((model) => (
          <Row key={model.name} model={model} chosen={model.name === chosen} />
        ))}
      </ul>
      <p class="dim">{t('models.help')}</p>
      {info.value && (
        <p class="dim">{t('models.server', { version: info.value.version, device: info.value.device })}</p>
      )}
    </>
  );
}

const VIEWS: Readonly<Record<string, () => ComponentChildren>> = {
  installed: Installed,
  catalogue: Catalogue,
  folders: Folders,
};
const view = signal('installed');

export function Models() {
  useEffect(() => void lookAgain(), []);
  const View = VIEWS[view.value]!;
  const rows = [
    { name: 'installed', label: `${t('models.installed')} (${models.value.length})` },
    { name: 'catalogue', label: t('models.catalogue') },
    { name: 'folders', label: t('models.folders') },
  ];
  return (
    <Sheet
      title={t('models')}
      tools={
        <button type="button" class="button small" onClick={lookAgain} disabled={looking.value}>
          {t('models.refresh')}
        </button>
      }
    >
      <div class="tabs">
        <Segments
          name="models"
          label={t('models')}
          rows={rows}
          value={view.value}
          set={(name) => {
            view.value = name;
          }}
        />
      </div>
      <View />
    </Sheet>
  );
}
