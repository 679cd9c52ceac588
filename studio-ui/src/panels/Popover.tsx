// A small list that opens from a button and closes by Escape, a choice, or a click elsewhere.

import type { ComponentChildren, CSSProperties } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface PopoverProps {
  button: (open: boolean, flip: () => void) => ComponentChildren;
  children: (close: () => void) => ComponentChildren;
  label: string;
}

const GAP = 4;
/** The widest one, and what is left free beside it. */
const ROOM = 300;
const MARGIN = 8;

/** Where there is room: below or above the button, from its left or its right edge. */
function placeBeside(anchor: DOMRect): CSSProperties {
  const below = innerHeight - anchor.bottom > Math.min(480, innerHeight / 2);
  const leftwards = anchor.left + ROOM > innerWidth;
  const right = Math.max(MARGIN, Math.min(innerWidth - anchor.right, innerWidth - ROOM - MARGIN));
  return {
    ...(below ? { top: `${anchor.bottom + GAP}px` } : { bottom: `${innerHeight - anchor.top + GAP}px` }),
    ...(leftwards ? { right: `${right}px` } : { left: `${anchor.left}px` }),
  };
}

export function Popover({ button, children, label }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const [place, setPlace] = useState<CSSProperties>({});
  const whole = useRef<HTMLSpanElement>(null);
  const close = () => {
    setOpen(false);
    whole.current?.querySelector('button')?.focus();
  };
  useLayoutEffect(() => {
    if (open && whole.current) setPlace(placeBeside(whole.current.getBoundingClientRect()));
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    whole.current?.querySelector<HTMLElement>('.popover :is(button, input, select)')?.focus();
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears Escape of the button and the list in it
    <span
      ref={whole}
      class="anchor"
      onKeyDown={(event) => {
        if (!open || event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      {button(open, () => setOpen(!open))}
      {open && (
        <section class="popover" aria-label={label} style={place}>
          {children(close)}
        </section>
      )}
    </span>
  );
}
