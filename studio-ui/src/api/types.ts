// What the server says, as the page reads it.

import type { Request } from './schema';

/** A field of the request, as the server's OpenAPI names it. */
export type FieldName = keyof Request;

export type Value = string | number | boolean | null | Value[];
export type Values = Readonly<Record<string, Value>>;
export type Box = [left: number, top: number, right: number, bottom: number];
export type Pair = [number, number];

export interface Choice {
  name: string;
  label: string;
  label_ru: string;
}

type FieldType = 'string' | 'integer' | 'number' | 'boolean' | 'choice' | 'picture' | 'pair' | 'list';

export interface Field {
  name: string;
  group: string;
  type: FieldType;
  default: Value;
  minimum?: number | null;
  maximum?: number | null;
  description: string;
  label: string;
  label_ru: string;
  choices?: Choice[] | null;
}

export interface Options {
  fields: Field[];
  groups: (Choice & { modes?: string[] })[];
}

export interface ServerInfo {
  version: string;
  model: string | null;
  device: string;
  users: boolean;
  limits: { upload_bytes: number; upload_pixels: number; queued_jobs: number };
}

export interface Model {
  name: string;
  family: string;
  size_bytes: number;
  hash: string | null;
  native_size: number;
  inpaint: boolean;
  prediction: string;
  source: string;
  loaded: boolean;
  licence: string | null;
  folder: string | null;
}

/** A row of the catalogue of models that can be fetched. */
export interface Offer {
  name: string;
  title: string;
  kind: 'model' | 'vae' | 'network';
  family: string;
  inpaint: boolean;
  size_bytes: number;
  licence: string;
  licence_url: string;
  good_for: string[];
  about: string;
  about_ru: string;
  advice: Values;
  installed: string | null;
}

export type DownloadState = 'waiting' | 'asking' | 'running' | 'checking' | 'paused' | 'failed' | 'done';

export interface Download {
  id: string;
  source: string;
  /** Its name in the catalogue. */
  name: string | null;
  state: DownloadState;
  received: number;
  total: number | null;
  bytes_per_second: number | null;
  seconds_left: number | null;
  error: string | null;
  /** What it is called once it is here. */
  model: string | null;
}

/** A folder of models: of this server, added to it, or found with another program. */
export interface Folder {
  path: string;
  application: string | null;
  models: number | null;
  used: boolean;
  added: boolean;
}

export interface Network {
  name: string;
  alias: string | null;
  kind: string;
  family: string | null;
}

export interface Named {
  name: string;
}

export interface Tokens {
  tokens: number;
  chunks: number;
}

export interface Upload {
  sha256: string;
  bytes: number;
  width: number;
  height: number;
  format: string;
  has_alpha: boolean;
}

export interface Warning {
  code: string;
  message: string;
  field: string;
  fix: Values;
}

export interface Plan {
  mode: string;
  model: string;
  output_size: Pair;
  working_size: Pair;
  box: Box | null;
  sampler: string;
  schedule: string;
  steps_requested: number;
  steps: number;
  first_sigma: number | null;
  latent_cells: number;
  latent_cells_repainted: number;
  memory_bytes: number;
  seconds?: number | null;
  seeds: number[];
  warnings: Warning[];
}

export interface Picture {
  id: string;
  job: string;
  index: number;
  created: string | number;
  width: number;
  height: number;
  format: string;
  bytes: number;
  seed: number;
  mode: string;
  prompt: string;
  negative_prompt: string;
  model: string;
  favourite: boolean;
  trashed?: boolean;
  tags: string[];
  file: string;
  thumbnail: string;
  footprint: Value | Record<string, Value>;
}

export interface PictureDetail extends Picture {
  infotext: string;
  recipe: Record<string, unknown> | null;
  request: Values;
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

interface Progress {
  picture: number;
  pictures: number;
  step: number;
  steps: number;
  fraction: number;
  seconds_left: number | null;
}

interface JobError {
  title: string;
  detail: string;
  field: string | null;
}

export interface Job {
  started?: string | number | null;
  finished?: string | number | null;
  id: string;
  state: JobState;
  priority: string;
  origin: string;
  mode: string;
  created: string | number;
  position: number | null;
  progress: Progress;
  request: Values;
  plan: Plan | null;
  seeds: number[];
  pictures: Picture[];
  error: JobError | null;
}

interface EventHead {
  job: string;
  seq: number;
}

export interface JobEvents {
  queued: EventHead;
  loading: EventHead & { model: string };
  started: EventHead & { plan?: Plan };
  step: EventHead & {
    picture: number;
    pictures: number;
    step: number;
    steps: number;
    steps_per_second: number | null;
    seconds_left: number | null;
  };
  preview: EventHead & { picture: number; step: number; jpeg: string; box: Box | null };
  picture: EventHead & { picture: Picture };
  done: { job: Job };
  failed: EventHead & { error: JobError };
  cancelled: EventHead | { job: Job };
}

export type EventName = keyof JobEvents;

export interface ReadAnswer {
  request: Values;
  infotext: string | null;
  recipe: Record<string, unknown> | null;
  notes: string[];
}

export interface Written {
  cli: string;
  python: string;
  curl: string;
  a1111: string;
}

export type PlanPicture = 'source' | 'mask' | 'shown' | 'cells';
