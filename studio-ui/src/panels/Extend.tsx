// The new margin: on the canvas edges that are drawn outward, in the panel its four numbers.

import type { Box, Pair } from '../api/types';
import { type Point, toPicture, toScreen, type ViewState } from '../canvas';
import { around, grows, reach } from '../extent';
import { labelOf, t } from '../i18n';
import { describe } from '../i18n/fields';
import { picture, view } from '../state/document';
import { canExtend, flipExtending, handles, setSide, showMargin, sides, stopExtending } from '../state/extend';
import { troubleWith } from '../state/plan';
import { fieldOf } from '../state/server';
import { Head, NumberBox } from './controls';
import { IconButton } from './Icon';

const SIDES = ['left', 'top', 'right', 'bottom'] as const;
const STEP = 8;
const LEAP = 64;
/** Which arrows draw each edge outward, and which back. */
const ARROWS = [
  ['ArrowLeft', 'ArrowRight'],
  ['ArrowUp', 'ArrowDown'],
  ['ArrowRight', 'ArrowLeft'],
  ['ArrowDown', 'ArrowUp'],
] as const;
/** From the edge to the middle of its handle, CSS px. */
const BESIDE = 12;

/** Places are counted from the middle of the canvas: it may have any size. */
const MIDDLE = { width: 0, height: 0 };

function cornersOf([left, top, right, bottom]: Box): Point[] {
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}

const path = (now: ViewState, box: Box): string =>
  `M${cornersOf(box)
    .map((at) => toScreen(now, MIDDLE, at))
    .map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('L')}Z`;

/** The middle of an edge's handle. */
function beside([left, top, right, bottom]: Box, side: number, by: number): Point {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return [
    { x: left - by, y },
    { x, y: top - by },
    { x: right + by, y },
    { x, y: bottom + by },
  ][side]!;
}

interface HandleProps {
  side: number;
  box: Box;
  now: ViewState;
  size: Pair;
}

/** The value of a side before it was drawn, for Escape. */
let before: number | null = null;

function Handle({ side, box, now, size }: HandleProps) {
  const value = sides.value[side]!;
  const { x, y } = toScreen(now, MIDDLE, beside(box, side, BESIDE / now.scale));
  const draw = (event: PointerEvent) => {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).parentElement!.getBoundingClientRect();
    const from = { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 };
    const at = toPicture(now, MIDDLE, from);
    setSide(side, reach(side, { x: at.x + inward[side]!.x, y: at.y + inward[side]!.y }, size, event.shiftKey));
  };
  const by = BESIDE / now.scale;
  const inward = [
    { x: by, y: 0 },
    { x: 0, y: by },
    { x: -by, y: 0 },
    { x: 0, y: -by },
  ];
  const press = (event: KeyboardEvent) => {
    const [out, back] = ARROWS[side]!;
    const step = event.shiftKey ? LEAP : STEP;
    const next = { [out]: value + step, [back]: value - step, Home: 0 }[event.key];
    if (next !== undefined) setSide(side, next);
    else if (event.key !== 'Escape') return;
    else if (before !== null) setSide(side, before);
    else stopExtending();
    before = null;
    event.preventDefault();
    if (next !== undefined) showMargin();
  };
  return (
    <div
      class={`edge ${SIDES[side]!}`}
      role="slider"
      tabIndex={0}
      aria-label={t(`extend.${SIDES[side]!}`)}
      aria-orientation={side % 2 ? 'vertical' : 'horizontal'}
      aria-valuemin={0}
      aria-valuemax={16384}
      aria-valuenow={value}
      aria-valuetext={`${value} px`}
      title={t('extend.handle')}
      style={{
        left: `calc(50% + ${x.toFixed(1)}px)`,
        top: `calc(50% + ${y.toFixed(1)}px)`,
        rotate: `${now.angle}deg`,
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.focus();
        before = value;
      }}
      onPointerMove={(event) => before !== null && draw(event)}
      onPointerUp={() => {
        before = null;
        showMargin();
      }}
      onKeyDown={press}
    >
      <i />
      {value > 0 && <span class="tag">+{value}</span>}
    </div>
  );
}

/** What lies over the canvas: the new margin, and what its edges are drawn by. */
export function Margin() {
  const source = picture.value;
  const now = view.value;
  if (!handles.value || !source || !now) return null;
  const size: Pair = [source.width, source.height];
  const box = around(sides.value, size);
  return (
    <div class="margin">
      <svg aria-hidden="true">
        <path d={`${path(now, box)}${path(now, [0, 0, ...size])}`} fill-rule="evenodd" class="new" />
        <path d={path(now, box)} class="rim" />
      </svg>
      {SIDES.map((name, side) => (
        <Handle key={name} side={side} box={box} now={now} size={size} />
      ))}
    </div>
  );
}

/** The same in numbers. */
export function Extend() {
  const field = fieldOf('extend');
  if (!field || !canExtend.value) return null;
  const trouble = troubleWith('extend');
  const on = handles.value;
  return (
    <div class="field" data-field="extend">
      <Head label={t('extend')} help={describe(field) || labelOf(field)} set={grows(sides.value)} reset={stopExtending}>
        <IconButton icon="extend" label={t('extend.flip')} keys="T" perform={flipExtending} pressed={on} small />
      </Head>
      {on && (
        <div class="four">
          {SIDES.map((name, side) => (
            <span key={name} class="row between">
              <span class="dim">{t(`area.${name}`)}</span>
              <NumberBox
                value={sides.value[side]!}
                set={(value) => setSide(side, value ?? 0)}
                label={t(`extend.${name}`)}
                step={STEP}
                unit="px"
                width={36}
                integer
              />
            </span>
          ))}
        </div>
      )}
      {trouble && <p class="trouble">{trouble}</p>}
    </div>
  );
}
