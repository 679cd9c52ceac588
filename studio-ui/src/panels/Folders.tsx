// Folders of models: the server's own, and those of other programs that were found on its machine.

import { useEffect } from 'preact/hooks';
import type { Folder } from '../api/types';
import { t } from '../i18n';
import { findFolders, folders, leaveFolder, lookInFolder } from '../state/downloads';

function Row({ folder }: { folder: Folder }) {
  const facts = [
    folder.application ?? t('folders.own'),
    folder.models === null ? null : t('folders.models', { n: folder.models }),
  ];
  return (
    <li>
      <div class="grow">
        <div class="one-line" title={folder.path}>
          {folder.path}
        </div>
        <div class="dim">{facts.filter(Boolean).join(' · ')}</div>
      </div>
      {folder.added && (
        <button type="button" class="button small" onClick={() => void leaveFolder(folder.path)}>
          {t('folders.leave')}
        </button>
      )}
      {!folder.used && (
        <button type="button" class="button small" onClick={() => void lookInFolder(folder.path)}>
          {t('folders.use')}
        </button>
      )}
    </li>
  );
}

export function Folders() {
  useEffect(() => void findFolders(), []);
  const rows = folders.value;
  const found = rows?.some((row) => row.application !== null);
  return (
    <>
      <p class="dim">{t('folders.help')}</p>
      {rows === null && <p class="dim">{t('folders.looking')}</p>}
      <ul class="list">
        {rows?.map((row) => (
          <Row key={row.path} folder={row} />
        ))}
      </ul>
      {rows !== null && !found && <p class="dim">{t('folders.none')}</p>}
    </>
  );
}
