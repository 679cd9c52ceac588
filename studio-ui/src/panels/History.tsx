// The history: everything that was made, found by words, with its recipe.

import { useEffect, useRef } from 'preact/hooks';
import { fileUrl, thumbnailUrl } from '../api/client';
import type { PictureDetail } from '../api/types';
import { bytes, moment, t } from '../i18n';
import { packing, saveZip } from '../state/archive';
import { copy, openFromServer } from '../state/exchange';
import {
  bring,
  bringBack,
  chosen,
  detail,
  emptyTrash,
  favour,
  flipChosen,
  found,
  inTrash,
  next,
  onlyFavourites,
  open,
  rerun,
  search,
  searching,
  takePicture,
  throwAway,
  words,
} from '../state/history';
import { openLayers } from '../state/layers';
import { shownName } from '../state/model';
import { closeSheet, sheet } from '../state/sheets';
import { Icon, IconButton } from './Icon';
import { Sheet } from './Sheet';

const WAIT_MS = 250;

function Recipe({ row }: { row: PictureDetail }) {
  const whole = useRef<HTMLElement>(null);
  // In a narrow window it stands above the pictures.
  useEffect(() => whole.current!.scrollIntoView({ block: 'nearest' }), []);
  const facts = [
    [t('fact.made'), moment(row.created)],
    [t('fact.size'), `${row.width} × ${row.height}, ${bytes(row.bytes)}`],
    [t('fact.seed'), String(row.seed)],
    [t('fact.model'), shownName(row.model)],
  ];
  const leave = (perform: () => unknown) => () => {
    closeSheet();
    void perform();
  };
  return (
    <section ref={whole} class="detail" aria-label={t('recipe')}>
      <img src={fileUrl(row)} alt={row.prompt || t('result')} />
      <p>{row.prompt || <span class="dim">{t('prompt.empty')}</span>}</p>
      <dl class="facts-list">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      <div class="row wrap">
        <button type="button" class="button small" onClick={leave(() => openFromServer(row.id, 'image'))}>
          {t('send.image')}
        </button>
        <button type="button" class="button small" onClick={leave(() => openFromServer(row.id, 'inpaint'))}>
          {t('send.inpaint')}
        </button>
        <button type="button" class="button small" onClick={leave(() => bring(row))}>
          {t('history.show')}
        </button>
        <button type="button" class="button small" onClick={() => void openLayers(row.id)}>
          {t('layers')}
        </button>
        {row.request && (
          <>
            <button type="button" class="button small" onClick={leave(() => takePicture(row.id))}>
              {t('use.parameters')}
            </button>
            <button type="button" class="button small" onClick={leave(() => rerun(row))}>
              <Icon name="play" />
              {t('history.rerun')}
            </button>
          </>
        )}
      </div>
      <div class="row">
        <IconButton
          icon="star"
          label={t('favourite')}
          pressed={row.favourite}
          filled={row.favourite}
          perform={() => void favour(row)}
        />
        <a class="icon" href={fileUrl(row, true)} download title={t('download')} aria-label={t('download')}>
          <Icon name="download" />
        </a>
        <IconButton icon="copy" label={t('history.copy')} perform={() => void copy(row.infotext)} />
        {row.trashed ? (
          <IconButton icon="undo" label={t('history.restore')} perform={() => void bringBack(row)} />
        ) : (
          <IconButton icon="clear" label={t('history.trash')} perform={() => void throwAway(row)} />
        )}
      </div>
      <details class="more">
        <summary>{t('recipe')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <pre class="code" tabIndex={0}>
          {row.infotext}
        </pre>
      </details>
    </section>
  );
}

/** Why nothing is seen. */
function emptiness(): 'history.trash.none' | 'history.none' | 'history.empty' {
  if (inTrash.value) return 'history.trash.none';
  return words.value || onlyFavourites.value ? 'history.none' : 'history.empty';
}

export function History() {
  const about = sheet.value?.about ?? null;
  useEffect(() => {
    void search();
    detail.value = null;
    chosen.value = [];
    inTrash.value = false;
    if (about) void open(about);
  }, [about]);
  useEffect(() => {
    const waiting = setTimeout(() => void search(), WAIT_MS);
    return () => clearTimeout(waiting);
  }, [words.value, onlyFavourites.value, inTrash.value]);
  const shown = detail.value;
  const many = chosen.value;
  return (
    <Sheet
      title={t('history')}
      tools={
        <>
          {many.length > 0 && (
            <>
              <button type="button" class="button small" disabled={packing.value} onClick={() => void saveZip(many)}>
                <Icon name="download" />
                {t('zip.chosen', { n: many.length })}
              </button>
              <button
                type="button"
                class="button small quiet"
                onClick={() => {
                  chosen.value = [];
                }}
              >
                {t('history.unpick')}
              </button>
            </>
          )}
          <input
            class="input search"
            type="search"
            placeholder={t('history.search')}
            aria-label={t('history.search')}
            value={words.value}
            onInput={(event) => {
              words.value = event.currentTarget.value;
            }}
          />
          <IconButton
            icon="star"
            label={t('history.favourites')}
            pressed={onlyFavourites.value}
            filled={onlyFavourites.value}
            perform={() => {
              onlyFavourites.value = !onlyFavourites.value;
            }}
          />
          <IconButton
            icon="clear"
            label={t('history.trash.look')}
            pressed={inTrash.value}
            perform={() => {
              inTrash.value = !inTrash.value;
              detail.value = null;
            }}
          />
        </>
      }
    >
      <div class="history">
        <div>
          <div class="gallery">
            {found.value.map((row) => (
              <div key={row.id} class="cell">
                <button
                  type="button"
                  class="tile"
                  aria-pressed={shown?.id === row.id}
                  aria-label={row.prompt || t('seed.of', { seed: row.seed })}
                  title={row.prompt}
                  onClick={(event) => (event.ctrlKey || event.metaKey ? flipChosen(row) : void open(row.id))}
                >
                  <img src={thumbnailUrl(row)} alt="" loading="lazy" />
                  {row.favourite && <span class="tag">★</span>}
                </button>
                <input
                  class="check"
                  type="checkbox"
                  aria-label={t('history.pick')}
                  title={t('history.pick')}
                  checked={many.some((other) => other.id === row.id)}
                  onChange={() => flipChosen(row)}
                />
              </div>
            ))}
          </div>
          {!found.value.length && !searching.value && <p class="dim">{t(emptiness())}</p>}
          {inTrash.value && found.value.length > 0 && (
            <div class="row below">
              <button type="button" class="button small" onClick={() => void emptyTrash()}>
                {t('history.trash.empty')}
              </button>
              <span class="dim">{t('history.trash.help')}</span>
            </div>
          )}
          {next.value && (
            <div class="row below">
              <button type="button" class="button" onClick={() => void search(true)} disabled={searching.value}>
                {t('history.more')}
              </button>
            </div>
          )}
        </div>
        {shown && <Recipe key={shown.id} row={shown} />}
        {!shown && found.value.length > 0 && <p class="dim">{t('history.choose')}</p>}
      </div>
    </Sheet>
  );
}
