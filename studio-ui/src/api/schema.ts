// Written by `npm run types` from the server; do not edit.

/** All steps from below to above, as they are to be; one that is left out is taken away. */
export interface Arrangement {
  steps: StepPlace[];
}

/** A picture, and edits of it as layers. */
export interface Chain {
  id: string;
  width: number;
  height: number;
  /** how many have the bytes of the source */
  untouched_pixels: number;
  /** from below to above */
  steps: ChainStep[];
  /** address of what the steps make of the source */
  picture: string;
  /** address of the project file */
  file: string;
}

/** A chain that is kept. */
export interface ChainFile {
  id: string;
  changed: number;
  bytes: number;
}

/** One edit of a chain. */
export interface ChainStep {
  /** stays the same when the step is moved, muted or renamed; another once it is run again */
  id: string;
  label: string;
  prompt: string;
  /** left, top, right, bottom of what it has changed, px; without pixels = nothing */
  box: [number, number, number, number];
  /** part of the picture on which its run depends */
  sees: [number, number, number, number];
  seed: number;
  model: string;
  muted: boolean;
  /** whether what its run has seen is other now, so that it would give something else */
  stale: boolean;
  /** address of what it has painted, on transparency */
  layer: string;
}

/** A name that may be chosen, and what it is called. */
export interface Choice {
  name: string;
  label: string;
  label_ru: string;
}

/** The job is done. */
export interface DoneEvent {
  job: Job;
  seq: number;
  time: number;
}

/** A download: where it comes from, how far it is, how it ended. */
export interface DownloadTold {
  id: string;
  source: string;
  /** what it is called in the catalogue */
  name: string | null;
  state: 'waiting' | 'asking' | 'running' | 'checking' | 'paused' | 'failed' | 'done';
  received: number;
  total: number | null;
  bytes_per_second: number | null;
  seconds_left: number | null;
  error: string | null;
  created: number;
  /** name of what has arrived */
  model: string | null;
}

/** A textual inversion. */
export interface Embedding {
  name: string;
  vectors: number;
}

/** What every event but `done` tells. */
export interface EventHead {
  job: string;
  seq: number;
  time: number;
}

/** The job failed. */
export interface FailedEvent {
  job: string;
  seq: number;
  time: number;
  error: JobError;
}

/** A folder of models: of this server, added to it, or found with another program. */
export interface FolderTold {
  path: string;
  /** the program whose folder it is */
  application: string | null;
  /** files that were counted in it */
  models: number | null;
  used: boolean;
  /** it was added here, and can be left out again */
  added: boolean;
}

/** What changed outside the mask. */
export interface Footprint {
  pixels_changed_outside: number;
  /** how far the farthest of them is from what was painted */
  reach_px: number;
  largest_change: number;
}

/** The request that was read. */
export interface Found {
  request: Readonly<Record<string, unknown>>;
  infotext: string | null;
  recipe: Readonly<Record<string, unknown>> | null;
  /** what was not understood */
  notes: string[];
}

/** Fields that belong together. */
export interface Group {
  name: string;
  label: string;
  label_ru: string;
  /** for which of txt2img, img2img and inpaint it is shown */
  modes: string[];
}

/** An accepted request. */
export interface Job {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  priority: 'interactive' | 'batch';
  origin: string;
  mode: string;
  format: string;
  keep: boolean;
  created: number;
  started: number | null;
  finished: number | null;
  attempts: number;
  position: number | null;
  progress: Progress;
  request: Readonly<Record<string, unknown>>;
  script: JobScript | null;
  plan: Plan | ScriptPlan;
  seeds: number[];
  pictures: Picture[];
  error: JobError | null;
}

/** Why a job failed. */
export interface JobError {
  title: string;
  detail: string;
  field: string | null;
}

/** The data of server-sent events, by the name of the event. */
export interface JobEvents {
  queued: EventHead;
  loading: LoadingEvent;
  started: StartedEvent;
  step: StepEvent;
  preview: PreviewEvent;
  picture: PictureEvent;
  done: DoneEvent;
  failed: FailedEvent;
  cancelled: EventHead;
}

/** The script of a job. */
export interface JobScript {
  name: string;
  options: Readonly<Record<string, unknown>>;
  /** which of the job's pictures is the page of all others */
  page: number | null;
}

/** A model is brought into memory. */
export interface LoadingEvent {
  job: string;
  seq: number;
  time: number;
  model: string;
}

/** What a person says of a picture. */
export interface Marks {
  favourite?: boolean | null;
  tags?: string[] | null;
}

/** A model that was found. */
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
  /** where it lies; none for the one in the package */
  folder: string | null;
}

/** A network that prompts may call as `<lora:name:1>`. */
export interface Network {
  name: string;
  alias: string | null;
  kind: string;
  family: string | null;
}

/** What a chain is made of. */
export interface NewChain {
  /** id of a picture of the history */
  picture: string;
}

/** What is to be fetched. */
export interface NewDownload {
  /** name of the catalogue, owner/name on the hub, or https address */
  source: string;
  /** the one file of a repository that is wanted */
  file?: string | null;
  /** branch, tag or commit on the hub */
  revision?: string | null;
}

/** A folder that was found, and that is to be looked through from now on. */
export interface NewFolder {
  path: string;
}

/** A request, and how it is to be done. */
export interface NewJob {
  request?: Request;
  /** what runs the request several times; left out = once, as it is */
  script?: ScriptCall | null;
  priority?: 'interactive' | 'batch';
  /** png, jpeg, webp or avif */
  format?: string;
  /** keep the pictures in the history; else they live as long as the job */
  keep?: boolean;
}

/** A result that becomes a step. */
export interface NewStep {
  /** id of a picture of the history */
  picture: string;
  label?: string;
}

/** A row of the catalogue; `installed` is the name that it has here. */
export interface Offered {
  name: string;
  title: string;
  kind: 'model' | 'vae' | 'network';
  hub: string;
  file: string | null;
  family: 'sd1' | 'sd2' | 'sdxl';
  inpaint: boolean;
  /** rounded; a download asks for the exact size before it begins */
  size_bytes: number;
  licence: string;
  licence_url: string;
  good_for: string[];
  about: string;
  about_ru: string;
  /** fields of the request that it is made for */
  advice: Readonly<Record<string, unknown>>;
  installed: string | null;
}

/** An option of a script. */
export interface OptionField {
  name: string;
  default: unknown;
  description: string;
  label: string;
  label_ru: string;
  minimum?: number | null;
  maximum?: number | null;
  above?: number | null;
  below?: number | null;
  choices?: Choice[] | null;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'choice' | 'picture' | 'pair' | 'list' | "object";
}

/** Everything that can be set in a request. */
export interface Options {
  fields: RequestField[];
  groups: Group[];
  samplers: SamplerInfo[];
  schedules: ScheduleInfo[];
  profiles: string[];
}

/** What a script will do in one part of the picture. */
export interface PartPlan {
  label: string;
  box: [number, number, number, number] | null;
  working_size: [number, number];
  steps: number;
  denoising_strength: number;
  prompt: string;
  seed: number;
}

/** One pass of a plan. */
export interface Pass {
  working_size: [number, number];
  upscaler: string | null;
  model: string;
  refiner: string | null;
  sampler: string;
  schedule: string;
  steps: number;
  sigmas: number[];
  networks: string[];
}

/** A finished picture. */
export interface Picture {
  id: string;
  job: string;
  index: number;
  created: number;
  width: number;
  height: number;
  format: string;
  bytes: number;
  seed: number | null;
  mode: string;
  prompt: string;
  negative_prompt: string;
  model: string;
  favourite: boolean;
  tags: string[];
  trashed: boolean;
  footprint: Footprint | null;
  /** what it is among the pictures of a script */
  label: string;
  file: string;
  thumbnail: string;
}

/** A picture with how it was made. */
export interface PictureDetail {
  id: string;
  job: string;
  index: number;
  created: number;
  width: number;
  height: number;
  format: string;
  bytes: number;
  seed: number | null;
  mode: string;
  prompt: string;
  negative_prompt: string;
  model: string;
  favourite: boolean;
  tags: string[];
  trashed: boolean;
  footprint: Footprint | null;
  /** what it is among the pictures of a script */
  label: string;
  file: string;
  thumbnail: string;
  infotext: string | null;
  recipe: Readonly<Record<string, unknown>> | null;
  /** makes it again */
  request: Readonly<Record<string, unknown>> | null;
}

/** A picture is finished. */
export interface PictureEvent {
  job: string;
  seq: number;
  time: number;
  picture: Picture;
}

/** A page of the history. */
export interface Pictures {
  pictures: Picture[];
  /** `before` of the next page */
  next: string | null;
}

/** What a request will do; sizes and boxes in px. */
export interface Plan {
  mode: string;
  profile: string;
  model: string;
  output_size: [number, number];
  working_size: [number, number];
  /** left, top, right, bottom of what is worked on; null = the whole picture */
  box: [number, number, number, number] | null;
  /** where the given picture lies in one that was extended */
  place: [number, number, number, number] | null;
  /** network that enlarges the source before it is painted; null = none */
  upscaler: string | null;
  sampler: string;
  schedule: string;
  steps_requested: number;
  steps: number;
  passes: Pass[];
  sigmas: number[];
  first_sigma: number | null;
  latent_cells: number;
  latent_cells_repainted: number;
  model_calls: number;
  memory_bytes: number;
  networks: string[];
  embeddings: string[];
  seeds: number[];
  variation_seeds: number[];
  warnings: PlanWarning[];
}

/** A request, or a script with one. */
export interface PlanBody {
  request?: Request;
  script?: ScriptCall | null;
}

/** What a person should know before running. */
export interface PlanWarning {
  code: string;
  message: string;
  field: string;
  /** fields that would mend it; empty where a person must decide */
  fix: Readonly<Record<string, unknown>>;
}

/** What is predicted so far. */
export interface PreviewEvent {
  job: string;
  seq: number;
  time: number;
  picture: number;
  step: number;
  /** a data URI */
  jpeg: string;
  box: [number, number, number, number] | null;
}

/** An error (RFC 9457); `detail` is the sentence that library and command line show. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  field?: string | null;
  value?: unknown;
  choices?: string[] | null;
  request_id: string;
}

/** How far a job is; of a script, pictures are those that are painted. */
export interface Progress {
  picture: number;
  pictures: number;
  step: number;
  steps: number;
  fraction: number;
  seconds_left: number | null;
}

/** How many pictures were deleted for good. */
export interface Removed {
  removed: number;
}

/** What to make: no picture = txt2img, a picture = img2img, picture and mask = inpaint. */
export interface Request {
  prompt?: string;
  negative_prompt?: string;
  styles?: string[];
  init_image?: string | null;
  mask?: string | null;
  model?: string | null;
  vae?: string | null;
  sampler?: string;
  schedule?: string;
  steps?: number;
  width?: number | null;
  height?: number | null;
  batch_size?: number;
  batch_count?: number;
  cfg_scale?: number;
  seed?: number;
  variation_seed?: number;
  variation_strength?: number;
  seed_resize?: [number, number] | null;
  denoising_strength?: number;
  exact_steps?: boolean;
  resize_mode?: 'just_resize' | 'crop_and_resize' | 'resize_and_fill' | 'latent_upscale';
  resize_upscaler?: string;
  background?: string;
  tiling?: boolean;
  mask_blur?: [number, number];
  mask_mode?: 'inpaint_masked' | 'inpaint_not_masked';
  masked_content?: 'fill' | 'original' | 'latent_noise' | 'latent_nothing' | 'content_aware' | 'edge_growth' | 'neutral';
  inpaint_area?: 'whole_picture' | 'only_masked';
  only_masked_padding?: number;
  feather?: 'both' | 'inward';
  mask_round?: boolean;
  mask_action?: 'blend' | 'soft' | 'differential';
  soft_schedule_bias?: number;
  soft_preservation_strength?: number;
  soft_transition_contrast?: number;
  soft_mask_influence?: number;
  soft_difference_threshold?: number;
  soft_difference_contrast?: number;
  inpainting_mask_weight?: number;
  latent_mask?: string | null;
  extend?: [number | string, number | string, number | string, number | string];
  extend_overlap?: number;
  hires_scale?: number | null;
  hires_width?: number | null;
  hires_height?: number | null;
  hires_upscaler?: string;
  hires_steps?: number | null;
  hires_cfg_scale?: number | null;
  hires_sampler?: string | null;
  hires_schedule?: string | null;
  hires_model?: string | null;
  hires_prompt?: string;
  hires_negative_prompt?: string;
  refiner?: string | null;
  refiner_switch_at?: number;
  refiner_by_steps?: boolean;
  refiner_pass?: 'both' | 'first' | 'second';
  clip_skip?: number;
  emphasis?: 'original' | 'no_norm' | 'ignore' | 'none';
  clip_skip_on_sdxl?: boolean;
  eta?: number | null;
  s_churn?: number;
  s_tmin?: number;
  s_tmax?: number | null;
  s_noise?: number;
  sigma_min?: number | null;
  sigma_max?: number | null;
  rho?: number | null;
  beta_alpha?: number;
  beta_beta?: number;
  discard_penultimate_sigma?: boolean;
  sgm_noise_multiplier?: boolean;
  zero_terminal_snr?: boolean;
  downcast_alphas?: boolean;
  unipc_variant?: 'bh1' | 'bh2' | 'vary_coeff';
  unipc_spacing?: 'time_uniform' | 'time_quadratic' | 'logsnr';
  unipc_order?: number;
  unipc_lower_order_final?: boolean;
  noise_multiplier?: number;
  extra_noise?: number;
  noise_source?: 'cpu' | 'philox' | 'device';
  eta_noise_seed_delta?: number;
  skip_early_cond?: number;
  s_min_uncond?: number;
  s_min_uncond_all?: boolean;
  pad_cond_uncond?: boolean;
  color_correction?: boolean;
  blend?: 'linear' | 'multiband' | 'poisson' | 'auto';
  match_grain?: boolean;
  profile?: string;
}

/** A request alone. */
export interface RequestBody {
  request?: Request;
}

/** A field of the request. */
export interface RequestField {
  name: string;
  default: unknown;
  description: string;
  label: string;
  label_ru: string;
  minimum?: number | null;
  maximum?: number | null;
  above?: number | null;
  below?: number | null;
  choices?: Choice[] | null;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'choice' | 'picture' | 'pair' | 'list';
  group: string;
}

/** A result that takes a step's place. */
export interface Retake {
  /** id of a picture of the history */
  picture: string;
}

/** A sampler. */
export interface SamplerInfo {
  name: string;
  label: string;
  aliases: string[];
  default_schedule: string;
  /** calls of the network in a step */
  evaluations: number;
}

/** A schedule. */
export interface ScheduleInfo {
  name: string;
  label: string;
  aliases: string[];
}

/** A script that asks for the requests which are run, as `/scripts` lists them. */
export interface ScriptCall {
  name: string;
  /** what is set of its options; pictures as in a request */
  options?: Readonly<Record<string, unknown>>;
}

/** A script: it runs a request several times. */
export interface ScriptInfo {
  name: string;
  label: string;
  label_ru: string;
  summary: string;
  needs_image: boolean;
  options: OptionField[];
}

/** What a script will do. */
export interface ScriptPlan {
  script: string;
  options: Readonly<Record<string, unknown>>;
  mode: string;
  model: string;
  /** requests that are run */
  runs: number;
  /** how many it gives in the end, without a page */
  pictures: number;
  /** how many are painted on the way */
  pictures_painted: number;
  /** whether all of them are put on one page too */
  page: boolean;
  /** each run has its own */
  box: null;
  /** each run has its own */
  place: null;
  output_sizes: ([number, number])[];
  labels: string[];
  /** of all pictures together */
  steps: number;
  model_calls: number;
  memory_bytes: number;
  seeds: number[];
  /** of a script that paints a picture in parts: each of them */
  parts?: PartPlan[] | null;
  warnings: PlanWarning[];
}

/** What the server is and can. */
export interface ServerInfo {
  version: string;
  model: string;
  device: string;
  /** whether every user has jobs and pictures of their own */
  users: boolean;
  limits: ServerLimits;
  languages: string[];
  formats: string[];
}

/** What one client may ask of the server. */
export interface ServerLimits {
  upload_bytes: number;
  upload_pixels: number;
  body_bytes: number;
  queued_jobs: number;
  script_runs: number;
}

/** Work has begun. */
export interface StartedEvent {
  job: string;
  seq: number;
  time: number;
  plan: Plan | ScriptPlan;
}

/** A step was made. */
export interface StepEvent {
  job: string;
  seq: number;
  time: number;
  picture: number;
  pictures: number;
  step: number;
  steps: number;
  sigma: number | null;
  steps_per_second: number | null;
  seconds_left: number | null;
}

/** A step in its place. */
export interface StepPlace {
  id: string;
  /** left out = as it is */
  muted?: boolean | null;
  /** left out = as it is; "" = its prompt */
  label?: string | null;
}

/** How a step is run again. */
export interface StepRun {
  request?: Request;
  priority?: 'interactive' | 'batch';
}

/** A saved style. */
export interface Style {
  name: string;
  prompt: string;
  negative_prompt: string;
}

/** A text to be counted. */
export interface Text {
  text: string;
  model?: string | null;
}

/** A plan with an estimate of its time. */
export interface TimedPlan {
  mode: string;
  profile: string;
  model: string;
  output_size: [number, number];
  working_size: [number, number];
  /** left, top, right, bottom of what is worked on; null = the whole picture */
  box: [number, number, number, number] | null;
  /** where the given picture lies in one that was extended */
  place: [number, number, number, number] | null;
  /** network that enlarges the source before it is painted; null = none */
  upscaler: string | null;
  sampler: string;
  schedule: string;
  steps_requested: number;
  steps: number;
  passes: Pass[];
  sigmas: number[];
  first_sigma: number | null;
  latent_cells: number;
  latent_cells_repainted: number;
  model_calls: number;
  memory_bytes: number;
  networks: string[];
  embeddings: string[];
  seeds: number[];
  variation_seeds: number[];
  warnings: PlanWarning[];
  /** null before the first job with this model */
  seconds: number | null;
}

/** A script's plan with an estimate of its time. */
export interface TimedScriptPlan {
  script: string;
  options: Readonly<Record<string, unknown>>;
  mode: string;
  model: string;
  /** requests that are run */
  runs: number;
  /** how many it gives in the end, without a page */
  pictures: number;
  /** how many are painted on the way */
  pictures_painted: number;
  /** whether all of them are put on one page too */
  page: boolean;
  /** each run has its own */
  box: null;
  /** each run has its own */
  place: null;
  output_sizes: ([number, number])[];
  labels: string[];
  /** of all pictures together */
  steps: number;
  model_calls: number;
  memory_bytes: number;
  seeds: number[];
  /** of a script that paints a picture in parts: each of them */
  parts?: PartPlan[] | null;
  warnings: PlanWarning[];
  seconds: number | null;
}

/** How long a prompt is. */
export interface Tokens {
  tokens: number;
  /** of 75 tokens */
  chunks: number;
}

/** A picture that is kept. */
export interface Upload {
  sha256: string;
  bytes: number;
  width: number;
  height: number;
  format: string;
  has_alpha: boolean;
}

/** A network that enlarges pictures. */
export interface Upscaler {
  name: string;
  architecture: string;
  scale: number;
}

/** A request in other words. */
export interface Written {
  cli: string;
  python: string;
  curl: string;
  a1111: string;
}
