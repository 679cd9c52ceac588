// What the hand sets about the brush: its size beside the tools, the rest in a list.

import { t } from '../i18n';
import { hand, handSettings } from '../state/merge';
import { NumberBox, Segments, Slider } from './controls';
import { IconButton } from './Icon';
import { Popover } from './Popover';

const LARGEST_ON_SLIDER = 400;
/** The slider is finer where brushes are small. */
const toPlace = (size: number): number => Math.round(100 * Math.sqrt(Math.min(1, size / LARGEST_ON_SLIDER)));
const toSize = (place: number): number => Math.max(1, Math.round(LARGEST_ON_SLIDER * (place / 100) ** 2));

const PAINTING = ['brush', 'eraser'];

export function BrushSize() {
  const now = handSettings.value;
  if (!now || !PAINTING.includes(now.tool)) return null;
  return (
    <span class="size">
      <Slider
        value={toPlace(now.size)}
        low={5}
        high={100}
        step={1}
        label={t('brush.size')}
        valueText={`${now.size} px`}
        set={(place) => hand.peek()?.set({ size: toSize(place) })}
      />
      <NumberBox
        value={Math.round(now.size)}
        set={(size) => hand.peek()?.set({ size: Math.min(4096, Math.max(1, size ?? 1)) })}
        label={t('brush.size')}
        unit="px"
        width={32}
        integer
      />
    </span>
  );
}

const percent = (value: number): string => `${Math.round(value * 100)} %`;

function Settings() {
  const now = handSettings.value;
  const on = hand.value;
  const merges = now?.from !== null;
  if (!now || !on) return null;
  const slide = (name: 'hardness' | 'opacity' | 'smoothing' | 'maskOpacity') => (
    <div class="field">
      <div class="head">
        <span>{t(`brush.${name}`)}</span>
        <span class="dim">{percent(now[name])}</span>
      </div>
      <Slider
        value={now[name]}
        low={0}
        high={1}
        step={0.05}
        label={t(`brush.${name}`)}
        valueText={percent(now[name])}
        set={(value) => on.set({ [name]: value })}
      />
    </div>
  );
  return (
    <div class="group" style={{ padding: '8px', width: '280px' }}>
      {slide('hardness')}
      {slide('opacity')}
      {slide('smoothing')}
      {!merges && (
        <div class="field">
          <div class="head">
            <span>{t('brush.tolerance')}</span>
            <NumberBox
              value={now.tolerance}
              set={(value) => on.set({ tolerance: Math.min(255, Math.max(0, value ?? 0)) })}
              label={t('brush.tolerance')}
              integer
            />
          </div>
        </div>
      )}
      <div class="field">
        <div class="head">
          <span>{t('brush.pressure')}</span>
        </div>
        <Segments
          name="pressure"
          label={t('brush.pressure')}
          rows={(['none', 'size', 'opacity', 'both'] as const).map((name) => ({ name, label: t(`pressure.${name}`) }))}
          value={now.pressure}
          set={(name) => on.set({ pressure: name as typeof now.pressure })}
        />
      </div>
      {!merges && (
        <label class="row">
          <input
            type="color"
            class="swatch"
            value={now.maskColour}
            onInput={(event) => on.set({ maskColour: event.currentTarget.value })}
          />
          {t('brush.maskColour')}
        </label>
      )}
      {!merges && slide('maskOpacity')}
    </div>
  );
}

export const BrushSettings = ({ disabled }: { disabled: boolean }) => (
  <Popover
    label={t('brush')}
    button={(open, flip) => (
      <IconButton icon="settings" label={t('brush')} perform={flip} expanded={open} disabled={disabled} />
    )}
  >
    {() => <Settings />}
  </Popover>
);
