// What the server says, as the page calls it; the shapes are the server's own, see `npm run types`.

import type * as told from './schema';

export type {
  Chain,
  ChainStep,
  Choice,
  JobError,
  Model,
  Network,
  ServerInfo,
  StepPlace,
  Tokens,
  Upload,
  Written,
} from './schema';

/** A field of the request, as the server's OpenAPI names it. */
export type FieldName = keyof told.Request;

export type Value = string | number | boolean | null | Value[];
export type Values = Readonly<Record<string, Value>>;
export type Box = [left: number, top: number, right: number, bottom: number];
export type Pair = [number, number];

/** The same with some of its properties read in another way. */
type Read<T, How> = Omit<T, keyof How> & How;

/** Of a request, or an option of a script. */
export type Field = Read<told.RequestField, { default: Value; type: told.OptionField['type'] }>;
export type Options = Read<told.Options, { fields: Field[] }>;
export type Named = Pick<told.Style, 'name'>;
export type Warning = Read<told.PlanWarning, { fix: Values }>;
export type Plan = Read<told.Plan, { warnings: Warning[] }> & { seconds?: number | null };
export type ScriptPlan = Read<told.ScriptPlan, { warnings: Warning[] }> & { seconds?: number | null };
export type ScriptInfo = told.ScriptInfo;
/** Only a file that was put into the folder by hand has no seed; it is shown as such. */
export type Picture = Read<told.Picture, { seed: number }>;
export type PictureDetail = Picture & Read<told.PictureDetail, { seed: number; infotext: string; request: Values }>;
/** A row of the catalogue of models that can be fetched. */
export type Offer = Read<told.Offered, { advice: Values }>;
export type Download = told.DownloadTold;
export type DownloadState = Download['state'];
/** A folder of models: of this server, added to it, or found with another program. */
export type Folder = told.FolderTold;
export type JobState = told.Job['state'];
export type Job = Read<told.Job, { plan: Plan | ScriptPlan; pictures: Picture[]; request: Values }>;
export type JobEvents = Read<
  told.JobEvents,
  {
    started: Read<told.StartedEvent, { plan: Plan | ScriptPlan }>;
    picture: Read<told.PictureEvent, { picture: Picture }>;
    done: Read<told.DoneEvent, { job: Job }>;
    cancelled: told.EventHead | { job: Job };
  }
>;
export type EventName = keyof JobEvents;
export type ReadAnswer = Read<told.Found, { request: Values }>;
export type PlanPicture = 'source' | 'mask' | 'shown' | 'cells';
