// Times the painting canvas in a real browser: stroke events, frames, memory, many strokes, undo to nothing, whole masks.
//
//     node benchmarks/canvas.mjs [side ...]
//
// CHROMIUM names the browser (default /usr/bin/chromium). Figures are of whatever machine this runs on.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../studio-ui/', import.meta.url));
const require = createRequire(`${root}package.json`);
const { chromium } = require('playwright-core');
const { createServer } = await import(pathToFileURL(require.resolve('vite')));

const SIDES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1024, 4096, 8192];
const STROKES = 500;
const BRUSHES = [
  { name: 'hard', hardness: 1, share: 0.04 },
  { name: 'soft', hardness: 0, share: 0.08 },
];

const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
const ms = (value) => Number(value.toFixed(1));

/** Runs in the page: an editor with a picture of a side, and clocks around its events and its drawing. */
async function open(side) {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d');
  for (let i = 0; i < 400; i += 1) {
    context.fillStyle = `hsl(${i * 47} 60% ${20 + (i % 50)}%)`;
    context.fillRect(((i * 7919) % 97) * (side / 97), ((i * 104729) % 89) * (side / 89), side / 12, side / 15);
  }
  const file = await canvas.convertToBlob({ type: 'image/jpeg' });
  const clocks = { handled: [], drawn: [], frames: [], loaded: 0 };
  let began = 0;
  addEventListener(
    'pointermove',
    () => {
      began = performance.now();
    },
    true,
  );
  addEventListener('pointermove', () => clocks.handled.push(performance.now() - began));
  const request = requestAnimationFrame;
  window.requestAnimationFrame = (draw) =>
    request((time) => {
      const start = performance.now();
      draw(time);
      clocks.drawn.push(performance.now() - start);
    });
  let last = 0;
  const tick = (time) => {
    if (last) clocks.frames.push(time - last);
    last = time;
    request(tick);
  };
  request(tick);
  window.clocks = clocks;
  const start = performance.now();
  await window.editor.load(file);
  clocks.loaded = performance.now() - start;
}

/** Runs in the page: strokes as a document holds them. */
function paintMany({ side, count }) {
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const points = [((i * 7919) % side) * 8, ((i * 104729) % side) * 8, 255];
    for (let k = 0; k < 24; k += 1)
      points.push(Math.round((Math.sin(i + k / 4) * side) / 10), Math.round((Math.cos(i * 2 + k / 3) * side) / 10), 0);
    const start = performance.now();
    window.editor.apply({
      kind: 'stroke',
      layer: 'mask',
      mode: i % 5 === 4 ? 'erase' : 'paint',
      opacity: 1,
      size: side / 40,
      hardness: 0.8,
      pressure: 'none',
      points,
    });
    times.push(performance.now() - start);
  }
  return times;
}

/** Runs in the page: what is done to a whole mask, how long it takes, and how long the page stands still at most. */
async function changeWhole(side) {
  const rows = [];
  const [from, to] = [side * 0.1, side * 0.9];
  const paint = { layer: 'mask', mode: 'paint', opacity: 1 };
  window.editor.apply({ ...paint, kind: 'area', shape: 'ellipse', points: [from, from, to, to] });
  for (const [name, radius] of [
    ['grow', 8],
    ['grow', 64],
    ['shrink', 8],
    ['feather', 8],
  ]) {
    let [last, longest] = [performance.now(), 0];
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    });
    const start = performance.now();
    await window.editor[name](radius);
    const taken = performance.now() - start;
    clearInterval(watch);
    rows.push({ what: `${name} ${radius} px`, ms: Math.round(taken), 'stands still, ms': Math.round(longest) });
  }
  return rows;
}

async function residentMegabytes(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const resident = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024);
  return Math.round(Math.max(...resident));
}

async function drag(page, along, events) {
  await page.mouse.move(...along(0));
  await page.mouse.down();
  for (let i = 1; i <= events; i += 1) await page.mouse.move(...along(i / events));
  await page.mouse.up();
}

const reset = (page) =>
  page.evaluate(() => {
    for (const name of ['handled', 'drawn', 'frames']) window.clocks[name].length = 0;
  });
const read = (page) => page.evaluate(() => window.clocks);

async function measure(browser, address, side) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${address}test/canvas/page.html`);
  await page.waitForFunction(() => window.editor);
  await page.evaluate(open, side);
  await page.waitForTimeout(1500);
  const rows = [];
  for (const { name, hardness, share } of BRUSHES) {
    await page.evaluate((settings) => window.editor.set(settings), { hardness, size: side * share, smoothing: 0.2 });
    await reset(page);
    await drag(page, (t) => [280 + 700 * t, 400 + 250 * Math.sin(t * 14)], 240);
    const { handled, drawn, frames } = await read(page);
    rows.push({
      picture: `${side}²`,
      what: `stroke, ${name}, ${Math.round(side * share)} px`,
      events: handled.length,
      'event p50': ms(quantile(handled, 0.5)),
      'event p95': ms(quantile(handled, 0.95)),
      'draw p95': ms(quantile(drawn, 0.95)),
      'frame p50': ms(quantile(frames, 0.5)),
      'frame p95': ms(quantile(frames, 0.95)),
    });
  }
  await reset(page);
  await page.evaluate(() => window.editor.hand(true));
  await drag(page, (t) => [640 + 200 * Math.sin(t * 9), 400 + 150 * Math.cos(t * 7)], 120);
  await page.evaluate(() => window.editor.hand(false));
  for (let i = 0; i < 24; i += 1) await page.mouse.wheel(0, i < 12 ? -160 : 160);
  const moved = await read(page);
  rows.push({
    picture: `${side}²`,
    what: 'pan and zoom',
    events: moved.handled.length,
    'draw p95': ms(quantile(moved.drawn, 0.95)),
    'frame p50': ms(quantile(moved.frames, 0.5)),
    'frame p95': ms(quantile(moved.frames, 0.95)),
  });
  console.table(rows);
  const painted = await page.evaluate(paintMany, { side, count: STROKES });
  await page.waitForTimeout(1500);
  const memory = await page.evaluate(() => window.editor.memory);
  const resident = await residentMegabytes(browser);
  const undo = await page.evaluate(() => {
    const start = performance.now();
    while (window.editor.canUndo) window.editor.undo();
    return { time: performance.now() - start, painted: window.editor.painted };
  });
  if (undo.painted.mask) throw new Error('undo to the beginning left something painted');
  console.log(
    `${side}²: loaded in ${ms(moved.loaded)} ms; ${STROKES} strokes, each p50 ${ms(quantile(painted, 0.5))} p95 ${ms(quantile(painted, 0.95))} ms; ` +
      `mask ${ms(memory.layers / 2 ** 20)} MB, history ${ms(memory.history / 2 ** 20)} MB, page ${resident} MB; undo to nothing ${ms(undo.time)} ms`,
  );
  console.table(await page.evaluate(changeWhole, side));
  await page.close();
}

const server = await createServer({ root, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } });
await server.listen();
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
try {
  for (const side of SIDES) await measure(browser, server.resolvedUrls.local[0], side);
} finally {
  await browser.close();
  await server.close();
}
