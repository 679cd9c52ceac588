// The button of the page; while a job runs it cancels.

import type { Job } from '../api/types';
import { t } from '../i18n';
import { batchFiles, batchMade, batchWaits, cancelActive, generateBatch } from '../state/batch';
import { missing } from '../state/document';
import { active, generate, ours, sending } from '../state/jobs';
import { flipLive, live } from '../state/live';
import { mode } from '../state/request';
import { reachable } from '../state/server';
import { shortProgress } from './PlanLine';

/** How far it is: the job, or of a batch all of it. */
function progressOf(job: Job, batch: boolean): { fraction: number; text: string } {
  const of = batchFiles.value.length;
  if (!batch || !batchWaits.value.length) return { fraction: job.progress.fraction, text: shortProgress(job) };
  const n = batchMade.value.length;
  return { fraction: n / of, text: t('batch.done', { n, of }) };
}

export function Generate() {
  const job = active.value;
  const lacking = missing();
  const batch = mode.value === 'batch';
  const perform = batch ? generateBatch : generate;
  const disabled = !reachable.value || sending.value || lacking !== null || (batch && !batchFiles.value.length);
  const waiting = ours.value.length - 1;
  const progress = job && progressOf(job, batch);
  return (
    <div class="act">
      {lacking === 'need.mask' && (
        <p class="dim" id="lacking">
          {t('need.mask')}{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              mode.value = 'image';
            }}
          >
            {t('need.mask.whole')}
          </button>
        </p>
      )}
      {!batch && (
        <label class="toggle" title={t('live.help')}>
          <input type="checkbox" checked={live.value} onChange={flipLive} />
          {t('live')}
        </label>
      )}
      {progress ? (
        <>
          <button
            type="button"
            class="button generate running"
            onClick={() => void cancelActive()}
            aria-keyshortcuts="Escape"
          >
            <span class="part" style={{ width: `${progress.fraction * 100}%` }} />
            <span>{t(batch ? 'batch.cancel' : 'cancel')}</span>
            <span class="dim">{progress.text}</span>
            <kbd>Esc</kbd>
          </button>
          {!batch && (
            <button type="button" class="button" onClick={() => perform()} disabled={disabled}>
              {t('generate.next')}
              {waiting > 0 && <span class="count">{waiting}</span>}
            </button>
          )}
        </>
      ) : (
        <button
          type="button"
          class="button primary generate"
          onClick={() => perform()}
          disabled={disabled}
          aria-keyshortcuts="Control+Enter"
          aria-describedby={lacking === 'need.mask' ? 'lacking' : undefined}
        >
          {t(batch ? 'generate.batch' : 'generate')}
          <kbd>Ctrl ↵</kbd>
        </button>
      )}
    </div>
  );
}
