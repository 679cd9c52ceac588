// One stroke, 24 px grid.

import { signsOf } from '../keys';

const PATHS = {
  brush: 'M4 20c3 0 5-1 5-4l9.5-9.5a2.1 2.1 0 0 0-3-3L6 13c-3 0-2 4-4 6 1 .7 1 1 2 1Z',
  eraser: 'M8 20h12M5 15l9-10a2 2 0 0 1 3 0l3 3a2 2 0 0 1 0 3l-8 9H8l-3-3a1.5 1.5 0 0 1 0-2ZM9.5 10l6 6',
  rectangle: 'M4 6h16v12H4z',
  ellipse: 'M12 5c5 0 8.500 3 8.500 7s-3.500 7-8.500 7-8.500-3-8.500-7 3.500-7 8.500-7Z',
  lasso: 'M7 16c-3-1-4-3-4-5 0-4 4-6 9-6s9 2 9 6-4 6-9 6c-2 0-3-.3-5-1Zm0 0c-1.500 1-1 3 .5 3 1 0 1.500 1 .5 2',
  polygon: 'M12 3l9 7-4 11H7L3 10z',
  fill: 'M5 12l7-7 7 7-7 7zM9 3l3 3M21 17c0 1-.7 2-1.500 2S18 18 18 17s1.500-3 1.500-3S21 16 21 17Z',
  wand: 'M4 20L15 9M17 3v4M15 5h4M20 11v3M18.500 12.500h3M9 4v2M8 5h2',
  picker: 'M4 20l1-4 8-8 3 3-8 8zM12 5l7 7M14 7l2-2a2.100 2.100 0 0 1 3 3l-2 2',
  pan: 'M8 12V6.500a1.500 1.500 0 0 1 3 0V11m0-.5v-6a1.500 1.500 0 0 1 3 0V11m0-5a1.500 1.500 0 0 1 3 0v7c0 5-2 8-6 8-3 0-4.500-1-6-4l-2-4c-.6-1.500 1.200-2.300 2.200-1L8 14',
  undo: 'M4 9h10a5.500 5.500 0 0 1 0 11H9M8 5L4 9l4 4',
  redo: 'M20 9H10a5.500 5.500 0 0 0 0 11h5M16 5l4 4-4 4',
  extend:
    'M8 8h8v8H8zM4 12H1.500M3 10.500L1.500 12 3 13.500M20 12h2.500M21 10.500l1.500 1.500-1.500 1.500M12 4V1.500M10.500 3L12 1.500 13.500 3M12 20v2.500M10.500 21l1.500 1.500 1.500-1.500',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  invert: 'M12 3a9 9 0 1 0 0 18ZM12 3a9 9 0 0 1 0 18',
  clear: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5.500M13.500 11v5.500',
  grow: 'M12 8v8M8 12h8M4 4h16v16H4z',
  shrink: 'M8 12h8M4 4h16v16H4z',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z',
  slider: 'M12 3v18M4 6h16v12H4zM8.500 10L6.500 12l2 2M15.500 10l2 2-2 2',
  difference: 'M9.500 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM14.500 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14Z',
  blink: 'M4 5h11v11H4zM9 16v3h11V8h-5',
  footprint: 'M4 4h16v16H4zM4 9.300h16M4 14.600h16M9.300 4v16M14.600 4v16',
  accept: 'M4 12.500l5 5L20 6.500',
  download: 'M12 4v11M7 10.500l5 5 5-5M4 20h16',
  dice: 'M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM8.500 8.500h.01M15.500 15.500h.01M15.500 8.500h.01M8.500 15.500h.01M12 12h.01',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  reuse: 'M5 8a8 8 0 0 1 14 1M19 4v5h-5M19 16a8 8 0 0 1-14-1M5 20v-5h5',
  swap: 'M4 8h14M14 4l4 4-4 4M20 16H6M10 12l-4 4 4 4',
  history: 'M4 8a9 9 0 1 1-1 4M4 3.500V8h4.500M12 7.500V12l3.500 2',
  queue: 'M4 6h16M4 12h16M4 18h10',
  help: 'M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 18h.01',
  keyboard: 'M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M17.500 10h.01M8 14.500h8',
  dark: 'M12 3a9 9 0 0 0 0 18ZM12 3a9 9 0 1 1 0 18',
  open: 'M3 19V5h6l2 3h10v11zM3 11h18',
  picture: 'M4 4h16v16H4zM4 16l5-5 4 4 3-3 4 4M14.500 8.500h.01',
  close: 'M6 6l12 12M18 6L6 18',
  star: 'M12 3.500l2.600 5.500 6 .8-4.400 4.200 1.100 6L12 17l-5.300 3 1.100-6L3.400 9.800l6-.8z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  settings: 'M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4M4 12h4',
  more: 'M5 11a1 1 0 1 0 0 2 1 1 0 1 0 0-2ZM12 11a1 1 0 1 0 0 2 1 1 0 1 0 0-2ZM19 11a1 1 0 1 0 0 2 1 1 0 1 0 0-2Z',
  words: 'M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM9 9h6M9 13h6',
  down: 'M6 9l6 6 6-6',
  up: 'M6 15l6-6 6 6',
  layers: 'M12 3.500l9 5-9 5-9-5zM3 12.500l9 5 9-5M3 16.500l9 5 9-5',
  alpha: 'M4 4h16v16H4zM4 4h8v8H4zM12 12h8v8h-8z',
  zoomIn: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM16 16l5 5M8 11h6M11 8v6',
  play: 'M7 4l13 8-13 8z',
  pause: 'M8 5v14M16 5v14',
  cells: 'M4 4h16v16H4zM4 12h16M12 4v16',
  plus: 'M12 5v14M5 12h14',
} as const;

export type IconName = keyof typeof PATHS;
export const isIcon = (name: string): name is IconName => name in PATHS;

export const Icon = ({ name, filled = false }: { name: IconName; filled?: boolean }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true" {...(filled ? { style: { fill: 'currentcolor' } } : {})}>
    <path d={PATHS[name]} />
  </svg>
);

interface IconButtonProps {
  icon: IconName;
  label: string;
  perform: (event: MouseEvent) => void;
  keys?: string | undefined;
  pressed?: boolean | undefined;
  expanded?: boolean | undefined;
  disabled?: boolean | undefined;
  small?: boolean;
  filled?: boolean;
}

export const IconButton = ({
  icon,
  label,
  perform,
  keys,
  pressed,
  expanded,
  disabled,
  small,
  filled,
}: IconButtonProps) => (
  <button
    type="button"
    class={small ? 'icon small' : 'icon'}
    title={keys ? `${label}  ${signsOf(keys).join('+')}` : label}
    aria-label={label}
    aria-pressed={pressed}
    aria-expanded={expanded}
    aria-keyshortcuts={keys?.replace('Ctrl', 'Control')}
    disabled={disabled ?? false}
    onClick={perform}
  >
    <Icon name={icon} filled={filled ?? false} />
  </button>
);
