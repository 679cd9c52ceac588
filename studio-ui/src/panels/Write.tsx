// The same request in the words of other programs.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Written } from '../api/types';
import { t } from '../i18n';
import { copy, write, written } from '../state/exchange';
import { Segments } from './controls';
import { Icon } from './Icon';
import { Sheet } from './Sheet';

const FORMS: readonly { name: keyof Written; label: string }[] = [
  { name: 'cli', label: 'CLI' },
  { name: 'python', label: 'Python' },
  { name: 'curl', label: 'curl' },
  { name: 'a1111', label: 'A1111' },
];
const form = signal<keyof Written>('cli');

export function Write() {
  useEffect(() => {
    void write();
  }, []);
  const text = written.value?.[form.value];
  const shown = typeof text === 'string' ? text : JSON.stringify(text ?? '', null, 2);
  return (
    <Sheet title={t('write')}>
      <div class="row between tabs">
        <Segments
          name="form"
          label={t('write')}
          rows={FORMS}
          value={form.value}
          set={(name) => {
            form.value = name as keyof Written;
          }}
        />
        <button type="button" class="button small" onClick={() => void copy(shown)}>
          <Icon name="copy" />
          {t('copy')}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre class="code" tabIndex={0}>
        {shown}
      </pre>
    </Sheet>
  );
}
