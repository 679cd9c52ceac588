// The middle: the canvas, what it says when it is empty, and what can be dropped on it.

import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { fileUrl } from '../api/client';
import { t } from '../i18n';
import { shownAs } from '../keys';
import { compare, editor, missing, mountEditor, painting, picture } from '../state/document';
import { openExample, openFile, pasteInto } from '../state/exchange';
import { addFiles, batchFiles, dropFile, jobs, preview } from '../state/jobs';
import { mode, modeRow } from '../state/request';
import { shownAlone } from '../state/results';
import { Icon, IconButton } from './Icon';
import { ShownChoices } from './MaskedContent';
import { Toolbar } from './Toolbar';
import { Viewer } from './Viewer';

const dropping = signal(false);
export const chooseFile = (): void => document.getElementById('open-picture')?.click();

function Invitation() {
  return (
    <div class="invitation">
      <Icon name="picture" />
      <h2>{t('drop')}</h2>
      <div class="row">
        <button type="button" class="button" onClick={chooseFile}>
          <Icon name="open" />
          {t('open')}
        </button>
        <span class="dim">{t('drop.paste')}</span>
      </div>
      <button type="button" class="link" onClick={() => void openExample()}>
        {t('example')}
      </button>
    </div>
  );
}

function Batch() {
  const rows = batchFiles.value;
  if (!rows.length) {
    return (
      <div class="invitation">
        <Icon name="picture" />
        <h2>{t('batch.drop')}</h2>
        <button type="button" class="button" onClick={() => document.getElementById('open-batch')?.click()}>
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
        <button type="button" class="button" onClick={() => document.getElementById('open-batch')?.click()}>
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

/** A picture that does not lie over the source: made from words, or of another shape. */
function Alone() {
  const live = preview.value && mode.value === 'text' ? preview.value.jpeg : null;
  const result = shownAlone.value;
  if (live) return <img class="alone live" src={live} alt={t('preview')} />;
  if (result) return <Viewer picture={result.picture} />;
  if (mode.value !== 'text') return null;
  return (
    <div class="invitation">
      <Icon name="words" />
      <h2>{t('text.invite')}</h2>
      <span class="dim">{t('text.hint')}</span>
    </div>
  );
}

function Badge() {
  const now = compare.value;
  if (!now) return null;
  if (missing() === 'need.mask' && !painting.value) return <p class="badge">{t('need.mask')}</p>;
  if (now.peeking) return <p class="badge">{t('version.original')}</p>;
  return now.index === null || now.mode === 'variant' ? null : <p class="badge">{shownAs(now.mode).label}</p>;
}

export function Stage() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => mountEditor(host.current!, t('canvas')), []);
  const hidden = !modeRow.value.picture || mode.value === 'batch' || shownAlone.value !== null;
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    dropping.value = false;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (mode.peek() === 'batch') addFiles(files.filter((file) => file.type.startsWith('image/')));
    else if (files[0]) void openFile(files[0]);
  };
  return (
    <main class="stage">
      <Toolbar />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what can be dropped can be opened by a button too */}
      <div
        class={dropping.value ? 'surface dropping' : 'surface'}
        onDragOver={(event) => {
          event.preventDefault();
          dropping.value = true;
        }}
        onDragLeave={() => {
          dropping.value = false;
        }}
        onDrop={onDrop}
      >
        <div ref={host} class="host" style={hidden || !picture.value ? { visibility: 'hidden' } : {}} />
        {mode.value === 'batch' ? <Batch /> : <Alone />}
        {modeRow.value.picture && mode.value !== 'batch' && !picture.value && !shownAlone.value && <Invitation />}
        {!hidden && <Badge />}
        <ShownChoices />
      </div>
      <FileInputs />
    </main>
  );
}

/** Hidden: opened by buttons and commands. */
function FileInputs() {
  const taken = (use: (files: File[]) => void) => (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    use([...(input.files ?? [])]);
    input.value = '';
  };
  return (
    <div hidden>
      <input id="open-picture" type="file" accept="image/*" onChange={taken(([file]) => file && void openFile(file))} />
      <input
        id="open-mask"
        type="file"
        accept="image/*"
        onChange={taken(([file]) => file && void editor.peek()?.setMask(file))}
      />
      <input id="open-batch" type="file" accept="image/*" multiple onChange={taken(addFiles)} />
      <input
        id="open-recipe"
        type="file"
        accept="image/*,.txt,.json"
        onChange={taken(([file]) => file && void pasteInto(file))}
      />
    </div>
  );
}
