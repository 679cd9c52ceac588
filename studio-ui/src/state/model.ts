// The model that the requests of this page are made with.

import { t } from '../i18n';
import { read } from './request';
import { info, models } from './server';

/** The name that the server gives to the model in the package. */
const BUILTIN = 'builtin';

export const chosenModel = (): string => String(read('model') ?? info.value?.model ?? models.value[0]?.name ?? BUILTIN);
export const shownName = (name: string): string => (name === BUILTIN ? t('model.builtin') : name);
export const modelName = (): string => shownName(chosenModel());
