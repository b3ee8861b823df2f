// Members: who invited whom, and what another rank would change before anybody gets it: the separation
// preview, as a table and as a picture of the tree.

import { button, field, make, named, setText } from './dom.js';
import { count, dateAndTime, money } from './format.js';
import { say } from './words.js';
import { confirmed, dataTable, emptyState } from './widgets.js';
import { path } from './api.js';
import { aroundMember, familiesOf, treePicture } from './ops-tree.js';

const MEMBERS_MAX = 2000;
const DRAWN_MAX = 120;
const SHOWN_MAX = 50;
const SIGHT = 80;

/** The part: {element, read()}. */
export function memberPart(page) {
  const { api, attempt, tell } = page;
  const search = make('input', { type: 'search', autocomplete: 'off' });
  const status = make('p', { class: 'hint', role: 'status' });
  const picture = make('div', {
    class: 'tree-frame', tabindex: '0', role: 'group', 'aria-label': say('member.tree'),
  });
  const pictureNote = make('p', { class: 'hint' });
  const result = make('div', { class: 'stack', 'aria-live': 'polite' });
  const member = make('select', {});
  const rank = make('select', {});
  const days = make('input', { type: 'number', min: '1', max: '366', value: '30' });
  let members = [];
  let ranks = [];
  let isWhole = true;

  const table = dataTable({
    caption: say('ops.tab.members'),
    keyOf: (one) => one.member,
    columns: [
      { label: say('member.member'), cell: (one) => named(one.name, one.member) },
      { label: say('member.rank'), cell: (one) => make('span', { class: 'badge', text: one.rank }) },
      { label: say('member.inviter'), cell: ({ inviter }) => inviter ?? '–' },
      { label: say('member.joinedAt'), cell: ({ joinedAt }) => dateAndTime(joinedAt) },
      { label: say('member.preview'), cell: (one) => button(say('member.choose'), () => {
        member.value = one.member;
        changed();
        member.focus();
      }) },
    ],
  });

  const levelOf = (name) => Math.max(0, ranks.indexOf(name));

  function drawTree(drawn, { of = drawn.length, ...options }, note = '') {
    const cut = drawn.slice(0, DRAWN_MAX); // whoever has a family that is too large
    picture.replaceChildren(treePicture({ members: cut, rankLevel: levelOf, ...options }));
    // On a phone the tree is wider than the page: whom it is about comes into sight.
    const chosen = picture.querySelector('.chosen')?.getBoundingClientRect();
    picture.scrollLeft = chosen
      ? Math.max(0, chosen.left - picture.getBoundingClientRect().left - SIGHT) : 0;
    setText(pictureNote, [
      of > cut.length ? say('member.cut', { count: count(cut.length) }) : '', note,
    ].filter(Boolean).join(' '));
  }

  /** Everybody, or as many whole families as fit. */
  function drawAll() {
    const { roots, children } = familiesOf(members);
    const chosen = [];
    const familyOf = (one) => [one, ...(children.get(one.member) ?? []).flatMap(familyOf)];
    // Whoever has invited somebody comes first: a row of single members says nothing.
    const interesting = roots.toSorted((left, right) =>
      Number(children.has(right.member)) - Number(children.has(left.member)));
    for (const root of interesting) {
      const family = familyOf(root);
      if (chosen.length > 0 && chosen.length + family.length > DRAWN_MAX) continue;
      chosen.push(...family);
    }
    drawTree(chosen, { label: say('member.treeOf', { count: count(members.length) }), of: members.length });
  }

  function filter() {
    const text = search.value.trim().toLowerCase();
    const found = members.filter((one) => !text || one.member.toLowerCase().includes(text)
      || one.name.toLowerCase().includes(text));
    table.update(found.slice(0, SHOWN_MAX));
    setText(status, say('member.found', {
      shown: count(Math.min(SHOWN_MAX, found.length)),
      count: count(found.length) + (isWhole ? '' : '+'),
    }));
  }

  /** A member was chosen: the next rank is the likeliest wish. */
  function changed() {
    const present = members.find((one) => one.member === member.value)?.rank;
    rank.value = ranks[Math.min(ranks.length - 1, levelOf(present) + 1)] ?? '';
  }

  async function preview() {
    const id = member.value;
    const answer = await attempt(() => api.get(path`/v1/members/${id}/rank-preview`, {
      rank: rank.value, days: days.value,
    }));
    if (!answer) return;
    const { currency } = answer;
    const moved = new Map(answer.people.map((one) => [one.member, one.difference]));
    const signed = (amount) => (amount > 0 ? `+${money(amount, currency)}` : money(amount, currency));
    const isHigher = levelOf(answer.newRank) > levelOf(answer.rank);
    const isLeaving = isHigher && answer.people.some(({ member: who, difference }) => who !== id && difference < 0);
    drawTree(aroundMember(members, id), {
      chosen: id,
      isLeaving,
      change: (who) => (moved.get(who)
        ? { text: signed(moved.get(who)), isGain: moved.get(who) > 0 } : null),
      label: say('member.previewOf', { member: id, rank: answer.newRank }),
    }, isLeaving ? say('member.leaves') : '');
    const people = dataTable({
      caption: say('member.who'),
      keyOf: ({ key }) => key,
      columns: [
        { label: say('member.member'), cell: ({ who }) => who },
        { label: say('member.before'), isNumber: true, cell: ({ before }) => money(before, currency) },
        { label: say('member.after'), isNumber: true, cell: ({ after }) => money(after, currency) },
        { label: say('member.difference'), isNumber: true, cell: ({ difference }) => make('strong', {
          class: difference < 0 ? 'bad' : difference > 0 ? 'good' : null, text: signed(difference),
        }) },
        { label: say('member.perDay'), isNumber: true, cell: ({ perDay }) => signed(perDay) },
      ],
    });
    people.update([
      ...answer.people.map((one) => ({ ...one, key: `m-${one.member}`, who: one.member })),
      { ...answer.platform, key: 'platform', who: say('why.platform') },
    ]);
    result.replaceChildren(...[
      make('p', { text: say('member.basis', {
        orders: count(answer.orders), joinings: count(answer.joinings), days: count(answer.days),
        plan: answer.plan,
      }) }),
      answer.people.length === 0 ? make('p', { class: 'hint', text: say('member.nobody') }) : null,
      people.element,
      // The rank that they have already is nothing to give.
      answer.newRank === answer.rank ? null : make('div', { class: 'actions' }, button(
        say('member.promote', { member: id, rank: answer.newRank }),
        () => promote(id, answer.newRank), { class: 'danger' })),
    ].filter(Boolean));
  }

  async function promote(id, to) {
    const isSure = await confirmed({
      title: say('member.promote', { member: id, rank: to }), text: say('member.promote.text'),
      action: say('member.promote.do'), isDangerous: true,
    });
    if (!isSure) return;
    const answer = await attempt(() => api.put(path`/v1/members/${id}/rank`, { rank: to }));
    if (!answer) return;
    tell(say('member.promoted', { member: id, rank: answer.rank }), 'good');
    result.replaceChildren();
    read();
  }

  async function read() {
    const [list, plans] = await Promise.all([
      attempt(() => api.all('/v1/members', 'members', { limit: 100 }, MEMBERS_MAX)),
      attempt(() => api.get('/v1/plans')),
    ]);
    if (!list || !plans) return;
    members = list.found;
    ({ isWhole } = list);
    ({ ranks } = plans.inForce);
    const chosen = member.value;
    member.replaceChildren(...members.map((one) => make('option', {
      value: one.member, text: one.name ? `${one.name} (${one.member})` : one.member,
    })));
    rank.replaceChildren(...ranks.map((name) => make('option', { value: name, text: name })));
    if (members.some((one) => one.member === chosen)) member.value = chosen;
    changed();
    filter();
    drawAll();
    none.hidden = members.length > 0;
    form.hidden = ranks.length < 2;
    hint.hidden = form.hidden;
    setText(oneRank, !form.hidden ? '' : [say('member.oneRank'),
      page.signIn.storefronts.all.length > 1 ? say('member.oneRank.other') : ''].filter(Boolean).join(' '));
  }

  const none = emptyState(say('member.none'));
  const hint = make('p', { class: 'hint', text: say('member.hint') });
  const oneRank = make('p', { class: 'hint' });
  const form = make('form', { class: 'inline' },
    field(say('member.member'), member), field(say('member.newRank'), rank),
    field(say('member.days'), days), make('button', { class: 'main', text: say('member.preview') }));
  member.addEventListener('change', changed);
  search.addEventListener('input', filter);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    preview();
  });

  return {
    element: make('div', { class: 'stack' },
      make('section', { class: 'card', 'aria-labelledby': 'tree-title' },
        make('h2', { id: 'tree-title', text: say('member.tree') }),
        hint, oneRank, form, picture, pictureNote, result),
      make('section', { class: 'card', 'aria-labelledby': 'members-title' },
        make('h2', { id: 'members-title', text: say('ops.tab.members') }),
        field(say('member.search'), search), status, table.element, none)),
    read,
  };
}
