// Every key, from the tables that bind them.

import { shortcutGroups } from '../commands';
import { t } from '../i18n';
import { signsOf } from '../keys';
import { Sheet } from './Sheet';

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
                    <kbd key={key}>{signsOf(key).join(' ')}</kbd>
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
