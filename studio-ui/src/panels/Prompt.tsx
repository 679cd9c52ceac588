// Prompt and negative prompt: weights by Ctrl+Up and Ctrl+Down, token count, history, networks.

import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/client';
import type { Tokens } from '../api/types';
import { labelOf, t } from '../i18n';
import { readText } from '../state/exchange';
import { troubleWith } from '../state/plan';
import { promptHistory } from '../state/preferences';
import { read, setValue } from '../state/request';
import { embeddings, fieldOf, networks } from '../state/server';
import { weigh } from '../weights';
import { Head } from './controls';
import { Menu } from './Menu';

const WAIT_MS = 350;
/** How many tokens the text encoder takes at once. */
const CHUNK = 75;

function useTokens(text: string): Tokens | null {
  const [tokens, setTokens] = useState<Tokens | null>(null);
  const model = read('model');
  useEffect(() => {
    const mine = new AbortController();
    const ask = () =>
      api
        .tokens(text, typeof model === 'string' ? model : null, mine.signal)
        .then(setTokens)
        .catch(() => mine.signal.aborted || setTokens(null));
    const waiting = setTimeout(ask, WAIT_MS);
    return () => {
      clearTimeout(waiting);
      mine.abort();
    };
  }, [text, model]);
  return tokens;
}

/** Text that another program wrote about a picture, rather than a prompt. */
const LOOKS_LIKE_INFOTEXT = /^Steps: \d+, /m;

function PromptBox({ name, rows }: { name: 'prompt' | 'negative_prompt'; rows: number }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const field = fieldOf(name);
  const text = String(read(name) ?? '');
  const tokens = useTokens(text);
  if (!field) return null;
  const trouble = troubleWith(name);

  const put = (next: string, start: number, end: number) => {
    setValue(name, next);
    const area = box.current;
    if (!area) return;
    area.value = next;
    area.setSelectionRange(start, end);
  };
  const insert = (words: string) => {
    const at = box.current?.selectionEnd ?? text.length;
    const joined = `${text.slice(0, at)}${at && !/\s$/.test(text.slice(0, at)) ? ' ' : ''}${words}`;
    put(joined + text.slice(at), joined.length, joined.length);
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
    if (!direction || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const area = event.currentTarget as HTMLTextAreaElement;
    const edited = weigh(area.value, area.selectionStart, area.selectionEnd, direction);
    put(edited.text, edited.start, edited.end);
  };
  const onPaste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    if (!LOOKS_LIKE_INFOTEXT.test(pasted)) return;
    event.preventDefault();
    void readText(pasted);
  };
  const addOns = [
    ...networks.value.map((row) => row.alias || row.name).map((name) => ({ label: name, words: `<lora:${name}:1>` })),
    ...embeddings.value.map((word) => ({ label: word, words: word })),
  ].map(({ label, words }) => ({ label, perform: () => insert(words) }));
  const earlier = promptHistory.value.map((label) => ({ label, perform: () => setValue(name, label) }));

  return (
    <div class="field" data-field={name}>
      {name === 'prompt' && <Head label={labelOf(field)} htmlFor={name} />}
      <div class="prompt">
        <textarea
          ref={box}
          id={name}
          class="text"
          rows={rows}
          value={text}
          aria-label={labelOf(field)}
          aria-invalid={trouble !== null || undefined}
          placeholder={name === 'prompt' ? t('prompt.placeholder') : t('negative.placeholder')}
          spellcheck={false}
          onInput={(event) => setValue(name, event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <div class="foot">
          <span title={t('tokens.help')}>
            {tokens ? t('tokens', { n: tokens.tokens, of: Math.max(1, tokens.chunks) * CHUNK }) : ''}
          </span>
          <span class="row">
            {addOns.length > 0 && <Menu icon="words" label={t('addons')} rows={addOns} small />}
            {name === 'prompt' && promptHistory.value.length > 0 && (
              <Menu icon="history" label={t('prompt.history')} rows={earlier} small />
            )}
          </span>
        </div>
      </div>
      {trouble && <p class="trouble">{trouble}</p>}
    </div>
  );
}

export function Prompts() {
  const negative = fieldOf('negative_prompt');
  return (
    <div>
      <PromptBox name="prompt" rows={3} />
      {negative && (
        <details class="more" open={String(read('negative_prompt') ?? '') !== ''}>
          <summary>{labelOf(negative)}</summary>
          <PromptBox name="negative_prompt" rows={2} />
        </details>
      )}
    </div>
  );
}
