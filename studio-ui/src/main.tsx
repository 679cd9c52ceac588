import { effect } from '@preact/signals';
import { render } from 'preact';
import { bindKeys } from './commands';
import { speak, t } from './i18n';
import { App } from './panels/App';
import { shortProgress } from './panels/PlanLine';
import { sendBatch, startBatch } from './state/batch';
import { openFile, readText } from './state/exchange';
import { active, rejoin } from './state/jobs';
import { startLive } from './state/live';
import { merging, startMerging } from './state/merge';
import { startFollowingHand, startTinting } from './state/modes';
import { complain, notify } from './state/notices';
import { startPlanning } from './state/plan';
import { language } from './state/preferences';
import { startShowing } from './state/results';
import { keepTrying } from './state/server';
import { startSession } from './state/session';
import './styles/base.css';
import './styles/page.css';
import './styles/parameters.css';
import './styles/stage.css';
import './styles/over.css';
import './styles/results.css';
import './styles/sheets.css';
import './styles/layers.css';
import './styles/narrow.css';

const TYPING = 'input, textarea, select';

/** A picture or a text that is pasted beside any field. */
function onPaste(event: ClipboardEvent): void {
  if (merging.peek()) return;
  const file = [...(event.clipboardData?.files ?? [])][0];
  if (file?.type.startsWith('image/')) {
    event.preventDefault();
    void openFile(file);
    return;
  }
  if ((event.target as Element).matches?.(TYPING)) return;
  const text = event.clipboardData?.getData('text/plain') ?? '';
  if (text.trim()) void readText(text);
}

await speak(language.peek()).catch(complain);
render(<App />, document.getElementById('app')!);
bindKeys();
addEventListener('paste', onPaste);
startShowing();
startPlanning();
startLive();
startTinting();
startFollowingHand();
startMerging();
startBatch();
const restored = startSession();
let known = false;
keepTrying(() => {
  void restored.then(rejoin).then(sendBatch).catch(complain);
  if (known) notify(t('server.back'));
  known = true;
});
effect(() => {
  const job = active.value;
  document.title = job ? `${shortProgress(job)} · Pentimento` : 'Pentimento';
});
