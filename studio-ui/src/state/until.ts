// Waiting for signals.

import { effect } from '@preact/signals';

/** Wait until what is read of signals holds. */
export function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = effect(() => {
      if (!holds()) return;
      resolve();
      queueMicrotask(() => end());
    });
  });
}
