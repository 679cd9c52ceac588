// A part of the mask by numbers: for exactness, and for hands that do not use a pointer.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n';
import { editor, picture } from '../state/document';
import { setMode } from '../state/modes';
import { closeSheet } from '../state/sheets';
import { NumberBox, Segments } from './controls';
import { Sheet } from './Sheet';

type Shape = 'rectangle' | 'ellipse';
type Side = 'left' | 'top' | 'right' | 'bottom';
const SIDES: readonly Side[] = ['left', 'top', 'right', 'bottom'];

const shape = signal<Shape>('rectangle');
const erases = signal(false);
const box = signal<Record<Side, number>>({ left: 0, top: 0, right: 0, bottom: 0 });

function paint(): void {
  const { left, top, right, bottom } = box.value;
  setMode('inpaint');
  editor.peek()?.apply({
    kind: 'area',
    layer: 'mask',
    mode: erases.value ? 'erase' : 'paint',
    opacity: 1,
    shape: shape.value,
    points: [left, top, right, bottom],
  });
  closeSheet();
}

export function Area() {
  const source = picture.value;
  useEffect(() => {
    if (!source) return;
    const { width, height } = source;
    const quarter = (side: number, part: number) => Math.round((side * part) / 4);
    box.value = {
      left: quarter(width, 1),
      top: quarter(height, 1),
      right: quarter(width, 3),
      bottom: quarter(height, 3),
    };
  }, [source]);
  return (
    <Sheet title={t('area')} width="narrow">
      {source ? (
        <form
          class="group"
          onSubmit={(event) => {
            event.preventDefault();
            paint();
          }}
        >
          <div class="row">
            <Segments
              name="shape"
              label={t('area.shape')}
              rows={(['rectangle', 'ellipse'] as const).map((name) => ({ name, label: t(`area.${name}`) }))}
              value={shape.value}
              set={(name) => {
                shape.value = name as Shape;
              }}
            />
            <label class="toggle">
              <input
                type="checkbox"
                checked={erases.value}
                onChange={(event) => {
                  erases.value = event.currentTarget.checked;
                }}
              />
              {t('area.erase')}
            </label>
          </div>
          <div class="row wrap sides">
            {SIDES.map((side) => (
              <span class="row" key={side}>
                <span class="dim">{t(`area.${side}`)}</span>
                <NumberBox
                  value={box.value[side]}
                  set={(value) => {
                    box.value = { ...box.value, [side]: value ?? 0 };
                  }}
                  label={t(`area.${side}`)}
                  unit="px"
                  integer
                />
              </span>
            ))}
          </div>
          <p class="dim">{t('area.help', { w: source.width, h: source.height })}</p>
          <div class="row">
            <button type="submit" class="button primary">
              {t('area.paint')}
            </button>
          </div>
        </form>
      ) : (
        <p>{t('need.picture')}</p>
      )}
    </Sheet>
  );
}
