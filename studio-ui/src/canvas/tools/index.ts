/** The table of tools. Keys are those of other picture editors where they agree. */
import { box, lasso, polygon } from './areas';
import { fill, picker, wand } from './colours';
import { brush, eraser } from './strokes';
import type { Gesture, Hands, Tool, Touch } from './tool';

function pan(hands: Hands, touch: Touch): Gesture {
  let last = touch.screen;
  return {
    move: (touches) => {
      const { screen } = touches.at(-1)!;
      hands.panBy(screen.x - last.x, screen.y - last.y);
      last = screen;
    },
    end: () => false,
    cancel: () => {},
  };
}

export const tools: readonly Tool[] = [
  { name: 'brush', label: 'Brush', label_ru: 'Кисть', key: 'B', cursor: 'ring', paints: true, begin: brush },
  { name: 'eraser', label: 'Eraser', label_ru: 'Ластик', key: 'E', cursor: 'ring', paints: true, begin: eraser },
  {
    name: 'rectangle',
    label: 'Rectangle',
    label_ru: 'Прямоугольник',
    key: 'M',
    cursor: 'crosshair',
    paints: true,
    begin: box('rectangle'),
  },
  {
    name: 'ellipse',
    label: 'Ellipse',
    label_ru: 'Эллипс',
    key: 'O',
    cursor: 'crosshair',
    paints: true,
    begin: box('ellipse'),
  },
  { name: 'lasso', label: 'Lasso', label_ru: 'Лассо', key: 'L', cursor: 'crosshair', paints: true, begin: lasso },
  {
    name: 'polygon',
    label: 'Polygon',
    label_ru: 'Многоугольник',
    key: 'P',
    cursor: 'crosshair',
    paints: true,
    begin: polygon,
  },
  { name: 'fill', label: 'Fill', label_ru: 'Заливка', key: 'G', cursor: 'crosshair', paints: true, begin: fill },
  {
    name: 'wand',
    label: 'Magic wand',
    label_ru: 'Волшебная палочка',
    key: 'W',
    cursor: 'crosshair',
    paints: true,
    begin: wand,
  },
  {
    name: 'picker',
    label: 'Colour picker',
    label_ru: 'Пипетка',
    key: 'I',
    cursor: 'crosshair',
    paints: false,
    begin: picker,
  },
  { name: 'pan', label: 'Pan', label_ru: 'Рука', key: 'V', cursor: 'grab', paints: false, begin: pan },
];

export const toolNamed = (name: string): Tool => tools.find((tool) => tool.name === name) ?? tools[0];
