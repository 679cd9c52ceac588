// The middle: the canvas, what it says when it is empty, and what can be dropped on it.

import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { shownAs } from '../keys';
import { addFiles } from '../state/batch';
import { compare, missing, mountEditor, painting, picture, working } from '../state/document';
import { openExample, openFile } from '../state/exchange';
import { preview } from '../state/jobs';
import { merging } from '../state/merge';
import { mode, modeRow } from '../state/request';
import { shownAlone } from '../state/results';
import { Batch } from './Batch';
import { Margin } from './Extend';
import { choose, FileInputs } from './FileInputs';
import { Icon } from './Icon';
import { ShownChoices } from './MaskedContent';
import { Merger } from './Merge';
import { Toolbar } from './Toolbar';
import { Viewer } from './Viewer';

const dropping = signal(false);

function Invitation() {
  return (
    <div class="invitation">
      <Icon name="picture" />
      <h2>{t('drop')}</h2>
      <div class="row">
        <button type="button" class="button" onClick={() => choose('picture')}>
          <Icon name="open" />
          {t('open')}
        </button>
        <span class="dim keys">{t('drop.paste')}</span>
      </div>
      <button type="button" class="link" onClick={() => void openExample()}>
        {t('example')}
      </button>
    </div>
  );
}

/** A picture that does not lie over the source: made from words, or of another shape. */
function Alone() {
  const live = preview.value && mode.value === 'text' ? preview.value.jpeg : null;
  const result = shownAlone.value;
  if (live) return <img class="alone live" src={live} alt={t('preview')} />;
  if (result) return <Viewer picture={result} />;
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
  if (working.value) return <p class="badge">{t('mask.working')}</p>;
  if (missing() === 'need.mask' && !painting.value) return <p class="badge">{t('need.mask')}</p>;
  if (now.peeking) return <p class="badge">{t('version.original')}</p>;
  return now.index === null || now.mode === 'variant' ? null : <p class="badge">{shownAs(now.mode).label}</p>;
}

export function Stage() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => mountEditor(host.current!, t('canvas')), []);
  const merges = merging.value !== null;
  const away = merges || !modeRow.value.picture || mode.value === 'batch' || shownAlone.value !== null;
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    dropping.value = false;
    const files = merging.peek() ? [] : [...(event.dataTransfer?.files ?? [])];
    if (mode.peek() === 'batch') void addFiles(files.filter((file) => file.type.startsWith('image/')));
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
        <div ref={host} class="host" style={away || !picture.value ? { visibility: 'hidden' } : {}} />
        {!merges && (mode.value === 'batch' ? <Batch /> : <Alone />)}
        {modeRow.value.picture && mode.value !== 'batch' && !picture.value && !shownAlone.value && <Invitation />}
        {!away && <Badge />}
        {!away && <Margin />}
        <ShownChoices />
        <Merger />
      </div>
      <FileInputs />
    </main>
  );
}
