// A show in figures as they move: the room's, the host's own earnings, and one of them over time.
//
// Orders and GMV begin with what the server tells of the show so far (`room.timeline`) and go on with the
// figures it pushes. Who watches is not kept by the server: that line begins when this window was opened,
// as the page says, and its points are kept for this tab, so that a reload goes on with it.

import { lineChart } from './chart.js';
import { figure, make, setText } from './dom.js';
import { clock, count, money } from './format.js';
import { say } from './words.js';

const POINTS_MAX = 600;
const POINT_SECONDS = 2;

/** The figures of one room: {element, over, show, earned, counted, sofar, happened}. */
export function showFigures(roomID) {
  const storageKey = `waggle.show.${roomID}`;
  const parts = Object.fromEntries(
    ['gmv', 'orders', 'watching', 'unique', 'refunded']
      .map((name) => [name, figure(say(name), { tone: name === 'gmv' ? 'strong' : null })]));
  const available = figure(say('available'));
  const pending = figure(say('pending'), { tone: 'muted', hint: say('pending.hint') });
  const reversed = figure(say('reversed'));
  const latest = make('p', { class: 'latest', text: say('host.quiet') });
  const series = { orders: [], gmv: [], watching: restored() };
  let ticker = null; // the room's figures, as pushed last
  let isDrawn = false; // whether the timeline has come; before it nothing is added to its lines
  let endedAt = null; // seconds; the line goes no further

  const since = make('p', { class: 'hint' });
  const charts = {
    orders: lineChart({ label: say('host.chart.orders'), format: count }),
    gmv: lineChart({ label: say('host.chart.gmv'), format: (value) => money(value) }),
    watching: lineChart({ label: say('host.chart.watching'), format: count }),
  };
  let chosen = 'orders';
  const choices = Object.keys(charts).map((name) => {
    const element = make('button', {
      type: 'button', class: 'small', text: say(`host.chart.${name}`), 'aria-pressed': 'false',
      onclick: () => choose(name),
    });
    return { name, element };
  });

  function restored() {
    try {
      return JSON.parse(sessionStorage.getItem(storageKey) ?? '[]');
    } catch {
      return [];
    }
  }

  function keep() {
    try {
      sessionStorage.setItem(storageKey, JSON.stringify(series.watching));
    } catch {
      // A line that is not kept is no loss to the show.
    }
  }

  /** Adds the latest value of a figure; values of one moment are one point. */
  function add(name, value) {
    if (value === null || value === undefined || endedAt !== null) return;
    const points = series[name];
    const seconds = Math.floor(Date.now() / 1000);
    const last = points[points.length - 1];
    if (last && seconds - last[0] < POINT_SECONDS) last[1] = value;
    else points.push([seconds, value]);
    if (points.length > POINTS_MAX) series[name] = points.filter((_, index) => index % 2 === 0);
    if (name === 'watching' && (!last || seconds - last[0] >= POINT_SECONDS)) keep();
    if (name === chosen) draw();
  }

  function draw() {
    const points = series[chosen];
    charts[chosen].update(points);
    since.hidden = chosen !== 'watching' || points.length === 0;
    if (points.length > 0) setText(since, say('host.chart.since', { time: clock(points[0][0]) }));
  }

  /** Adds a line up: each point of the timeline stands at the end of its step. */
  function addUp(name, { points, stepSeconds, complete }, total) {
    const until = endedAt ?? Date.now() / 1000;
    const told = points.reduce((sum, point) => sum + point[name], 0);
    let sum = complete ? 0 : Math.max(0, total - told); // what was before the first point
    const line = [];
    for (const point of points) {
      const start = Date.parse(point.at) / 1000;
      if (line.length === 0) line.push([start, sum]);
      sum += point[name];
      line.push([Math.min(start + stepSeconds, Math.max(until, start)), sum]);
    }
    if (line.length > 0) line.push([Math.max(until, line[line.length - 1][0]), sum]);
    return line;
  }

  function choose(name) {
    chosen = name;
    for (const one of choices) one.element.setAttribute('aria-pressed', String(one.name === name));
    for (const [key, chart] of Object.entries(charts)) chart.element.hidden = key !== name;
    draw();
  }
  choose(chosen);

  const now = [
    make('section', { class: 'card', 'aria-labelledby': 'figures-title' },
      make('h2', { id: 'figures-title', text: say('host.show') }),
      make('dl', { class: 'figures' }, Object.values(parts).map(({ element }) => element)), latest),
    make('section', { class: 'card', 'aria-labelledby': 'earnings-title' },
      make('h2', { id: 'earnings-title', text: say('host.earnings') }),
      make('dl', { class: 'figures' }, available.element, pending.element, reversed.element)),
  ];

  return {
    element: [
      ...now,
      make('section', { class: 'card chart-card' },
        make('div', { class: 'segments', role: 'group', 'aria-label': say('host.show') },
          choices.map(({ element }) => element)),
        Object.values(charts).map(({ element }) => element), since),
    ],
    /** After the end the report has the same figures. */
    over: ({ state, endedAt: end }) => {
      endedAt = state === 'ended' ? Date.parse(end) / 1000 : null;
      for (const one of now) one.hidden = state === 'ended';
      // A window that was opened after the end has seen nobody watch.
      const hasAudience = state !== 'ended' || series.watching.length > 0;
      choices.find(({ name }) => name === 'watching').element.hidden = !hasAudience;
      if (!hasAudience && chosen === 'watching') choose('orders');
    },
    counted: ({ watching, unique }) => {
      parts.watching.show(count(watching));
      parts.unique.show(count(unique));
      add('watching', watching);
    },
    show: (figures) => {
      // How many watch comes with `room.count`, which is the fresher of the two.
      ticker = figures;
      parts.orders.show(count(figures.orders));
      parts.gmv.show(money(figures.gmv, figures.currency));
      parts.refunded.show(money(figures.refunded, figures.currency));
      if (!isDrawn) return;
      add('orders', figures.orders);
      add('gmv', figures.gmv);
    },
    earned: (figures) => {
      available.show(money(figures.available, figures.currency));
      pending.show(money(figures.pending, figures.currency));
      reversed.show(money(figures.reversed, figures.currency));
    },
    /** What the server tells of the show so far, with the room's figures of now. */
    sofar: (timeline) => {
      if (!timeline || !ticker) return;
      series.orders = addUp('orders', timeline, ticker.orders);
      series.gmv = addUp('gmv', timeline, ticker.gmv);
      isDrawn = true;
      draw();
    },
    happened: (event, text) => setText(latest, `${say('host.latest')}: ${text}`),
  };
}
