// The top line: which model, what runs, and the page's own settings.

import { speak, t } from '../i18n';
import { open } from '../state/jobs';
import { modelName } from '../state/model';
import { complain } from '../state/notices';
import { LANGUAGES, language, shownTheme, theme } from '../state/preferences';
import { startAfresh } from '../state/session';
import { openSheet } from '../state/sheets';
import { choose } from './FileInputs';
import { Icon, IconButton } from './Icon';
import { Menu } from './Menu';

function Exchange() {
  const rows = [
    { label: t('open'), perform: () => choose('picture') },
    { label: t('layers.open'), perform: () => choose('project') },
    { label: t('read'), perform: () => choose('recipe') },
    { label: t('write'), perform: () => openSheet('write') },
    { label: t('session.new'), perform: startAfresh },
  ];
  return <Menu icon="open" label={t('exchange')} rows={rows} />;
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
      <a class="button quiet" href={`guide/${language.value}/index.html`} target="_blank" rel="noopener">
        {t('guide')}
      </a>
      <Exchange />
      <IconButton icon="keyboard" label={t('shortcuts')} keys="?" perform={() => openSheet('shortcuts')} />
      <button
        type="button"
        class="icon"
        lang={other}
        title={other === 'ru' ? 'Русский' : 'English'}
        onClick={() => void speak(other).catch(complain)}
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
