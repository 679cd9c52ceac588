// What will be done, and what should be known before; while a job runs, how far it is.

import type { Job, Plan, Warning } from '../api/types';
import { bytes, duration, labelOf, number, t } from '../i18n';
import { warningText } from '../i18n/described';
import { batchFiles } from '../state/batch';
import { cursor, missing, picture } from '../state/document';
import { active, loading, speed } from '../state/jobs';
import { shownName } from '../state/model';
import { bare, plan, planned, type Refusal, refusal, scriptPlan, showCells, stale } from '../state/plan';
import { mode, setValues } from '../state/request';
import { scriptInfo } from '../state/script';
import { fieldOf, reachable } from '../state/server';
import { choicesOf } from './Field';
import { Icon, IconButton } from './Icon';

/** What comes before the first step: nothing is counted then. */
function beforeSteps(job: Job, whole: boolean): string | null {
  const { model } = loading.value?.job === job.id ? loading.value : { model: null };
  if (model !== null) return whole ? t('progress.loading.model', { model: shownName(model) }) : t('progress.loading');
  return job.progress.step + job.progress.picture === 0 ? t('progress.begins') : null;
}

/** For the button: how far, and how long. */
export function shortProgress(job: Job): string {
  if (job.state === 'queued') return describeProgress(job);
  const before = beforeSteps(job, false);
  if (before !== null) return before;
  const left = job.progress.seconds_left;
  return `${Math.round(job.progress.fraction * 100)} %${left ? ` · ~${duration(left)}` : ''}`;
}

export function describeProgress(job: Job): string {
  if (job.state === 'queued') {
    return job.position ? t('progress.position', { n: job.position }) : t('progress.waiting');
  }
  const before = beforeSteps(job, true);
  if (before !== null) return before;
  const { picture: place, pictures, step, steps, seconds_left } = job.progress;
  const parts = [t('progress.step', { step, steps })];
  if (pictures > 1) parts.unshift(t('progress.picture', { n: place + 1, of: pictures }));
  if (seconds_left) parts.push(`~${duration(seconds_left)}`);
  return parts.join(' · ');
}

function valueText(name: string, value: unknown): string {
  const field = fieldOf(name);
  const choice = field && choicesOf(field).find((row) => row.name === value);
  if (choice) return labelOf(choice);
  if (typeof value === 'boolean') return t(value ? 'on' : 'off');
  return typeof value === 'number' ? number(value) : String(value);
}

/** "Mask blur: 2", for the button that mends. */
const fixText = (fix: Warning['fix']): string =>
  Object.entries(fix)
    .map(([name, value]) => {
      const field = fieldOf(name);
      return `${field ? labelOf(field) : name}: ${valueText(name, value)}`;
    })
    .join(', ');

const WarningLine = ({ warning }: { warning: Warning }) => (
  <li>
    <span class="mark" aria-hidden="true">
      !
    </span>
    <p>{warningText(warning)}</p>
    {Object.keys(warning.fix).length > 0 && (
      <button type="button" class="button small" onClick={() => setValues(warning.fix)}>
        {fixText(warning.fix)}
      </button>
    )}
  </li>
);

/** What the empty canvas and the empty mask already say is not said twice. */
const SAID = ['mask_empty'];

function Running({ job }: { job: Job }) {
  const rate = speed.value?.steps_per_second;
  return (
    <span>
      <b>{describeProgress(job)}</b>
      {rate ? ` · ${t('speed', { n: number(rate, 1) })}` : ''}
    </span>
  );
}

function Facts({ now, runs, warnings }: { now: Plan; runs: boolean; warnings: number }) {
  const share = (100 * now.latent_cells_repainted) / Math.max(1, now.latent_cells);
  const [w, h] = now.working_size;
  const all = scriptPlan.value;
  const { seconds, memory_bytes } = all ?? now;
  return (
    <>
      {!runs && (
        <span>
          <b>
            {all
              ? t('plan.script', { n: all.pictures + Number(all.page), runs: all.runs })
              : t('plan.steps', { n: now.steps, of: now.steps_requested })}
          </b>
        </span>
      )}
      {now.box && <span>{t('plan.box', { w: now.box[2] - now.box[0], h: now.box[3] - now.box[1] })}</span>}
      <span>{t('plan.working', { w, h })}</span>
      {planned.value?.mask && <span>{t('plan.repaints', { share: number(share, share < 10 ? 1 : 0) })}</span>}
      {!runs && seconds ? <span>~{duration(seconds)}</span> : null}
      {!runs && <span>{bytes(memory_bytes)}</span>}
      {warnings > 0 && (
        <span class="mark" title={t('warnings')}>
          ⚠ {warnings}
        </span>
      )}
    </>
  );
}

/** Where the pointer is, or how large the picture is. */
function Place() {
  const source = picture.value;
  const at = cursor.value;
  if (!source || mode.value === 'text') return null;
  return (
    <span class="place">{at ? `${Math.floor(at.x)}, ${Math.floor(at.y)}` : `${source.width} × ${source.height}`}</span>
  );
}

/** A refusal that calls its field by the name on the page. */
function refusalText({ detail, field }: Refusal): string {
  const row = field === null ? null : (fieldOf(field) ?? scriptInfo.value?.options.find(({ name }) => name === field));
  return row ? `${labelOf(row)}: ${bare(detail, row.name)}` : detail;
}

/** What stands there while there is no plan. */
function nothingPlanned(): string {
  if (reachable.value === null) return t('server.asking');
  const files = batchFiles.value.length;
  return mode.value === 'batch' && files ? t('plan.batch', { n: files }) : t('plan.none');
}

export function PlanLine() {
  const now = plan.value;
  const job = active.value;
  const runs = job?.state === 'running';
  const ready = now && mode.value !== 'batch' && missing() === null;
  const warnings = ready ? (scriptPlan.value ?? now).warnings.filter((row) => !SAID.includes(row.code)) : [];
  return (
    <section class="plan" aria-label={t('plan')} aria-busy={stale.value}>
      <div class="line">
        <div class={stale.value && now ? 'facts stale' : 'facts'}>
          {job && runs && <Running job={job} />}
          {ready && <Facts now={now} runs={runs} warnings={warnings.length} />}
          {!now && !refusal.value && !job && <span>{nothingPlanned()}</span>}
        </div>
        <Place />
        {planned.value?.mask && (
          <IconButton
            icon="cells"
            label={t('plan.cells')}
            pressed={showCells.value}
            perform={() => {
              showCells.value = !showCells.value;
            }}
            small
          />
        )}
      </div>
      {(warnings.length > 0 || refusal.value) && (
        <ul class="warnings" aria-label={t('warnings')} aria-live="polite">
          {refusal.value && (
            <li>
              <span class="mark">
                <Icon name="close" />
              </span>
              <p>{refusalText(refusal.value)}</p>
            </li>
          )}
          {warnings.map((warning) => (
            <WarningLine key={warning.code} warning={warning} />
          ))}
        </ul>
      )}
    </section>
  );
}
