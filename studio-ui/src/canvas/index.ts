/** The painting canvas: everything that the page uses of it is here. */
import { tools as table } from './tools';
import type { Tool } from './tools/tool';

export { type Action, actions, keyOf } from './actions';
export { Editor } from './editor';
export { toPicture, toScreen } from './geometry';
export { sha256 } from './hash';
export { crc32 } from './png';
export type * from './types';

export type ToolInfo = Pick<Tool, 'name' | 'label' | 'label_ru' | 'key'>;
export const tools: readonly ToolInfo[] = table;
