// What can be done with the mask as a whole.

import { signal } from '@preact/signals';
import { t } from '../i18n';
import { actionOf, shownAs } from '../keys';
import { save } from '../save';
import { editor } from '../state/document';
import { openSheet } from '../state/sheets';
import { NumberBox } from './controls';
import { choose } from './FileInputs';
import { Menu, type MenuRow } from './Menu';

const radius = signal(8);

const fromTable = (id: string): MenuRow => ({
  ...shownAs(id),
  perform: () => editor.peek() && actionOf(id).perform(editor.peek()!),
});

async function saveMask(): Promise<void> {
  const mask = await editor.peek()?.maskPng('both');
  if (mask) save(mask, 'mask.png');
}

export function MaskMenu({ disabled }: { disabled: boolean }) {
  const n = radius.value;
  const rows: MenuRow[] = [
    { label: t('mask.grow', { n }), perform: () => editor.peek()?.grow(n) },
    { label: t('mask.shrink', { n }), perform: () => editor.peek()?.shrink(n) },
    { label: t('mask.feather', { n }), perform: () => editor.peek()?.feather(n) },
    fromTable('invert'),
    fromTable('mask.hide'),
    { label: t('mask.alpha'), perform: () => editor.peek()?.maskFromAlpha() },
    { label: `${t('area')}…`, perform: () => openSheet('area') },
    { label: t('mask.load'), perform: () => choose('mask') },
    { label: t('mask.save'), perform: saveMask },
  ];
  return (
    <Menu icon="invert" label={t('mask')} rows={rows} disabled={disabled}>
      <div class="row between item-row">
        <span class="dim">{t('mask.by')}</span>
        <NumberBox
          value={n}
          set={(value) => {
            radius.value = Math.max(1, value ?? 1);
          }}
          label={t('mask.by')}
          unit="px"
          integer
        />
      </div>
    </Menu>
  );
}
