// Whether the server is there.

import { signal } from '@preact/signals';
import { Unreachable } from '../api/client';

/** `null` until the first answer. */
export const reachable = signal<boolean | null>(null);

/** Note from any call's failure that the server is gone. */
export function noteFailure(error: unknown): void {
  if (error instanceof Unreachable) reachable.value = false;
}
