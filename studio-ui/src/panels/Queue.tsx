// What runs and what waits, of this tab and of others.

import type { Job, JobState } from '../api/types';
import { t } from '../i18n';
import { cancel, isOpen, isOurs, jobs } from '../state/jobs';
import { IconButton } from './Icon';
import { describeProgress } from './PlanLine';
import { Sheet } from './Sheet';

const SHOWN = 30;
const RANKS: readonly JobState[] = ['running', 'queued'];

/** What runs, what waits in its order, then what has ended, newest first. */
function inOrder(a: Job, b: Job): number {
  const rank = (job: Job) => (isOpen(job) ? RANKS.indexOf(job.state) : RANKS.length);
  const made = (job: Job) => new Date(job.created).getTime();
  return rank(a) - rank(b) || (isOpen(a) ? made(a) - made(b) : made(b) - made(a));
}

export function Queue() {
  const rows = [...jobs.value.values()].sort(inOrder).slice(0, SHOWN);
  return (
    <Sheet title={t('queue')} width="narrow">
      {rows.length === 0 && <p class="dim">{t('queue.none')}</p>}
      <ul class="list">
        {rows.map((job) => (
          <li key={job.id}>
            <div class="grow">
              <div class="one-line">{String(job.request.prompt ?? '') || t('prompt.empty')}</div>
              <div class="dim">
                {isOpen(job) ? describeProgress(job) : t(`state.${job.state}`)}
                {!isOurs(job.id) && ` · ${t('queue.other')}`}
                {job.error && ` · ${job.error.detail}`}
              </div>
              {job.state === 'running' && (
                <div class="bar">
                  <i style={{ width: `${job.progress.fraction * 100}%` }} />
                </div>
              )}
            </div>
            {isOpen(job) && <IconButton icon="close" label={t('cancel')} perform={() => void cancel(job.id)} />}
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
