// Layers: the edits of a picture over each other, the newest on top, and what they show together.

import { useState } from 'preact/hooks';
import { chainUrl, layerUrl } from '../api/client';
import type { Chain, ChainStep } from '../api/types';
import { isDue } from '../arrange';
import { number, t } from '../i18n';
import { cancel, jobs } from '../state/jobs';
import {
  alter,
  chain,
  changing,
  edition,
  move,
  remove,
  runAgain,
  runAll,
  running,
  saveAs,
  takeToCanvas,
  trouble,
} from '../state/layers';
import { shownName } from '../state/model';
import { choose } from './FileInputs';
import { Icon, IconButton } from './Icon';
import { describeProgress } from './PlanLine';
import { Sheet } from './Sheet';

const MOVES: Readonly<Record<string, number>> = { ArrowUp: 1, ArrowDown: -1 };

/** Move a step; what had the focus in its row keeps it. */
async function moveRow(row: HTMLElement, of: Chain, id: string, by: number): Promise<void> {
  const held = document.activeElement;
  await move(of, id, by);
  requestAnimationFrame(() => {
    const usable = held instanceof HTMLElement && row.contains(held) && !held.matches(':disabled');
    (usable ? held : row.querySelector('input'))?.focus();
  });
}

function Run({ of, step }: { of: Chain; step: ChainStep }) {
  const now = running.value;
  if (now?.step !== step.id) {
    return (
      <div class="row wrap">
        <span class="stale">{t('layers.stale')}</span>
        <button type="button" class="button small" disabled={now !== null} onClick={() => void runAgain(of, step)}>
          <Icon name="play" />
          {t('layers.run')}
        </button>
      </div>
    );
  }
  const job = now.job === null ? undefined : jobs.value.get(now.job);
  return (
    <div class="row">
      <div class="grow">
        <div class="dim">{job ? describeProgress(job) : t('state.queued')}</div>
        <div class="bar">
          <i style={{ width: `${(job?.progress.fraction ?? 0) * 100}%` }} />
        </div>
      </div>
      {job && <IconButton icon="close" label={t('cancel')} perform={() => void cancel(job.id)} small />}
    </div>
  );
}

interface StepRowProps {
  of: Chain;
  step: ChainStep;
  place: number;
  point: (step: ChainStep | null) => void;
}

function StepRow({ of, step, place, point }: StepRowProps) {
  const name = step.label || step.prompt || t('prompt.empty');
  const facts = [t('seed.of', { seed: step.seed }), shownName(step.model), ...(step.muted ? [t('layers.muted')] : [])];
  const mover = (by: number) => (event: Event) =>
    void moveRow((event.currentTarget as Element).closest('li')!, of, step.id, by);
  return (
    <li
      class={step.muted ? 'muted' : ''}
      onPointerEnter={() => point(step)}
      onPointerLeave={() => point(null)}
      onFocusIn={() => point(step)}
      onFocusOut={() => point(null)}
      onKeyDown={(event) => {
        const by = event.altKey ? MOVES[event.key] : undefined;
        if (by === undefined) return;
        event.preventDefault();
        mover(by)(event);
      }}
    >
      <span class="layer">
        <img src={layerUrl(of.id, step.id)} alt="" loading="lazy" />
      </span>
      <div class="grow">
        <input
          class="input quiet"
          aria-label={t('layers.name')}
          title={name}
          placeholder={step.prompt || t('prompt.empty')}
          maxLength={200}
          value={step.label}
          onChange={(event) => void alter(of, step.id, { label: event.currentTarget.value })}
        />
        <div class="dim one-line">{facts.join(' · ')}</div>
        {(isDue(step) || running.value?.step === step.id) && <Run of={of} step={step} />}
      </div>
      <IconButton
        icon="eye"
        label={t('layers.eye', { name })}
        pressed={!step.muted}
        perform={() => void alter(of, step.id, { muted: !step.muted })}
      />
      <IconButton
        icon="up"
        label={t('layers.up', { name })}
        keys="Alt+ArrowUp"
        disabled={place === of.steps.length - 1}
        perform={mover(1)}
      />
      <IconButton
        icon="down"
        label={t('layers.down', { name })}
        keys="Alt+ArrowDown"
        disabled={place === 0}
        perform={mover(-1)}
      />
      <IconButton icon="clear" label={t('remove', { name })} perform={() => void remove(of, step.id)} />
    </li>
  );
}

function Shown({ of, pointed }: { of: Chain; pointed: ChainStep | undefined }) {
  const [left, top, right, bottom] = pointed?.box ?? [0, 0, 0, 0];
  const across = (x: number) => `${(100 * x) / of.width}%`;
  const down = (y: number) => `${(100 * y) / of.height}%`;
  return (
    <figure style={{ '--ratio': of.width / of.height }}>
      <img src={chainUrl(of.id, edition.value)} alt={t('layers.picture')} />
      {right > left && (
        <span style={{ left: across(left), top: down(top), width: across(right - left), height: down(bottom - top) }} />
      )}
    </figure>
  );
}

function Acts({ of }: { of: Chain }) {
  return (
    <div class="row wrap">
      <button type="button" class="button primary" title={t('merge.apply.help')} onClick={() => void takeToCanvas(of)}>
        {t('layers.take')}
      </button>
      <button type="button" class="button" title={t('layers.save.help')} onClick={() => void saveAs(of, 'pentimento')}>
        <Icon name="download" />
        {t('layers.save')}
      </button>
      <button type="button" class="button" title={t('layers.ora.help')} onClick={() => void saveAs(of, 'ora')}>
        <Icon name="download" />
        {t('layers.ora')}
      </button>
    </div>
  );
}

function Whole({ of }: { of: Chain }) {
  const [pointed, point] = useState<string | null>(null);
  const due = of.steps.filter(isDue).length;
  const share = number((100 * of.untouched_pixels) / (of.width * of.height), 1);
  return (
    <div class="layers" aria-busy={changing.value}>
      <div>
        <Shown of={of} pointed={of.steps.find((step) => step.id === pointed)} />
        <Acts of={of} />
      </div>
      <div>
        <p class="dim">{of.steps.length ? t('layers.help', { share }) : t('layers.none')}</p>
        {due > 1 && (
          <div class="due" role="status">
            <p>{t('layers.due')}</p>
            <button
              type="button"
              class="button small"
              disabled={running.value !== null}
              onClick={() => void runAll(of)}
            >
              <Icon name="play" />
              {t('layers.runAll', { n: due })}
            </button>
          </div>
        )}
        <ul class="list">
          {of.steps
            .map((step, place) => (
              <StepRow key={step.id} of={of} step={step} place={place} point={(one) => point(one?.id ?? null)} />
            ))
            .reverse()}
          <li>
            <span class="layer">
              <img src={chainUrl(of.id, 0, 0)} alt="" />
            </span>
            <div class="grow">
              <div>{t('version.original')}</div>
              <div class="dim">
                {of.width} × {of.height}
              </div>
            </div>
          </li>
        </ul>
      </div>
    </div>
  );
}

export function Layers() {
  const shown = chain.value;
  return (
    <Sheet
      title={t('layers')}
      width="wide"
      tools={
        <button type="button" class="button small" onClick={() => choose('project')}>
          <Icon name="open" />
          {t('layers.open')}
        </button>
      }
    >
      {trouble.value && (
        <p class="trouble" role="alert">
          {trouble.value}
        </p>
      )}
      {shown ? <Whole key={shown.id} of={shown} /> : !trouble.value && <p class="dim">{t('layers.coming')}</p>}
    </Sheet>
  );
}
