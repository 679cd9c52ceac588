// A thin client: one function a route, errors as `Problem`.

import type { Problem as ProblemBody, ScriptCall } from './schema';
import type {
  Chain,
  Download,
  Folder,
  Job,
  Model,
  Named,
  Network,
  Offer,
  Options,
  Picture,
  PictureDetail,
  Plan,
  PlanPicture,
  ReadAnswer,
  ScriptInfo,
  ScriptPlan,
  ServerInfo,
  StepPlace,
  Tokens,
  Upload,
  Values,
  Written,
} from './types';

const ROOT = new URL('api/v1/', document.baseURI);

/** What the server refused, with the field where it can be mended. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly field: string | null = null,
  ) {
    super(message);
  }
}

/** The server did not answer at all. */
export class Unreachable extends Error {}

export const urlOf = (path: string): string => new URL(path, ROOT).href;

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(urlOf(path), { credentials: 'same-origin', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  if (answer.ok) return answer;
  const told: Partial<ProblemBody> | null = await answer.json().catch(() => null);
  throw new Problem(told?.detail ?? `${answer.status} ${answer.statusText}`, answer.status, told?.field ?? null);
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await send(path, init)).json() as Promise<T>;
}

const withJson = (method: string, body: unknown, signal?: AbortSignal): RequestInit => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
  ...(signal ? { signal } : {}),
});

const query = (values: Record<string, string | number | boolean | null | undefined>): string => {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return pairs.length ? `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}` : '';
};

const BINARY = { 'Content-Type': 'application/octet-stream' };

/** What can be told of anything that was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export type ChainFormat = 'pentimento' | 'ora' | 'png';

const chainPath = (id: string, how: { format: ChainFormat; upto?: number; at?: number }): string =>
  `chains/${id}/file${query(how)}`;

export interface NewJob {
  request: Values;
  script?: ScriptCall | null;
  priority: 'interactive' | 'batch';
  keep: boolean;
}

export const api = {
  server: () => json<ServerInfo>('server'),
  options: () => json<Options>('options'),
  models: () => json<Model[]>('models'),
  refreshModels: () => json<Model[]>('models/refresh', withJson('POST', {})),
  catalogue: () => json<Offer[]>('catalogue'),
  downloads: () => json<Download[]>('downloads'),
  startDownload: (source: string) => json<Download>('downloads', withJson('POST', { source })),
  pauseDownload: (id: string) => json<Download>(`downloads/${id}/pause`, withJson('POST', {})),
  resumeDownload: (id: string) => json<Download>(`downloads/${id}/resume`, withJson('POST', {})),
  cancelDownload: (id: string) => send(`downloads/${id}`, { method: 'DELETE' }),
  folders: () => json<Folder[]>('folders'),
  useFolder: (path: string) => send('folders', withJson('POST', { path })),
  leaveFolder: (path: string) => send(`folders${query({ path })}`, { method: 'DELETE' }),
  networks: () => json<Network[]>('networks'),
  embeddings: () => json<Named[]>('embeddings'),
  scripts: () => json<ScriptInfo[]>('scripts'),
  styles: () => json<Named[]>('styles'),
  tokens: (text: string, model: string | null, signal: AbortSignal) =>
    json<Tokens>('tokens', withJson('POST', model ? { text, model } : { text }, signal)),

  async isUploaded(sha256: string): Promise<boolean> {
    try {
      return (await send(`uploads/${sha256}`, { method: 'HEAD' })).ok;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return false;
      throw error;
    }
  },
  uploaded: async (sha256: string) => (await send(`uploads/${sha256}`)).blob(),
  upload: (blob: Blob, sha256?: string) =>
    json<Upload>(sha256 ? `uploads/${sha256}` : 'uploads', {
      method: sha256 ? 'PUT' : 'POST',
      headers: BINARY,
      body: blob,
    }),

  plan: (request: Values, signal: AbortSignal) => json<Plan>('plan', withJson('POST', { request }, signal)),
  planScript: (request: Values, script: ScriptCall, signal: AbortSignal) =>
    json<ScriptPlan>('plan', withJson('POST', { request, script }, signal)),
  planPicture: async (kind: PlanPicture, request: Values, signal: AbortSignal) =>
    (await send(`plan/pictures/${kind}`, withJson('POST', { request }, signal))).blob(),

  /** Sent again with the same key, the same job is answered. */
  submit: (body: NewJob, key: string) => {
    const init = withJson('POST', body);
    return json<Job>('jobs', { ...init, headers: { ...init.headers, 'Idempotency-Key': key } });
  },
  jobs: (state?: string) => json<Job[]>(`jobs${query({ state, limit: 50 })}`),
  job: (id: string) => json<Job>(`jobs/${id}`),
  cancel: (id: string) => json<Job>(`jobs/${id}`, { method: 'DELETE' }),

  pictures: (search: { q?: string; favourite?: boolean; trash?: boolean; before?: string | null; limit?: number }) =>
    json<{ pictures: Picture[]; next: string | null }>(`pictures${query(search)}`),
  picture: (id: string) => json<PictureDetail>(`pictures/${id}`),
  mark: (id: string, marks: { favourite?: boolean; tags?: string[] }) =>
    json<Picture>(`pictures/${id}`, withJson('PATCH', marks)),
  trash: (id: string) => send(`pictures/${id}`, { method: 'DELETE' }),
  restore: (id: string) => send(`pictures/${id}/restore`, withJson('POST', {})),
  emptyTrash: () => json<{ removed: number }>('trash', { method: 'DELETE' }),
  /** The file and the name that the server gives it. */
  named: async ({ id }: Pick<Picture, 'id'>) => {
    const answer = await send(`pictures/${id}/file?download=1`);
    const told = /filename(\*?)=(?:utf-8'')?"?([^";]+)/i.exec(answer.headers.get('Content-Disposition') ?? '');
    const name = told?.[2] ?? id;
    return { name: told?.[1] ? decodeURIComponent(name) : name, file: await answer.blob() };
  },
  file: async (picture: Pick<Picture, 'id'>) => (await send(`pictures/${picture.id}/file`)).blob(),

  chainOf: (picture: string) => json<Chain>('chains', withJson('POST', { picture })),
  openProject: (file: Blob) => json<Chain>('chains/files', { method: 'POST', headers: BINARY, body: file }),
  arrange: (id: string, steps: readonly StepPlace[]) => json<Chain>(`chains/${id}`, withJson('PATCH', { steps })),
  runStep: (id: string, step: string) => json<Job>(`chains/${id}/steps/${step}/runs`, withJson('POST', {})),
  retake: (id: string, step: string, picture: string) =>
    json<Chain>(`chains/${id}/steps/${step}`, withJson('PUT', { picture })),
  chainFile: async (id: string, format: ChainFormat) => (await send(chainPath(id, { format }))).blob(),
  putBack: (id: string, project: Blob) =>
    json<Chain>(`chains/${id}/file`, { method: 'PUT', headers: BINARY, body: project }),

  read: (body: Blob | string) =>
    json<ReadAnswer>('read', {
      method: 'POST',
      headers: typeof body === 'string' ? { 'Content-Type': 'text/plain; charset=utf-8' } : BINARY,
      body,
    }),
  write: (request: Values) => json<Written>('write', withJson('POST', { request })),
};

export const fileUrl = (picture: Pick<Picture, 'id'>, download = false): string =>
  urlOf(`pictures/${picture.id}/file${download ? '?download=1' : ''}`);
export const thumbnailUrl = (picture: Pick<Picture, 'id'>, size = 256): string =>
  urlOf(`pictures/${picture.id}/thumbnail?size=${size}`);
/** What a chain's first steps show; `at` makes another address of it after each change. */
export const chainUrl = (id: string, at: number, upto?: number): string =>
  urlOf(chainPath(id, { format: 'png', at, ...(upto === undefined ? {} : { upto }) }));
export const layerUrl = (id: string, step: string): string => urlOf(`chains/${id}/steps/${step}/layer`);
