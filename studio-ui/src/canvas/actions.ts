/** What keys do on the canvas. The page binds this table and shows it. */
import type { Editor } from './editor';
import { stepped } from './settings';
import { tools } from './tools';
import type { CompareMode, Settings } from './types';

export interface Action {
  readonly id: string;
  readonly group: 'tools' | 'painting' | 'mask' | 'view' | 'compare';
  readonly label: string;
  readonly label_ru: string;
  /** As `keyOf` names them: `Ctrl+Z`, `[`, `Shift+]`, `Space`. */
  readonly keys: readonly string[];
  perform(editor: Editor): void;
  /** For keys that work while they are held. */
  release?(editor: Editor): void;
}

type Row = [
  id: string,
  label: string,
  label_ru: string,
  keys: string[],
  perform: (editor: Editor) => void,
  release?: (editor: Editor) => void,
];

const group = (name: Action['group'], rows: readonly Row[]): Action[] =>
  rows.map(([id, label, label_ru, keys, perform, release]) => ({
    id,
    group: name,
    label,
    label_ru,
    keys,
    perform,
    ...(release ? { release } : {}),
  }));

/** On the mask brush and eraser change places, on the sketch the two colours. */
function swap(editor: Editor): void {
  const { layer, tool, colour, from, otherColour } = editor.settings;
  if (layer === 'sketch' && from === null) editor.set({ colour: otherColour, otherColour: colour });
  else editor.set({ tool: tool === 'eraser' ? 'brush' : 'eraser' });
}

const resize = (direction: 1 | -1) => (editor: Editor) =>
  editor.set({ size: stepped(editor.settings.size, direction) });
const harden = (by: number) => (editor: Editor) =>
  editor.set({ hardness: Math.round((editor.settings.hardness + by) * 100) / 100 });
const mask = (change: (editor: Editor) => void) => (editor: Editor) => {
  if (editor.painted.mask) change(editor);
};
const flip = (name: CompareMode) => (editor: Editor) =>
  editor.setCompare(editor.compare.mode === name ? 'variant' : name);
const set = (settings: (now: Settings) => Partial<Settings>) => (editor: Editor) =>
  editor.set(settings(editor.settings));

const TURN = 15;
const ZOOM = 1.25;
const EDGE = 4;

export const actions: readonly Action[] = [
  ...tools.map(
    ({ name, label, label_ru, key }): Action => ({
      id: `tool.${name}`,
      group: 'tools',
      label,
      label_ru,
      keys: [key],
      perform: (editor) => editor.set({ tool: name }),
    }),
  ),
  ...group('painting', [
    ['undo', 'Undo', 'Отменить', ['Ctrl+Z'], (editor) => editor.undo()],
    ['redo', 'Redo', 'Повторить', ['Ctrl+Y', 'Ctrl+Shift+Z'], (editor) => editor.redo()],
    ['smaller', 'Smaller brush', 'Кисть меньше', ['['], resize(-1)],
    ['larger', 'Larger brush', 'Кисть больше', [']'], resize(1)],
    ['softer', 'Softer edge', 'Край мягче', ['Shift+['], harden(-0.1)],
    ['harder', 'Harder edge', 'Край жёстче', ['Shift+]'], harden(0.1)],
    ['swap', 'Swap brush and eraser, or the two colours', 'Поменять кисть и ластик или два цвета', ['X'], swap],
    ['finish', 'Close the polygon', 'Замкнуть многоугольник', ['Enter'], (editor) => editor.finish()],
  ]),
  ...group('mask', [
    ['invert', 'Invert the mask', 'Инвертировать маску', ['Ctrl+I'], (editor) => editor.invert()],
    ['clear', 'Clear what is painted', 'Очистить нарисованное', ['Delete', 'Backspace'], (editor) => editor.clear()],
    ['grow', 'Grow the mask', 'Расширить маску', ['Shift+='], mask((editor) => editor.grow(EDGE))],
    ['shrink', 'Shrink the mask', 'Сузить маску', ['Shift+-'], mask((editor) => editor.shrink(EDGE))],
    ['feather', 'Feather the mask', 'Растушевать маску', ['Shift+F'], mask((editor) => editor.feather(EDGE))],
    [
      'mask.hide',
      'Show or hide the mask',
      'Показать или скрыть маску',
      ['\\'],
      set((now) => ({ maskVisible: !now.maskVisible })),
    ],
  ]),
  ...group('view', [
    [
      'pan',
      'Move the picture, while held',
      'Двигать картинку, пока нажато',
      ['Space'],
      (editor) => editor.hand(true),
      (editor) => editor.hand(false),
    ],
    ['fit', 'Whole picture', 'Картинка целиком', ['0', 'Ctrl+0'], (editor) => editor.fit()],
    ['actual', 'Actual size', 'Реальный размер', ['1', 'Ctrl+1'], (editor) => editor.actualSize()],
    ['zoom.in', 'Zoom in', 'Приблизить', ['=', 'Ctrl+='], (editor) => editor.zoomBy(ZOOM)],
    ['zoom.out', 'Zoom out', 'Отдалить', ['-', 'Ctrl+-'], (editor) => editor.zoomBy(1 / ZOOM)],
    [
      'turn.left',
      'Turn the view left',
      'Повернуть вид влево',
      [','],
      (editor) => editor.rotateTo(editor.view.angle - TURN),
    ],
    [
      'turn.right',
      'Turn the view right',
      'Повернуть вид вправо',
      ['.'],
      (editor) => editor.rotateTo(editor.view.angle + TURN),
    ],
    ['upright', 'View upright', 'Вид без поворота', ['Shift+0'], (editor) => editor.rotateTo(0)],
  ]),
  ...group('compare', [
    [
      'peek',
      'Original, while held',
      'Оригинал, пока нажато',
      ['C'],
      (editor) => editor.peek(true),
      (editor) => editor.peek(false),
    ],
    ['slider', 'Slider', 'Шторка', ['S'], flip('slider')],
    ['blink', 'Blink', 'Мигание', ['K'], flip('blink')],
    ['difference', 'Difference', 'Разница', ['D'], flip('difference')],
    ['footprint', 'Footprint of the change', 'След изменений', ['F'], flip('footprint')],
  ]),
];

/** Keys by their place on the keyboard where a layout may move them. */
const CODES: Readonly<Record<string, string>> = {
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  Minus: '-',
  NumpadSubtract: '-',
  Equal: '=',
  NumpadAdd: '=',
  Comma: ',',
  Period: '.',
  Slash: '/',
  NumpadEnter: 'Enter',
};

/** Names a key by its place, so that shortcuts work in every keyboard layout; Cmd counts as Ctrl. */
export function keyOf(event: KeyboardEvent): string {
  const { code } = event;
  const name = CODES[code] ?? code.replace(/^(Key|Digit|Numpad(?=\d))/, '');
  const held = [
    event.ctrlKey || event.metaKey ? 'Ctrl+' : '',
    event.altKey ? 'Alt+' : '',
    event.shiftKey ? 'Shift+' : '',
  ];
  return held.join('') + (name || event.key);
}
