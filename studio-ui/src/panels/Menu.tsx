// A button that opens a list of things to do.

import type { ComponentChildren } from 'preact';
import { IconButton, type IconName } from './Icon';
import { Popover } from './Popover';

export interface MenuRow {
  label: string;
  keys?: string;
  perform: () => unknown;
}

interface MenuProps {
  icon: IconName;
  label: string;
  rows: readonly MenuRow[];
  disabled?: boolean;
  small?: boolean;
  children?: ComponentChildren;
}

export const Menu = ({ icon, label, rows, disabled, small, children }: MenuProps) => (
  <Popover
    label={label}
    button={(open, flip) => (
      <IconButton
        icon={icon}
        label={label}
        perform={flip}
        expanded={open}
        disabled={disabled ?? false}
        small={small ?? false}
      />
    )}
  >
    {(close) => (
      <>
        {children}
        {rows.map((row) => (
          <button
            type="button"
            key={row.label}
            class="item"
            onClick={() => {
              close();
              void row.perform();
            }}
          >
            <span>{row.label}</span>
            {row.keys && <kbd>{row.keys}</kbd>}
          </button>
        ))}
      </>
    )}
  </Popover>
);
