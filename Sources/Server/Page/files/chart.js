// A line over time: one figure as it moved, as an SVG with a name that says the essence and a table
// with the values for whoever does not see it.

import { make, setText } from './dom.js';
import { clock } from './format.js';
import { say } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 320;
const HEIGHT = 96;
const TABLE_ROWS_MAX = 12;

function draw(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** The smallest of 1, 2, 5 × 10ⁿ (or 0) that is not below a value: where the scale ends. */
export function niceCeiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

/** At most `limit` points out of many, always with the first and the last. */
export function thinned(points, limit) {
  if (points.length <= limit) return points;
  const step = (points.length - 1) / (limit - 1);
  return Array.from({ length: limit }, (_, index) => points[Math.round(index * step)]);
}

/**
 * A chart: {element, update(points)}, where points are [seconds since 1970, value], in order of time.
 *
 * `label` names the figure, `format(value)` puts it into words. A value holds until the next one, so
 * the line goes in steps.
 */
export function lineChart({ label, format }) {
  const area = draw('path', { class: 'chart-area' });
  const line = draw('path', { class: 'chart-line', 'vector-effect': 'non-scaling-stroke' });
  const grid = draw('path', {
    class: 'chart-grid', 'vector-effect': 'non-scaling-stroke',
    d: `M0 1H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 1}H${WIDTH}`,
  });
  const picture = draw('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', class: 'chart-svg',
  });
  picture.append(grid, area, line);
  const top = make('span', { class: 'chart-top', 'aria-hidden': 'true' });
  const from = make('span', {});
  const until = make('span', {});
  const empty = make('p', { class: 'chart-empty hint', text: say('chart.empty') });
  const rows = make('tbody');
  const table = make('details', { class: 'chart-table' },
    make('summary', { text: say('chart.table') }),
    make('table', { class: 'table compact' },
      make('caption', { class: 'unseen', text: label }),
      make('thead', {}, make('tr', {},
        make('th', { scope: 'col', text: say('chart.time') }),
        make('th', { scope: 'col', class: 'number', text: label }))),
      rows));
  let latest = [];

  function fillTable() {
    if (!table.open) return;
    rows.replaceChildren(...thinned(latest, TABLE_ROWS_MAX).map(([seconds, value]) =>
      make('tr', {},
        make('th', { scope: 'row', 'data-label': say('chart.time'), text: clock(seconds) }),
        make('td', { class: 'number', 'data-label': label, text: format(value) }))));
  }
  table.addEventListener('toggle', fillTable);

  function update(points) {
    latest = points;
    empty.hidden = points.length > 1;
    picture.classList.toggle('is-empty', points.length < 2);
    fillTable();
    if (points.length === 0) {
      picture.setAttribute('aria-label', `${label}: ${say('chart.empty')}`);
      return;
    }
    const values = points.map(([, value]) => value);
    const highest = Math.max(...values);
    const [first] = points[0];
    const [last, now] = points[points.length - 1];
    picture.setAttribute('aria-label', say('chart.name', {
      label, now: format(now), highest: format(highest), from: clock(first), until: clock(last),
    }));
    setText(from, clock(first));
    setText(until, clock(last));
    if (points.length < 2) return;
    const ceiling = niceCeiling(highest);
    setText(top, format(ceiling));
    const x = (seconds) => ((seconds - first) / Math.max(1, last - first)) * WIDTH;
    const y = (value) => HEIGHT - 1 - (Math.max(0, value) / ceiling) * (HEIGHT - 2);
    const steps = thinned(points, WIDTH)
      .map(([seconds, value], index) =>
        `${index === 0 ? 'M' : `H${x(seconds).toFixed(1)}V`}${index === 0
          ? `${x(seconds).toFixed(1)} ` : ''}${y(value).toFixed(1)}`)
      .join('');
    line.setAttribute('d', steps);
    area.setAttribute('d', `${steps}V${HEIGHT}H0Z`);
  }

  update([]);
  return {
    element: make('figure', { class: 'chart' },
      make('figcaption', { class: 'chart-head' }, make('span', { text: label }), top),
      make('div', { class: 'chart-body' }, picture, empty),
      make('div', { class: 'chart-foot', 'aria-hidden': 'true' }, from, until),
      table),
    update,
  };
}
