// How far the storefront's other systems were told, and how the server is doing.

import { button, figure, make, setText } from './dom.js';
import { count, dateAndTime } from './format.js';
import { say, sayOr } from './words.js';
import { confirmed, dataTable, emptyState } from './widgets.js';
import { lineChart } from './chart.js';
import { path } from './api.js';

const POINTS_MAX = 360;
const MEBIBYTE = 1_048_576;
/** How an endpoint's state looks. */
const TONES = { runs: 'good', waits: 'info', stopped: 'bad' };

/** The webhooks: {element, read(), refresh()}. */
export function webhookPart({ api, attempt, tell }) {
  const empty = emptyState(say('hook.none'));
  const table = dataTable({
    caption: say('ops.tab.webhooks'),
    keyOf: ({ endpoint }) => endpoint,
    columns: [
      { label: say('hook.endpoint'), cell: ({ endpoint, url }) => make('span', {},
        endpoint, make('span', { class: 'hint block', text: url ?? say('hook.dropped') })) },
      { label: say('ops.state'), cell: ({ state }) => make('span', {
        class: 'badge', 'data-tone': TONES[state], text: sayOr(`hook.state.${state}`, state),
      }) },
      { label: say('hook.delivered'), isNumber: true, cell: ({ delivered }) => count(delivered) },
      { label: say('hook.lag'), isNumber: true, cell: ({ lag }) => count(lag) },
      { label: say('hook.dead'), isNumber: true, cell: ({ dead }) => count(dead) },
      { label: say('hook.failure'), cell: ({ failure, nextAttempt }) => (failure
        ? [failure.message, nextAttempt ? say('hook.next', { time: dateAndTime(nextAttempt) }) : null]
          .filter(Boolean).join(' ') : '–') },
      { label: say('hook.todo'), cell: (one) => (one.state === 'stopped'
        ? button(say('hook.goOn'), () => goOn(one))
        : one.dead > 0 ? button(say('hook.replay'), () => replay(one)) : '–') },
    ],
  });

  /** Has everything from the first to the last dead letter sent once more. */
  async function replay({ endpoint }) {
    const letters = await attempt(() =>
      api.all(path`/v1/webhooks/${endpoint}/dead-letters`, 'deadLetters', { limit: 100 }));
    const sequences = (letters?.found ?? []).filter(({ deliveredAt }) => deliveredAt === null)
      .map(({ sequence }) => sequence);
    if (sequences.length === 0) return;
    await ask('hook.replay', { count: count(sequences.length), endpoint }, endpoint, {
      from: Math.min(...sequences), to: Math.max(...sequences),
    });
  }

  /** Has an endpoint that was stopped told of what it has not been told yet. */
  const goOn = ({ endpoint, delivered, lag }) =>
    ask('hook.goOn', { count: count(lag), endpoint }, endpoint, { from: delivered + 1 });

  async function ask(key, values, endpoint, run) {
    const isSure = await confirmed({
      title: say(key), text: say(`${key}.text`, values), action: say(key),
    });
    if (!isSure || !await attempt(() => api.post(path`/v1/webhooks/${endpoint}/replay`, run))) return;
    tell(say('hook.replaying'), 'good');
    read();
  }

  async function read() {
    const answer = await attempt(() => api.get('/v1/webhooks'));
    if (!answer) return;
    table.update(answer.webhooks);
    empty.hidden = answer.webhooks.length > 0;
    table.element.hidden = answer.webhooks.length === 0;
  }

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'hooks-title' },
      make('h2', { id: 'hooks-title', text: say('hook.title') }),
      make('p', { class: 'hint', text: say('hook.hint') }), table.element, empty),
    read,
    refresh: read,
  };
}

/** The samples of a Prometheus text without labels: name → value. */
export function samples(text) {
  const found = new Map();
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)(?:\{[^}]*\})? (\S+)$/.exec(line);
    if (match && !found.has(match[1])) found.set(match[1], Number(match[2]));
  }
  return found;
}

/** The server's health: {element, read(), refresh()}. */
export function healthPart({ api, attempt }) {
  const ready = make('p', { class: 'verdict' });
  const alive = make('p', { class: 'verdict' });
  const names = {
    waggle_connections_open: ['health.connections', count],
    waggle_rooms_watched: ['health.rooms', count],
    waggle_queued_bytes: ['health.queued', (bytes) => count(bytes)],
    waggle_ledger_imbalance: ['health.imbalance', count],
    waggle_storage_failures_total: ['health.storageFailures', count],
    waggle_database_bytes: ['health.database', mebibytes],
    waggle_wal_bytes: ['health.log', mebibytes],
    waggle_disk_free_bytes: ['health.disk', mebibytes],
  };
  const figures = Object.entries(names).map(([name, [label, format]]) =>
    ({ name, format, part: figure(say(label)) }));
  const calls = lineChart({ label: say('health.callsPerSecond'), format: count });
  const connections = lineChart({ label: say('health.connections'), format: count });
  const points = { calls: [], connections: [] };
  let last = null;

  async function read() {
    const [readiness, life, text] = await Promise.all([
      attempt(() => api.health('/readyz')), attempt(() => api.health('/livez')),
      attempt(() => api.text('/metrics')),
    ]);
    if (readiness) {
      const isReady = readiness.body.ready === true;
      ready.className = isReady ? 'verdict good' : 'verdict bad';
      setText(ready, isReady ? say('health.ready')
        : say('health.notReady', { reasons: (readiness.body.reasons ?? []).join(', ') }));
    }
    if (life) {
      const isAlive = life.body.alive === true;
      alive.className = isAlive ? 'verdict good' : 'verdict bad';
      setText(alive, isAlive ? say('health.alive')
        : say('health.stuck', { threads: (life.body.stuck ?? []).join(', ') }));
    }
    if (text) show(samples(text));
  }

  function show(values) {
    for (const { name, format, part } of figures) {
      part.element.hidden = !values.has(name);
      if (values.has(name)) part.show(format(values.get(name)));
    }
    const seconds = Date.now() / 1000;
    const answered = values.get('waggle_calls_total') ?? 0;
    if (last && seconds > last.seconds && answered >= last.answered) {
      const pace = (answered - last.answered) / (seconds - last.seconds);
      points.calls.push([seconds, Math.round(pace * 10) / 10]);
    }
    last = { seconds, answered };
    points.connections.push([seconds, values.get('waggle_connections_open') ?? 0]);
    for (const list of Object.values(points)) list.splice(0, list.length - POINTS_MAX);
    calls.update(points.calls);
    connections.update(points.connections);
  }

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'health-title' },
      make('h2', { id: 'health-title', text: say('health.title') }), ready, alive,
      make('dl', { class: 'figures' }, figures.map(({ part }) => part.element)),
      make('div', { class: 'columns' }, calls.element, connections.element)),
    read,
    refresh: read,
  };
}

function mebibytes(bytes) {
  return `${count(Math.round(bytes / MEBIBYTE))} MiB`;
}
