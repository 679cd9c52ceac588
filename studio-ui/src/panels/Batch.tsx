// Many files through the same request.

import { fileUrl } from '../api/client';
import { t } from '../i18n';
import { batchFiles, dropFile, jobs } from '../state/jobs';
import { choose } from './FileInputs';
import { Icon, IconButton } from './Icon';

export function Batch() {
  const rows = batchFiles.value;
  if (!rows.length) {
    return (
      <div class="invitation">
        <Icon name="picture" />
        <h2>{t('batch.drop')}</h2>
        <button type="button" class="button" onClick={() => choose('batch')}>
          <Icon name="open" />
          {t('open')}
        </button>
      </div>
    );
  }
  return (
    <div class="batch">
      <ul class="gallery">
        {rows.map((row) => {
          const job = row.job ? jobs.value.get(row.job) : undefined;
          const made = job?.pictures[0];
          const state = row.trouble ?? (job ? t(`state.${job.state}`) : t('batch.waiting'));
          return (
            <li key={row.url}>
              <div class="tile">
                <img src={made ? fileUrl(made) : row.url} alt={row.file.name} />
                <span class="tag">{state}</span>
              </div>
              <div class="row between">
                <span class="name" title={row.file.name}>
                  {row.file.name}
                </span>
                <IconButton
                  icon="close"
                  label={t('remove', { name: row.file.name })}
                  perform={() => dropFile(row)}
                  small
                />
              </div>
            </li>
          );
        })}
      </ul>
      <div class="row">
        <button type="button" class="button" onClick={() => choose('batch')}>
          <Icon name="plus" />
          {t('batch.add')}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            for (const row of batchFiles.peek()) dropFile(row);
          }}
        >
          {t('batch.clear')}
        </button>
      </div>
    </div>
  );
}
