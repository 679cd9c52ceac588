// Parameters under a name, for another day.

import { useState } from 'preact/hooks';
import type { Values } from '../api/types';
import { t } from '../i18n';
import { takeRequest } from '../state/exchange';
import { presets } from '../state/preferences';
import { changed } from '../state/request';
import { IconButton } from './Icon';
import { Popover } from './Popover';

function Save({ done }: { done: () => void }) {
  const [name, setName] = useState('');
  const save = (event: Event) => {
    event.preventDefault();
    if (!name.trim()) return;
    presets.value = { ...presets.value, [name.trim()]: changed.peek() };
    done();
  };
  return (
    <form class="row" onSubmit={save}>
      <input
        class="input"
        value={name}
        placeholder={t('presets.name')}
        aria-label={t('presets.name')}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit" class="button small" disabled={!name.trim()}>
        {t('presets.save')}
      </button>
    </form>
  );
}

function forget(name: string): void {
  presets.value = Object.fromEntries(Object.entries(presets.value).filter(([other]) => other !== name));
}

export const Presets = () => (
  <Popover
    label={t('presets')}
    button={(open, flip) => (
      <button type="button" class="button small quiet" aria-expanded={open} onClick={flip}>
        {t('presets')}
      </button>
    )}
  >
    {(close) => (
      <>
        {Object.entries(presets.value).map(([name, values]) => (
          <div key={name} class="row">
            <button
              type="button"
              class="item grow"
              onClick={() => {
                close();
                takeRequest(values as Values);
              }}
            >
              {name}
            </button>
            <IconButton icon="close" label={t('remove', { name })} perform={() => forget(name)} small />
          </div>
        ))}
        <Save done={close} />
      </>
    )}
  </Popover>
);
