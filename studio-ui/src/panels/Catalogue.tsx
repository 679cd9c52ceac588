// The catalogue: models that can be fetched, and how far those are that are on their way.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Download, Offer } from '../api/types';
import { bytes, duration, labelOf, t } from '../i18n';
import {
  cancelDownload,
  downloadOf,
  fetchModel,
  isUnderWay,
  isUsed,
  offers,
  others,
  pause,
  resume,
  use,
  watchDownloads,
} from '../state/downloads';
import { language } from '../state/preferences';
import { fieldOf } from '../state/server';
import { Segments } from './controls';
import { Icon, IconButton } from './Icon';

const GOOD_FOR = ['inpaint', 'photo', 'art', 'fast', 'general', 'vae'] as const;
const wanted = signal<string>('all');
const typed = signal('');

function progressText(row: Download): string {
  const known = { received: bytes(row.received), total: row.total === null ? '?' : bytes(row.total) };
  const parts = [t(`download.${row.state}`, known)];
  if (row.state === 'running' && row.bytes_per_second) {
    parts.push(t('download.speed', { speed: bytes(row.bytes_per_second) }));
    if (row.seconds_left !== null) parts.push(t('download.left', { time: duration(Math.ceil(row.seconds_left)) }));
  }
  return parts.join(' · ');
}

function OnItsWay({ row, title }: { row: Download; title: string }) {
  const share = row.total ? row.received / row.total : 0;
  return (
    <div>
      <div class="dim">{progressText(row)}</div>
      {(row.received > 0 || isUnderWay(row)) && (
        <div
          class="bar"
          role="progressbar"
          aria-label={t('download.progress', { name: title })}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
        >
          <i style={{ width: `${share * 100}%` }} />
        </div>
      )}
      {row.error && <div class="trouble">{row.error}</div>}
    </div>
  );
}

function Steering({ row, title }: { row: Download; title: string }) {
  return (
    <span class="row">
      {isUnderWay(row) ? (
        <IconButton icon="pause" label={t('download.pause', { name: title })} perform={() => void pause(row.id)} />
      ) : (
        row.state !== 'done' && (
          <IconButton icon="play" label={t('download.resume', { name: title })} perform={() => void resume(row.id)} />
        )
      )}
      <IconButton
        icon="close"
        label={row.state === 'done' ? t('remove', { name: title }) : t('download.cancel', { name: title })}
        perform={() => void cancelDownload(row.id)}
      />
    </span>
  );
}

function Act({ offer }: { offer: Offer }) {
  if (offer.installed === null) {
    const size = bytes(offer.size_bytes);
    return (
      <button
        type="button"
        class="button small"
        aria-label={t('models.fetch.of', { name: offer.title, size })}
        onClick={() => void fetchModel(offer.name)}
      >
        <Icon name="download" />
        {t('models.fetch')}
      </button>
    );
  }
  if (isUsed(offer)) return <span class="dim">{t('models.chosen')}</span>;
  return (
    <button
      type="button"
      class="button small"
      aria-label={t('models.use.of', { name: offer.title })}
      onClick={() => use(offer)}
    >
      {t('models.use')}
    </button>
  );
}

/** "Steps 8 · CFG scale 2": what "Use" sets besides the model. */
function adviceText(offer: Offer): string {
  return Object.entries(offer.advice)
    .map(([name, value]) => {
      const field = fieldOf(name);
      const choice = field?.choices?.find((row) => row.name === value);
      return `${field ? labelOf(field) : name} ${choice ? labelOf(choice) : value}`;
    })
    .join(' · ');
}

function Row({ offer }: { offer: Offer }) {
  const download = downloadOf.value.get(offer.name);
  const facts = [
    offer.family.toUpperCase(),
    offer.kind === 'model' ? null : t(`models.kind.${offer.kind}`),
    offer.inpaint ? t('models.inpaint') : null,
    bytes(offer.size_bytes),
  ];
  return (
    <li>
      <div class="grow">
        <h3 class="one-line">{offer.title}</h3>
        <div>{language.value === 'ru' ? offer.about_ru : offer.about}</div>
        <div class="dim">
          {facts.filter(Boolean).join(' · ')}
          {' · '}
          <a href={offer.licence_url} target="_blank" rel="noopener noreferrer">
            {offer.licence}
          </a>
        </div>
        {Object.keys(offer.advice).length > 0 && (
          <div class="dim">{t('models.advice', { what: adviceText(offer) })}</div>
        )}
        {download && <OnItsWay row={download} title={offer.title} />}
      </div>
      {download ? <Steering row={download} title={offer.title} /> : <Act offer={offer} />}
    </li>
  );
}

function ByAddress() {
  const send = async (event: Event) => {
    event.preventDefault();
    const source = typed.value.trim();
    if (source && (await fetchModel(source))) typed.value = '';
  };
  return (
    <form class="row below" onSubmit={send}>
      <input
        class="input grow"
        type="text"
        autocomplete="off"
        spellcheck={false}
        aria-label={t('models.from')}
        placeholder={t('models.from.help')}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
      <button type="submit" class="button" disabled={!typed.value.trim()}>
        {t('models.fetch')}
      </button>
    </form>
  );
}

export function Catalogue() {
  useEffect(watchDownloads, []);
  const filters = [
    { name: 'all', label: t('models.all') },
    ...GOOD_FOR.map((name) => ({ name, label: t(`models.good.${name}`) })),
  ];
  const shown = offers.value.filter((offer) => wanted.value === 'all' || offer.good_for.includes(wanted.value));
  return (
    <>
      <p class="dim">{t('models.offline')}</p>
      <ByAddress />
      {others.value.length > 0 && (
        <ul class="list">
          {others.value.map((row) => (
            <li key={row.id}>
              <div class="grow">
                <h3 class="one-line">{row.source}</h3>
                <OnItsWay row={row} title={row.source} />
              </div>
              <Steering row={row} title={row.source} />
            </li>
          ))}
        </ul>
      )}
      <div class="tabs below">
        <Segments
          name="good-for"
          label={t('models.catalogue')}
          rows={filters}
          value={wanted.value}
          set={(name) => {
            wanted.value = name;
          }}
        />
      </div>
      <ul class="list">
        {shown.map((offer) => (
          <Row key={offer.name} offer={offer} />
        ))}
      </ul>
    </>
  );
}
