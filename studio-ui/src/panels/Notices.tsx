// Lines at the top: a server that is gone, and what just happened.

import { t } from '../i18n';
import { announcement, dismiss, notices } from '../state/notices';
import { reachable } from '../state/server';
import { IconButton } from './Icon';

/** `since` leaves out what was told before. */
export const Notices = ({ since = 0 }: { since?: number }) => (
  <div class="notices">
    <div role="status" aria-live="polite" class="unseen">
      {announcement.value}
    </div>
    {reachable.value === false && (
      <div class="notice warn" role="alert">
        <p>{t('server.gone')}</p>
      </div>
    )}
    <div aria-live="polite">
      {notices.value
        .filter((notice) => notice.id > since)
        .map((notice) => (
          <div key={notice.id} class={notice.kind === 'warn' ? 'notice warn' : 'notice'}>
            <p>{notice.text}</p>
            {notice.action && (
              <button
                type="button"
                class="button small"
                onClick={() => {
                  dismiss(notice.id);
                  notice.action?.perform();
                }}
              >
                {notice.action.label}
              </button>
            )}
            <IconButton icon="close" label={t('close')} perform={() => dismiss(notice.id)} small />
          </div>
        ))}
    </div>
  </div>
);
