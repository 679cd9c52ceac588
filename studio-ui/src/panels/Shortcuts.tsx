// Every key, from the tables that bind them.

import { shortcutGroups } from '../commands';
import { t } from '../i18n';
import { Sheet } from './Sheet';

const SIGNS: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: '↵',
  Escape: 'Esc',
};

const shown = (key: string): string =>
  key
    .split(/\+(?=.)/)
    .map((part) => SIGNS[part] ?? part)
    .join(' ');

export const Shortcuts = () => (
  <Sheet title={t('shortcuts')} width="wide">
    <div class="shortcuts">
      {shortcutGroups().map((group) => (
        <section key={group.title}>
          <h3>{group.title}</h3>
          <ul>
            {group.rows.map((row) => (
              <li key={row.label}>
                <span>{row.label}</span>
                <span>
                  {row.keys.map((key) => (
                    <kbd key={key}>{shown(key)}</kbd>
                  ))}
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  </Sheet>
);
