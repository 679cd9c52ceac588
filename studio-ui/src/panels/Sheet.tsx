// What lies over the page: one at a time, closed by Escape or a click beside it; the focus stays inside.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { latest } from '../state/notices';
import { closeSheet } from '../state/sheets';
import { IconButton } from './Icon';
import { Notices } from './Notices';

interface SheetProps {
  title: string;
  width?: 'narrow' | 'wide';
  tools?: ComponentChildren;
  children: ComponentChildren;
}

export function Sheet({ title, width, tools, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [since] = useState(latest);
  useEffect(() => {
    dialog.current!.showModal();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by the dialog itself
    <dialog
      ref={dialog}
      class={`sheet ${width ?? ''}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        closeSheet();
      }}
      onClick={(event) => event.target === dialog.current && closeSheet()}
    >
      <div class="sheet-inside">
        <header>
          <h2>{title}</h2>
          {tools}
          <IconButton icon="close" label={t('close')} perform={closeSheet} />
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <div class="body" tabIndex={0}>
          {children}
        </div>
        <Notices since={since} />
      </div>
    </dialog>
  );
}
