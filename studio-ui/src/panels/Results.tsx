// The right panel: variants, ways of looking at them, and what can be done with the one that is looked at.

import { fileUrl, thumbnailUrl } from '../api/client';
import type { Job, Picture } from '../api/types';
import type { CompareMode } from '../canvas';
import { t } from '../i18n';
import { shownAs } from '../keys';
import { save } from '../save';
import { saveZip } from '../state/archive';
import { blobOf, compare, editor, openVersion, picture, versions } from '../state/document';
import { takePicture } from '../state/history';
import { ours, preview } from '../state/jobs';
import { madeOnCanvas, openLayers } from '../state/layers';
import { beginMerge, canMerge, merging } from '../state/merge';
import { complain } from '../state/notices';
import { modeRow } from '../state/request';
import { accept, check, current, look, removeResult, results, reuseSeed, selected, shownAlone } from '../state/results';
import { openSheet } from '../state/sheets';
import { Icon, IconButton, type IconName } from './Icon';
import { Menu, type MenuRow } from './Menu';

const LOOKS = ['slider', 'blink', 'difference', 'footprint'] as const satisfies readonly (CompareMode & IconName)[];

function Pending({ job }: { job: Job }) {
  const live = preview.value?.job === job.id ? preview.value.jpeg : null;
  return (
    <div class="tile" role="img" aria-label={t(`state.${job.state}`)}>
      {live && <img src={live} alt="" />}
      <span class="tag">{t(`state.${job.state}`)}</span>
      <span class="part" style={{ width: `${job.progress.fraction * 100}%` }} />
    </div>
  );
}

function Tile({ made, place }: { made: Picture; place: number }) {
  const chosen = selected.value === made.id;
  return (
    <button
      type="button"
      class="tile"
      aria-pressed={chosen}
      aria-label={t('result.n', { n: place + 1, seed: made.seed })}
      title={made.prompt}
      onClick={() => look(chosen ? null : made.id)}
      onDblClick={() => void accept(made)}
    >
      <img src={thumbnailUrl(made)} alt="" loading="lazy" onError={() => void check(made.id)} />
      <span class="tag">{place + 1}</span>
    </button>
  );
}

function Looks() {
  const now = compare.value;
  const peek = shownAs('peek');
  const usable = shownAlone.value === null && now?.index != null;
  return (
    <fieldset class="looks" aria-label={t('looks')}>
      <button
        type="button"
        class="icon"
        title={`${peek.label}  ${peek.keys}`}
        aria-label={peek.label}
        aria-keyshortcuts={peek.keys}
        disabled={!usable}
        aria-pressed={now?.peeking ?? false}
        onPointerDown={() => editor.peek()?.peek(true)}
        onPointerUp={() => editor.peek()?.peek(false)}
        onPointerLeave={() => editor.peek()?.peek(false)}
      >
        <Icon name="eye" />
      </button>
      {LOOKS.map((name) => (
        <IconButton
          key={name}
          icon={name}
          {...shownAs(name)}
          pressed={usable && now?.mode === name}
          disabled={!usable}
          perform={() => editor.peek()?.setCompare(now?.mode === name ? 'variant' : name)}
        />
      ))}
    </fieldset>
  );
}

const ENDING = /\.\w{2,4}$/;

async function savePicture(): Promise<void> {
  const row = versions.peek().find((version) => version.hash === picture.peek()?.hash);
  if (row) save(await blobOf(row.hash), ENDING.test(row.name) ? row.name : `${row.name}.png`);
}

function Versions() {
  const rows = versions.value;
  if (rows.length < 2) return null;
  const made = madeOnCanvas.value;
  return (
    <div class="version">
      <label class="dim" for="version">
        {t('source')}
      </label>
      <div class="row">
        <select
          id="version"
          class="select grow"
          value={picture.value?.hash ?? ''}
          onChange={(event) => {
            const row = rows.find((version) => version.hash === event.currentTarget.value);
            if (row) void openVersion(row).catch(complain);
          }}
        >
          {rows.map((row, place) => (
            <option key={row.hash} value={row.hash}>
              {place === 0 ? t('version.original') : `${place}. ${row.name}`}
            </option>
          ))}
        </select>
        {made && (
          <IconButton
            icon="layers"
            label={t('layers.ofPicture')}
            keys="Shift+L"
            perform={() => void openLayers(made)}
          />
        )}
        <IconButton icon="download" label={t('source.save')} perform={() => void savePicture().catch(complain)} />
      </div>
    </div>
  );
}

/** Several at once: those of the job of the one that is looked at, and all. */
function zips(made: Picture): MenuRow[] {
  const all = results.value;
  const ofJob = all.filter((row) => row.job === made.job);
  const row = (rows: readonly Picture[], label: string) => ({ label, perform: () => saveZip(rows) });
  return [
    ...(ofJob.length > 1 ? [row(ofJob, t('zip.job', { n: ofJob.length }))] : []),
    ...(all.length > ofJob.length ? [row(all, t('zip.all', { n: all.length }))] : []),
  ];
}

function Acts({ made }: { made: Picture }) {
  const sends = [
    { label: t('send.image'), perform: () => accept(made, 'image') },
    { label: t('send.inpaint'), perform: () => accept(made, 'inpaint') },
    { label: t('use.parameters'), perform: () => takePicture(made.id) },
    { label: t('seed.reuse'), perform: () => reuseSeed(made) },
    { label: t('layers'), perform: () => openLayers(made.id) },
    { label: t('recipe'), perform: () => openSheet('history', made.id) },
    ...zips(made),
    { label: t('result.remove'), perform: () => removeResult(made.id) },
  ];
  return (
    <>
      <button type="button" class="button primary" onClick={() => void accept(made)} title={t('accept.help')}>
        <Icon name="accept" />
        {t('accept')}
      </button>
      {canMerge.value && (
        <button type="button" class="button" onClick={beginMerge} title={`${t('merge.help')}  J`} aria-keyshortcuts="j">
          <Icon name="brush" />
          {t('merge')}
        </button>
      )}
      <div class="row">
        <a class="button grow" href={fileUrl(made, true)} download>
          <Icon name="download" />
          {t('download')}
        </a>
        <Menu icon="more" label={t('send')} rows={sends} />
      </div>
    </>
  );
}

export function Results() {
  const rows = results.value;
  const pending = ours.value;
  const shown = current.value;
  return (
    <aside class="right" aria-label={t('results')} inert={merging.value !== null}>
      <h2>{t('results')}</h2>
      {rows.length + pending.length === 0 ? (
        <p class="empty">{t('results.none')}</p>
      ) : (
        <div class="strip">
          {rows.map((made, place) => (
            <Tile key={made.id} made={made} place={place} />
          ))}
          {pending.map((job) => (
            <Pending key={job.id} job={job} />
          ))}
        </div>
      )}
      <div class="result-acts">
        {shown && (
          <p class="dim facts">
            <span>
              {shown.width} × {shown.height}
            </span>
            <span>{t('seed.of', { seed: shown.seed })}</span>
          </p>
        )}
        {rows.length > 0 && modeRow.value.picture && <Looks />}
        {modeRow.value.picture && <Versions />}
        {shown && <Acts made={shown} />}
      </div>
    </aside>
  );
}
