// The tree of members as a picture: who invited whom, from left to right, and what a change of rank would
// give or take. The table beside it says the same for whoever does not see it.

import { plain } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const COLUMN = 176;
const ROW = 44;
const BOX = { width: 148, height: 34 };
const MARGIN = 8;

/** Children by inviter, and who has none; both in the order of the list. */
export function familiesOf(members) {
  const known = new Set(members.map(({ member }) => member));
  const children = new Map();
  const roots = [];
  for (const one of members) {
    if (one.inviter === null || !known.has(one.inviter)) {
      roots.push(one);
      continue;
    }
    if (!children.has(one.inviter)) children.set(one.inviter, []);
    children.get(one.inviter).push(one);
  }
  return { roots, children };
}

/** Somebody, everybody below them, and those above them: who a change of their rank can concern. */
export function aroundMember(members, id) {
  const byID = new Map(members.map((one) => [one.member, one]));
  const { children } = familiesOf(members);
  const found = [];
  const visit = (one) => {
    found.push(one);
    for (const child of children.get(one.member) ?? []) visit(child);
  };
  if (byID.has(id)) visit(byID.get(id));
  const above = [];
  for (let one = byID.get(byID.get(id)?.inviter); one && !above.includes(one);
    one = byID.get(one.inviter)) above.unshift(one);
  return [...above, ...found];
}

/**
 * Where everybody stands: {places: [{item, x, y, parent}], width, height}. A leaf takes a row; who has
 * children stands in the middle of them.
 */
export function placed(members) {
  const { roots, children } = familiesOf(members);
  const places = [];
  const placeOf = new Map();
  let rows = 0;
  let deepest = 0;
  const place = (item, depth, parent) => {
    deepest = Math.max(deepest, depth);
    const mine = { item, x: depth, y: 0, parent };
    places.push(mine);
    placeOf.set(item.member, mine);
    const below = (children.get(item.member) ?? []).map((child) => place(child, depth + 1, mine));
    if (below.length === 0) {
      mine.y = rows;
      rows += 1;
    } else {
      mine.y = (below[0].y + below[below.length - 1].y) / 2;
    }
    return mine;
  };
  for (const root of roots) place(root, 0, null);
  for (const one of places) {
    one.x = MARGIN + one.x * COLUMN;
    one.y = MARGIN + one.y * ROW;
  }
  return {
    places,
    width: 2 * MARGIN + deepest * COLUMN + BOX.width,
    height: 2 * MARGIN + Math.max(0, rows - 1) * ROW + BOX.height,
  };
}

function draw(tag, attributes, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = plain(text);
  return element;
}

const shortened = (text, limit) => ([...text].length > limit
  ? `${[...text].slice(0, limit - 1).join('')}…` : text);

/**
 * The picture. `rankLevel(rank)` is its place in the ladder, `change(member)` a text such as +¥12 with
 * `isGain`, or null; `chosen` is whom it is about, `isLeaving` draws the line above them as broken, `label`
 * says the essence.
 */
export function treePicture({
  members, rankLevel, change = () => null, chosen = null, isLeaving = false, label,
}) {
  const { places, width, height } = placed(members);
  const picture = draw('svg', {
    viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', class: 'tree', 'aria-label': label,
  });
  for (const { item, x, y, parent } of places) {
    if (!parent) continue;
    const from = parent.x + BOX.width;
    const middle = (from + x) / 2;
    const start = parent.y + BOX.height / 2;
    const end = y + BOX.height / 2;
    picture.append(draw('path', {
      class: isLeaving && item.member === chosen ? 'tree-edge leaves' : 'tree-edge',
      d: `M${from} ${start}C${middle} ${start} ${middle} ${end} ${x} ${end}`,
    }));
  }
  for (const { item, x, y } of places) {
    const moved = change(item.member);
    const node = draw('g', {
      class: ['tree-node', item.member === chosen ? 'chosen' : '',
        moved ? (moved.isGain ? 'gains' : 'loses') : ''].filter(Boolean).join(' '),
      transform: `translate(${x} ${y})`,
    });
    node.append(
      draw('rect', {
        width: BOX.width, height: BOX.height, rx: 8, 'data-level': Math.min(rankLevel(item.rank), 3),
      }),
      draw('text', { x: 10, y: 15 }, shortened(item.name || item.member, 16)),
      draw('text', { x: 10, y: 28, class: 'tree-rank' }, shortened(item.rank, 10)),
      draw('title', {}, `${item.name || item.member} (${item.member}), ${item.rank}`));
    if (moved) {
      node.append(draw('text', { x: BOX.width - 10, y: 28, 'text-anchor': 'end', class: 'tree-change' },
        moved.text));
    }
    picture.append(node);
  }
  return picture;
}
