// Many files through the same request: each with how far it is, and all that came out in one zip.

import { thumbnailUrl } from '../api/client';
import type { Job } from '../api/types';
import { t } from '../i18n';
import { packing, saveZip } from '../state/archive';
import { type BatchFile, batchFiles, batchMade, batchRows, batchWaits, cancelBatch, dropFile } from '../state/batch';
import { isOpen } from '../state/jobs';
import { openSheet } from '../state/sheets';
import { choose } from './FileInputs';
import { Icon, IconButton } from './Icon';
import { shortProgress } from './PlanLine';
import { Stored } from './Stored';

function stateOf(row: BatchFile, job: Job | null): string {
  if (row.trouble) return t('state.failed');
  if (row.wanted) return t('batch.wanted');
  if (row.made) return t('state.done');
  if (!job) return t('batch.waiting');
  return isOpen(job) ? shortProgress(job) : t(`state.${job.state}`);
}

function Row({ row, job }: { row: BatchFile; job: Job | null }) {
  const { made } = row;
  const runs = !made && job?.state === 'running';
  const inside = (
    <>
      {made ? <img src={thumbnailUrl(made)} alt="" /> : <Stored hash={row.hash} alt={row.name} />}
      <span class={row.trouble ? 'tag failed' : 'tag'}>{stateOf(row, job)}</span>
      {runs && <span class="part" style={{ width: `${job.progress.fraction * 100}%` }} />}
    </>
  );
  return (
    <li>
      {made ? (
        <button type="button" class="tile" aria-label={row.name} onClick={() => openSheet('history', made.id)}>
          {inside}
        </button>
      ) : (
        <div class="tile">{inside}</div>
      )}
      <div class="row between">
        <span class="name" title={row.name}>
          {row.name}
        </span>
        <IconButton icon="close" label={t('remove', { name: row.name })} perform={() => dropFile(row)} small />
      </div>
      {row.trouble && <p class="trouble">{row.trouble}</p>}
    </li>
  );
}

export function Batch() {
  const rows = batchRows.value;
  const made = batchMade.value;
  const waits = batchWaits.value.length;
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
      <div class="row wrap">
        <span class="grow" aria-live="polite">
          {t('batch.done', { n: made.length, of: rows.length })}
        </span>
        {waits > 0 && (
          <button type="button" class="button small" onClick={() => void cancelBatch()}>
            {t('batch.cancel')}
          </button>
        )}
        {made.length > 0 && (
          <button type="button" class="button small" disabled={packing.value} onClick={() => void saveZip(made)}>
            <Icon name="download" />
            {t('zip.chosen', { n: made.length })}
          </button>
        )}
        <button type="button" class="button small" onClick={() => choose('batch')}>
          <Icon name="plus" />
          {t('batch.add')}
        </button>
        <button
          type="button"
          class="button small"
          disabled={waits > 0}
          onClick={() => {
            batchFiles.value = [];
          }}
        >
          {t('batch.clear')}
        </button>
      </div>
      <ul class="gallery">
        {rows.map(({ row, job }) => (
          <Row key={row.id} row={row} job={job} />
        ))}
      </ul>
    </div>
  );
}
