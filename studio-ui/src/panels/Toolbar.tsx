// Tools of the canvas: a row of what its table says, and what the hand sets about them.

import { tools } from '../canvas';
import { labelOf, number, t } from '../i18n';
import { shownAs } from '../keys';
import { editor, painted, picture, settings, undoable, view } from '../state/document';
import { merging } from '../state/merge';
import { takeTool } from '../state/modes';
import { mode, modeRow } from '../state/request';
import { BrushSettings, BrushSize } from './BrushSettings';
import { Segments } from './controls';
import { IconButton, isIcon } from './Icon';
import { MaskMenu } from './MaskMenu';
import { MergeTools } from './Merge';

const FOR_COLOURS: readonly string[] = ['picker'];

export function Toolbar() {
  const now = settings.value;
  const on = editor.value;
  const there = picture.value !== null;
  const row = modeRow.value;
  const sketching = now?.layer === 'sketch' && row.sketch;
  const zoom = view.value ? Math.round(view.value.scale * devicePixelRatio * 100) : 100;
  if (merging.value) return <MergeTools />;
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
      {row.mode !== 'image' && <BrushSettings disabled={!there} />}
      <span class="rule" />
      <IconButton icon="undo" {...shownAs('undo')} perform={() => on?.undo()} disabled={!undoable.value.undo} />
      <IconButton icon="redo" {...shownAs('redo')} perform={() => on?.redo()} disabled={!undoable.value.redo} />
      <IconButton
        icon="clear"
        {...shownAs('clear')}
        perform={() => on?.clear()}
        disabled={!(now?.layer === 'sketch' ? painted.value.sketch : painted.value.mask)}
      />
      {row.mask && <MaskMenu disabled={!there} />}
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
