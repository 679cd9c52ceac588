// Brushing one variant into another: a canvas of its own over the stage, its tools, and what the brush lays.

import { useEffect, useRef } from 'preact/hooks';
import { thumbnailUrl } from '../api/client';
import { tools } from '../canvas';
import { labelOf, t } from '../i18n';
import { shownAs } from '../keys';
import {
  applyMerge,
  hand,
  handSettings,
  inkComing,
  leaveMerge,
  type Merge,
  merging,
  mountMerger,
  SOURCE,
  takeInk,
  undoable,
} from '../state/merge';
import { complain } from '../state/notices';
import { results } from '../state/results';
import { BrushSettings, BrushSize } from './BrushSettings';
import { Icon, IconButton, isIcon } from './Icon';
import { Stored } from './Stored';

/** Those that paint shapes; the others look at colours. */
const TOOLS: readonly string[] = ['brush', 'eraser', 'rectangle', 'ellipse', 'lasso', 'polygon', 'pan'];
export const mergeTools = tools.filter((tool) => TOOLS.includes(tool.name));

export function MergeTools() {
  const now = handSettings.value;
  const on = hand.value;
  return (
    <div class="tools" role="toolbar" aria-label={t('tools')}>
      {mergeTools.map((tool) => (
        <IconButton
          key={tool.name}
          icon={isIcon(tool.name) ? tool.name : 'brush'}
          label={labelOf(tool)}
          keys={tool.key}
          pressed={now?.tool === tool.name}
          perform={() => on?.set({ tool: tool.name })}
        />
      ))}
      <span class="rule" />
      <BrushSize />
      <BrushSettings disabled={false} />
      <span class="rule" />
      <IconButton icon="undo" {...shownAs('undo')} perform={() => on?.undo()} disabled={!undoable.value.undo} />
      <IconButton icon="redo" {...shownAs('redo')} perform={() => on?.redo()} disabled={!undoable.value.redo} />
      <IconButton icon="clear" {...shownAs('clear')} perform={() => on?.clear()} disabled={!undoable.value.undo} />
      <span class="spring" />
      <IconButton icon="fit" {...shownAs('fit')} perform={() => on?.fit()} />
    </div>
  );
}

const placeOf = (id: string): string => String(results.value.findIndex((row) => row.id === id) + 1);

function Bar({ merge }: { merge: Merge }) {
  const name = (ink: string) => (ink === SOURCE ? t('source') : t('merge.variant', { n: placeOf(ink) }));
  return (
    <section class="merge-bar" aria-label={t('merge')}>
      <p>{t('merge.into', { n: placeOf(merge.base) })}</p>
      <div class="inks" role="radiogroup" aria-label={t('merge.ink')} aria-busy={inkComing.value}>
        {merge.inks.map((ink) => (
          <label key={ink} title={name(ink)}>
            <input
              type="radio"
              name="ink"
              aria-label={name(ink)}
              checked={ink === merge.ink}
              onChange={() => void takeInk(ink).catch(complain)}
            />
            <span class="ink">
              {ink === SOURCE ? (
                <Stored hash={merge.picture ?? ''} alt="" />
              ) : (
                <img src={thumbnailUrl({ id: ink })} alt="" />
              )}
              <span class="tag">{ink === SOURCE ? <Icon name="picture" /> : placeOf(ink)}</span>
            </span>
          </label>
        ))}
      </div>
      <span class="row">
        <button type="button" class="button" onClick={leaveMerge}>
          {t('merge.leave')}
        </button>
        <button
          type="button"
          class="button primary"
          disabled={!undoable.value.undo}
          aria-keyshortcuts="Control+Enter"
          title={`${t('merge.apply.help')}  Ctrl+Enter`}
          onClick={() => void applyMerge()}
        >
          {t('merge.apply')}
        </button>
      </span>
    </section>
  );
}

function Canvas() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // In one long column the results lie far below it.
    host.current!.scrollIntoView({ block: 'nearest' });
    return mountMerger(host.current!);
  }, []);
  return <div ref={host} class="host merging" />;
}

export function Merger() {
  const merge = merging.value;
  if (!merge) return null;
  return (
    <>
      <Canvas key={merge.base} />
      {inkComing.value && <p class="badge late">{t('merge.coming')}</p>}
      <Bar merge={merge} />
    </>
  );
}
