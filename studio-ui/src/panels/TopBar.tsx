// The top line: which model, what runs, and the page's own settings.

import { t } from '../i18n';
import { open } from '../state/jobs';
import { LANGUAGES, language, shownTheme, theme } from '../state/preferences';
import { startAfresh } from '../state/session';
import { openSheet } from '../state/sheets';
import { Icon, IconButton } from './Icon';
import { modelName } from './Models';
import { Popover } from './Popover';
import { chooseFile } from './Stage';

function Exchange() {
  const rows = [
    { label: t('open'), perform: chooseFile },
    { label: t('read'), perform: () => document.getElementById('open-recipe')?.click() },
    { label: t('write'), perform: () => openSheet('write') },
    { label: t('session.new'), perform: startAfresh },
  ];
  return (
    <Popover
      label={t('exchange')}
      button={(isOpen, flip) => <IconButton icon="read" label={t('exchange')} perform={flip} expanded={isOpen} />}
    >
      {(close) =>
        rows.map((row) => (
          <button
            type="button"
            key={row.label}
            class="item"
            onClick={() => {
              close();
              row.perform();
            }}
          >
            {row.label}
          </button>
        ))
      }
    </Popover>
  );
}

export function TopBar() {
  const waiting = open.value.length;
  const other = LANGUAGES[(LANGUAGES.indexOf(language.value) + 1) % LANGUAGES.length]!;
  return (
    <header class="top">
      <h1 class="brand" data-trace="Pentimento">
        Pentimento
      </h1>
      <button type="button" class="button model-button" onClick={() => openSheet('models')} title={t('models')}>
        <span class="dim">{t('model')}</span>
        <b>{modelName()}</b>
        <Icon name="down" />
      </button>
      <span class="spring" />
      <button type="button" class="button quiet" onClick={() => openSheet('queue')} aria-keyshortcuts="q">
        {t('queue')}
        {waiting > 0 && <span class="count">{waiting}</span>}
      </button>
      <button type="button" class="button quiet" onClick={() => openSheet('history')} aria-keyshortcuts="h">
        {t('history')}
      </button>
      <Exchange />
      <IconButton icon="keyboard" label={t('shortcuts')} keys="?" perform={() => openSheet('shortcuts')} />
      <button
        type="button"
        class="icon"
        lang={other}
        title={other === 'ru' ? 'Русский' : 'English'}
        onClick={() => {
          language.value = other;
        }}
      >
        {other}
      </button>
      <IconButton
        icon="dark"
        label={t('theme')}
        perform={() => {
          theme.value = shownTheme() === 'dark' ? 'light' : 'dark';
        }}
      />
    </header>
  );
}
