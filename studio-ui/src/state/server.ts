// What the server offers.

import { computed, signal } from '@preact/signals';
import { api, Unreachable } from '../api/client';
import type { Field, Model, Network, Options, ScriptInfo, ServerInfo } from '../api/types';
import { complain } from './notices';
import { noteFailure, reachable } from './reachable';

export { noteFailure, reachable };

export const info = signal<ServerInfo | null>(null);
export const options = signal<Options | null>(null);
export const models = signal<Model[]>([]);
export const networks = signal<Network[]>([]);
export const embeddings = signal<string[]>([]);
export const scripts = signal<ScriptInfo[]>([]);
export const styles = signal<string[]>([]);

export const fields = computed<ReadonlyMap<string, Field>>(
  () => new Map((options.value?.fields ?? []).map((field) => [field.name, field])),
);
export const fieldOf = (name: string): Field | undefined => fields.value.get(name);

/** Ask for all lists; what a server does not have stays empty. */
export async function load(): Promise<void> {
  const [about, offered] = await Promise.all([api.server(), api.options()]);
  info.value = about;
  options.value = offered;
  reachable.value = true;
  const [found, nets, words, named, known] = await Promise.allSettled([
    api.models(),
    api.networks(),
    api.embeddings(),
    api.styles(),
    api.scripts(),
  ]);
  if (found.status === 'fulfilled') models.value = found.value;
  if (nets.status === 'fulfilled') networks.value = nets.value;
  if (words.status === 'fulfilled') embeddings.value = words.value.map((row) => row.name);
  if (known.status === 'fulfilled') scripts.value = known.value;
  if (named.status === 'fulfilled') styles.value = named.value.map((row) => row.name);
}

export async function refreshModels(): Promise<void> {
  models.value = await api.refreshModels();
}

const RETRY_MS = 1500;

/** Try until the server answers; then call `joined`. */
export function keepTrying(joined: () => void): void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const attempt = async () => {
    waiting = undefined;
    try {
      await load();
      joined();
    } catch (error) {
      noteFailure(error);
      if (!(error instanceof Unreachable)) complain(error);
    }
  };
  reachable.subscribe((there) => {
    if (there === false && waiting === undefined) {
      const again = async () => {
        await attempt();
        if (!reachable.peek()) waiting = setTimeout(again, RETRY_MS);
      };
      waiting = setTimeout(again, RETRY_MS);
    }
  });
  void attempt();
}
