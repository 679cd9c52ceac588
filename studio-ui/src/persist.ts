// The journal: IndexedDB keeps every tab's work, so that a reload, a crash or a closed tab loses nothing.
//
// A tab owns one session and holds a lock on it as long as it lives; a session whose lock is free can be
// taken up by any tab. Pictures are kept once, by the hash of their bytes.

const DATABASE = 'pentimento';
const SESSIONS = 'sessions';
const BLOBS = 'blobs';
const TAB = 'pentimento.session';
const KEPT_SESSIONS = 8;

export interface Session<State> {
  id: string;
  saved: number;
  state: State;
  /** Hashes of the pictures that the state needs. */
  pictures: string[];
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(SESSIONS, { keyPath: 'id' });
      request.result.createObjectStore(BLOBS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function inStore<T>(
  name: string,
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const transaction = (await database()).transaction(name, mode, { durability: 'strict' });
  return asked(use(transaction.objectStore(name)));
}

export const keepBlob = (sha256: string, blob: Blob): Promise<unknown> =>
  inStore(BLOBS, 'readwrite', (store) => store.put(blob, sha256));
export const findBlob = (sha256: string): Promise<Blob | undefined> =>
  inStore<Blob | undefined>(BLOBS, 'readonly', (store) => store.get(sha256));

const ANSWER_MS = 200;

/** Ask the other tabs: pages that came without TLS have no locks. False where one of them says that it has it. */
async function ask(id: string): Promise<boolean> {
  const channel = new BroadcastChannel(TAB);
  const free = await new Promise<boolean>((resolve) => {
    channel.onmessage = ({ data }) => data.held === id && resolve(false);
    channel.postMessage({ asked: id });
    setTimeout(() => resolve(true), ANSWER_MS);
  });
  // From now on it is this tab that answers.
  if (free) channel.onmessage = ({ data }) => data.asked === id && channel.postMessage({ held: id });
  else channel.close();
  return free;
}

/** Hold a session until the tab goes; false where another tab has it. */
function hold(id: string): Promise<boolean> {
  if (!navigator.locks) return ask(id);
  return new Promise((resolve) => {
    void navigator.locks.request(`${TAB}:${id}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock && new Promise<never>(() => {});
    });
  });
}

/** 24 hex digits, by chance. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

async function sessions<State>(): Promise<Session<State>[]> {
  const all = await inStore<Session<State>[]>(SESSIONS, 'readonly', (store) => store.getAll());
  return all.sort((a, b) => b.saved - a.saved);
}

export interface Start<State> {
  id: string;
  /** What this tab goes on with. */
  session: Session<State> | null;
  /** The newest session that another open tab holds: it can be copied, not taken. */
  elsewhere: Session<State> | null;
}

/**
 * Find the session of this tab.
 *
 * A reloaded tab finds its own. A new tab takes up the newest that no open tab holds; where the newest
 * is open elsewhere, it begins afresh and may copy it.
 */
export async function begin<State>(): Promise<Start<State>> {
  const all = await sessions<State>();
  const own = sessionStorage.getItem(TAB);
  const wanted = all.find((session) => session.id === own) ?? all[0] ?? null;
  if (wanted && (await hold(wanted.id))) {
    sessionStorage.setItem(TAB, wanted.id);
    return { id: wanted.id, session: wanted, elsewhere: null };
  }
  const id = newId();
  await hold(id);
  sessionStorage.setItem(TAB, id);
  return { id, session: null, elsewhere: wanted };
}

/** Write a session, in one transaction: it is there whole or not at all. */
export function save<State>(session: Session<State>): Promise<unknown> {
  return inStore(SESSIONS, 'readwrite', (store) => store.put(session));
}

/** Drop old sessions, and the pictures that no session needs. */
export async function tidy(): Promise<void> {
  const all = await sessions<unknown>();
  const kept = all.slice(0, KEPT_SESSIONS);
  const needed = new Set(kept.flatMap((session) => session.pictures));
  for (const old of all.slice(KEPT_SESSIONS)) {
    await inStore(SESSIONS, 'readwrite', (store) => store.delete(old.id));
  }
  const held = await inStore<IDBValidKey[]>(BLOBS, 'readonly', (store) => store.getAllKeys());
  for (const key of held) {
    if (!needed.has(String(key))) await inStore(BLOBS, 'readwrite', (store) => store.delete(key));
  }
}
