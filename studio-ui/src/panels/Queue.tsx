// What runs and what waits, of this tab and of others.

import { t } from '../i18n';
import { cancel, isOpen, isOurs, jobs } from '../state/jobs';
import { IconButton } from './Icon';
import { describeProgress } from './PlanLine';
import { Sheet } from './Sheet';

const SHOWN = 30;

export function Queue() {
  const rows = [...jobs.value.values()]
    .sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || String(b.created).localeCompare(String(a.created)))
    .slice(0, SHOWN);
  return (
    <Sheet title={t('queue')} width="narrow">
      {rows.length === 0 && <p class="dim">{t('queue.none')}</p>}
      <ul class="list">
        {rows.map((job) => (
          <li key={job.id}>
            <div class="grow">
              <div class="one-line">{String(job.request.prompt ?? '') || t('prompt.empty')}</div>
              <div class="dim">
                {t(`state.${job.state}`)}
                {isOpen(job) && ` · ${describeProgress(job)}`}
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
