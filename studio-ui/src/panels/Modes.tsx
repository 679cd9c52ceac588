// What is to be done: five ways through one request.

import { t } from '../i18n';
import { setMode } from '../state/modes';
import { MODES, type Mode, mode } from '../state/request';

export function Modes() {
  const move = (event: KeyboardEvent, place: number) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const next = MODES[(place + by + MODES.length) % MODES.length]!.mode;
    setMode(next);
    document.getElementById(`mode-${next}`)?.focus();
  };
  const title = (name: Mode) => t(`mode.${name}.help`);
  return (
    <div class="modes" role="tablist" aria-label={t('modes')}>
      {MODES.map((row, place) => (
        <button
          key={row.mode}
          id={`mode-${row.mode}`}
          type="button"
          role="tab"
          aria-selected={row.mode === mode.value}
          aria-controls="parameters"
          tabIndex={row.mode === mode.value ? 0 : -1}
          title={title(row.mode)}
          onClick={() => setMode(row.mode)}
          onKeyDown={(event) => move(event, place)}
        >
          {t(`mode.${row.mode}`)}
        </button>
      ))}
    </div>
  );
}
