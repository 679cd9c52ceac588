// Tools of the canvas: a row of what its table says, and what the hand sets about them.

import { tools } from '../canvas';
import { labelOf, number, t } from '../i18n';
import { shownAs } from '../keys';
import { editor, painted, picture, settings, undoable, view } from '../state/document';
import { takeTool } from '../state/modes';
import { mode, modeRow } from '../state/request';
import { openSheet } from '../state/sheets';
import { NumberBox, Segments, Slider } from './controls';
import { IconButton, isIcon } from './Icon';
import { Popover } from './Popover';

const LARGEST_ON_SLIDER = 400;
/** The slider is finer where brushes are small. */
const toPlace = (size: number): number => Math.round(100 * Math.sqrt(Math.min(1, size / LARGEST_ON_SLIDER)));
const toSize = (place: number): number => Math.max(1, Math.round(LARGEST_ON_SLIDER * (place / 100) ** 2));

const FOR_COLOURS: readonly string[] = ['picker'];
const PAINTING = ['brush', 'eraser'];

function BrushSize() {
  const now = settings.value;
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
        set={(place) => editor.peek()?.set({ size: toSize(place) })}
      />
      <NumberBox
        value={Math.round(now.size)}
        set={(size) => editor.peek()?.set({ size: Math.min(4096, Math.max(1, size ?? 1)) })}
        label={t('brush.size')}
        unit="px"
        width={32}
        integer
      />
    </span>
  );
}

const percent = (value: number): string => `${Math.round(value * 100)} %`;

function More() {
  const now = settings.value;
  const on = editor.value;
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
      <div class="row between">
        <label class="row">
          <input
            type="color"
            class="swatch"
            value={now.maskColour}
            onInput={(event) => on.set({ maskColour: event.currentTarget.value })}
          />
          {t('brush.maskColour')}
        </label>
      </div>
      {slide('maskOpacity')}
    </div>
  );
}

function MaskActions({ close }: { close: () => void }) {
  const on = editor.value;
  const radius = 8;
  const rows = [
    { label: t('mask.invert'), perform: () => on?.invert() },
    { label: t('mask.grow', { n: radius }), perform: () => on?.grow(radius) },
    { label: t('mask.shrink', { n: radius }), perform: () => on?.shrink(radius) },
    { label: t('mask.feather', { n: radius }), perform: () => on?.feather(radius) },
    { label: t('mask.alpha'), perform: () => void on?.maskFromAlpha() },
    { label: `${t('area')}…`, perform: () => openSheet('area') },
    { label: t('mask.load'), perform: () => document.getElementById('open-mask')?.click() },
    { label: t('mask.save'), perform: () => void saveMask() },
  ];
  return (
    <>
      {rows.map((row) => (
        <button
          type="button"
          key={row.label}
          class="item"
          onClick={() => {
            close();
            row.perform();
          }}
        >
          {row.label}
        </button>
      ))}
    </>
  );
}

async function saveMask(): Promise<void> {
  const mask = await editor.peek()?.maskPng('both');
  if (!mask) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(mask);
  link.download = 'mask.png';
  link.click();
  URL.revokeObjectURL(link.href);
}

export function Toolbar() {
  const now = settings.value;
  const on = editor.value;
  const there = picture.value !== null;
  const row = modeRow.value;
  const sketching = now?.layer === 'sketch' && row.sketch;
  const zoom = view.value ? Math.round(view.value.scale * devicePixelRatio * 100) : 100;
  if (!row.picture || mode.value === 'batch') {
    return (
      <div class="tools">
        <span class="dim">{mode.value === 'text' ? t('mode.text.help') : t('mode.batch.help')}</span>
      </div>
    );
  }
  return (
    <div class="tools" role="toolbar" aria-label={t('tools')}>
      {tools
        .filter((tool) => sketching || !FOR_COLOURS.includes(tool.name))
        .map((tool) => (
          <IconButton
            key={tool.name}
            icon={isIcon(tool.name) ? tool.name : 'brush'}
            label={labelOf(tool)}
            keys={tool.key}
            pressed={now?.tool === tool.name && (mode.value !== 'image' || tool.name === 'pan')}
            disabled={!there}
            perform={() => takeTool(tool.name)}
          />
        ))}
      <span class="rule" />
      {row.mask && (
        <Segments
          name="layer"
          label={t('layer')}
          rows={[
            { name: 'mask', label: t('layer.mask') },
            { name: 'sketch', label: t('layer.sketch') },
          ]}
          value={now?.layer ?? 'mask'}
          set={(name) => on?.set({ layer: name as 'mask' | 'sketch' })}
        />
      )}
      {sketching && (
        <input
          type="color"
          class="swatch"
          aria-label={t('brush.colour')}
          title={t('brush.colour')}
          value={now.colour}
          onInput={(event) => on?.set({ colour: event.currentTarget.value })}
        />
      )}
      {row.mode === 'image' && <span class="dim hint">{there ? t('tools.hint') : ''}</span>}
      {row.mode !== 'image' && <BrushSize />}
      {row.mode !== 'image' && (
        <Popover
          label={t('brush')}
          button={(open, flip) => (
            <IconButton icon="settings" label={t('brush')} perform={flip} expanded={open} disabled={!there} />
          )}
        >
          {() => <More />}
        </Popover>
      )}
      <span class="rule" />
      <IconButton icon="undo" {...shownAs('undo')} perform={() => on?.undo()} disabled={!undoable.value.undo} />
      <IconButton icon="redo" {...shownAs('redo')} perform={() => on?.redo()} disabled={!undoable.value.redo} />
      <IconButton
        icon="clear"
        {...shownAs('clear')}
        perform={() => on?.clear()}
        disabled={!(now?.layer === 'sketch' ? painted.value.sketch : painted.value.mask)}
      />
      {row.mask && (
        <Popover
          label={t('mask')}
          button={(open, flip) => (
            <IconButton icon="invert" label={t('mask')} perform={flip} expanded={open} disabled={!there} />
          )}
        >
          {(close) => <MaskActions close={close} />}
        </Popover>
      )}
      <span class="spring" />
      <IconButton icon="fit" {...shownAs('fit')} perform={() => on?.fit()} disabled={!there} />
      <button
        type="button"
        class="button small"
        title={`${shownAs('actual').label}  ${shownAs('actual').keys}`}
        disabled={!there}
        onClick={() => on?.actualSize()}
      >
        {number(zoom)} %
      </button>
    </div>
  );
}
