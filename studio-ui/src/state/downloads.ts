// Models on their way to the server, the catalogue that they come from, and folders of other programs.

import { batch, computed, signal } from '@preact/signals';
import { api } from '../api/client';
import type { Download, DownloadState, Folder, Offer } from '../api/types';
import { t } from '../i18n';
import { chosenModel } from './model';
import { announce, complain, notify } from './notices';
import { read, setValues } from './request';
import { networks, noteFailure, refreshModels } from './server';

export const offers = signal<Offer[]>([]);
export const downloads = signal<Download[]>([]);
/** `null` until the machine has been looked through. */
export const folders = signal<Folder[] | null>(null);

const UNDER_WAY: readonly DownloadState[] = ['waiting', 'asking', 'running', 'checking'];
export const isUnderWay = (download: Download): boolean => UNDER_WAY.includes(download.state);

/** The download of a row of the catalogue, by its name. */
export const downloadOf = computed<ReadonlyMap<string, Download>>(
  () => new Map(downloads.value.flatMap((row) => (row.name && row.state !== 'done' ? [[row.name, row]] : []))),
);
/** Downloads of what is not in the catalogue. */
export const others = computed<Download[]>(() => downloads.value.filter((row) => !row.name));

const LOOK_MS = 700;
let looking: ReturnType<typeof setTimeout> | undefined;
let watchers = 0;

async function look(): Promise<void> {
  const before = new Map(downloads.peek().map((row) => [row.id, row]));
  try {
    downloads.value = await api.downloads();
  } catch (error) {
    noteFailure(error);
    return;
  }
  const arrived = downloads.peek().filter((row) => row.state === 'done' && before.get(row.id)?.state !== 'done');
  if (before.size && arrived.length) await take(arrived);
}

async function take(arrived: readonly Download[]): Promise<void> {
  try {
    const [found, nets] = await Promise.all([api.catalogue(), api.networks(), refreshModels()]);
    batch(() => {
      offers.value = found;
      networks.value = nets;
    });
  } catch (error) {
    noteFailure(error);
  }
  for (const row of arrived) {
    const text = t('models.arrived', { name: row.model ?? row.source });
    notify(text);
    announce(text);
  }
}

function keepLooking(): void {
  clearTimeout(looking);
  looking = setTimeout(async () => {
    await look();
    if (watchers > 0 || downloads.peek().some(isUnderWay)) keepLooking();
  }, LOOK_MS);
}

/** Follow the downloads as long as somebody looks at them, or one is under way; gives what ends it. */
export function watchDownloads(): () => void {
  watchers += 1;
  void Promise.all([api.catalogue().then((rows) => (offers.value = rows)), look()]).catch(complain);
  keepLooking();
  return () => {
    watchers -= 1;
  };
}

async function act(perform: () => Promise<Download>): Promise<boolean> {
  try {
    const changed = await perform();
    downloads.value = [changed, ...downloads.peek().filter((row) => row.id !== changed.id)];
    keepLooking();
    return true;
  } catch (error) {
    noteFailure(error);
    complain(error);
    return false;
  }
}

/** Whether the request names what has arrived. */
export function isUsed(offer: Offer): boolean {
  if (offer.installed === null) return false;
  if (offer.kind === 'model') return chosenModel() === offer.installed;
  if (offer.kind === 'vae') return read('vae') === offer.installed;
  return String(read('prompt') ?? '').includes(`<lora:${offer.installed}:`);
}

/** Let the request name what has arrived, with the settings that it is made for. */
export function use(offer: Offer): void {
  const name = offer.installed;
  if (name === null) return;
  const prompt = `${read('prompt') ?? ''} <lora:${name}:1>`.trim();
  setValues({ ...(offer.kind === 'network' ? { prompt } : { [offer.kind]: name }), ...offer.advice });
}

export const fetchModel = (source: string): Promise<boolean> => act(() => api.startDownload(source));
export const pause = (id: string): Promise<boolean> => act(() => api.pauseDownload(id));
export const resume = (id: string): Promise<boolean> => act(() => api.resumeDownload(id));

export async function cancelDownload(id: string): Promise<void> {
  try {
    await api.cancelDownload(id);
    downloads.value = downloads.peek().filter((row) => row.id !== id);
  } catch (error) {
    noteFailure(error);
    complain(error);
  }
}

export async function findFolders(): Promise<void> {
  try {
    folders.value = await api.folders();
  } catch (error) {
    folders.value = [];
    noteFailure(error);
    complain(error);
  }
}

async function changeFolders(perform: () => Promise<unknown>): Promise<void> {
  try {
    await perform();
    await Promise.all([findFolders(), refreshModels()]);
  } catch (error) {
    noteFailure(error);
    complain(error);
  }
}

export const lookInFolder = (path: string): Promise<void> => changeFolders(() => api.useFolder(path));
export const leaveFolder = (path: string): Promise<void> => changeFolders(() => api.leaveFolder(path));
