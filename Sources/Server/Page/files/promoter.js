// The promoter: links into rooms, whom they brought, and what they earn.

import { button, field, figure, keyedList, make, setText } from './dom.js';
import { count, dateAndTime, money } from './format.js';
import { badge } from './parts.js';
import { explanationForm } from './explanation.js';
import { say, sayReason } from './words.js';

const ROOMS_WATCHED_MAX = 20;
const REFRESH_MILLISECONDS = 15_000;

/** Shows the promoter's page; gives a function that ends it. */
export function showPromoter({ main, connection, tell, tellRefusal }) {
  const attempt = async (method, parameters = {}) => {
    try {
      return await connection.call(method, parameters);
    } catch (refusal) {
      tellRefusal(refusal);
      return null;
    }
  };
  const total = totalFigures();
  const links = linkList(attempt, tell);
  const rooms = roomList(
    connection, attempt, tell, { onLink: links.read, onRefresh: () => refresh() });

  async function refresh() {
    await Promise.all([rooms.read(), links.read()]);
  }

  main.append(
    total.element,
    rooms.element,
    links.element,
    explanationForm(attempt));
  const end = connection.watch({ ticker: 'earnings' }, total.show, tellRefusal);
  refresh();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && connection.state === 'open') refresh();
  }, REFRESH_MILLISECONDS);
  return () => {
    clearInterval(timer);
    end();
    rooms.end();
  };
}

/** Figures of a promoter, by the names of `ticker.earnings`. */
function earningFigures(names) {
  const tones = { available: 'strong', pending: 'muted' };
  const labels = { viewersBrought: 'promoter.brought', watching: 'promoter.watching' };
  const amounts = ['pending', 'available', 'reversed', 'paid', 'debt'];
  const parts = names.map((name) => [name, figure(say(labels[name] ?? name), {
    tone: tones[name] ?? null, hint: name === 'pending' ? say('pending.hint') : null,
  })]);
  return {
    element: make('dl', { class: 'figures' }, parts.map(([, { element }]) => element)),
    show: (ticker) => {
      for (const [name, part] of parts) {
        const value = ticker[name];
        part.show(amounts.includes(name) ? money(value, ticker.currency) : count(value));
      }
    },
  };
}

function totalFigures() {
  const figures = earningFigures(
    ['available', 'pending', 'reversed', 'paid', 'debt', 'orders', 'viewersBrought']);
  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'total-title' },
      make('h1', { id: 'total-title', text: say('promoter.total') }), figures.element),
    show: figures.show,
  };
}

/** A link to copy, whole as it is sent to people. */
function linkField(path, tell) {
  const address = new URL(path, location.origin).href;
  const input = make('input', { readonly: true, value: address });
  input.addEventListener('focus', () => input.select());
  return make('div', { class: 'inline link' },
    field(say('promoter.link'), input),
    button(say('promoter.copy'), async () => {
      input.select();
      // The clipboard is there only on secure pages.
      if (navigator.clipboard) await navigator.clipboard.writeText(address).catch(() => {});
      else document.execCommand('copy');
      tell(say('promoter.copied'), 'good');
    }));
}

/** The rooms that a promoter can bring viewers to. */
function roomList(connection, attempt, tell, { onLink, onRefresh }) {
  const list = make('ul', { class: 'rows' });
  const empty = make('p', { class: 'hint', text: say('noRooms'), hidden: true });
  const watches = new Map(); // room → function that ends it

  const showRows = keyedList(list, ({ room }) => room, ({ room }) => {
    const title = make('h3');
    const mark = badge();
    const about = make('span', { class: 'hint' });
    const figures = earningFigures(
      ['viewersBrought', 'watching', 'orders', 'pending', 'available', 'reversed']);
    const made = make('div');
    const channel = make('input', { maxlength: 16, autocomplete: 'off' });
    const form = make('form', { class: 'inline' },
      field(say('promoter.channel'), channel, say('promoter.channel.hint')),
      make('button', { class: 'main', text: say('promoter.makeLink') }));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const parameters = { room };
      if (channel.value.trim()) parameters.channel = channel.value.trim();
      const link = await attempt('link.create', parameters);
      if (!link) return;
      made.replaceChildren(linkField(link.path, tell));
      onLink();
    });
    return {
      element: make('li', { class: 'row tall' },
        make('div', { class: 'title-line' }, title, mark.element), about,
        figures.element, form, made),
      update: (view) => {
        setText(title, view.title || room);
        mark.show(view.state);
        setText(about, [
          say('by', { host: view.host }),
          view.state === 'scheduled' && view.scheduledFor
            ? say('startsAt', { time: dateAndTime(view.scheduledFor) }) : null,
        ].filter(Boolean).join(' · '));
        watchRoom(room, figures.show);
      },
    };
  });

  function watchRoom(room, show) {
    if (watches.has(room) || watches.size >= ROOMS_WATCHED_MAX) return;
    watches.set(room, connection.watch({ ticker: 'earnings', room }, show));
  }

  async function read() {
    const answer = await attempt('room.list', { limit: 100 });
    if (!answer) return;
    const present = new Set(answer.rooms.map(({ room }) => room));
    for (const [room, end] of watches) {
      if (present.has(room)) continue;
      end();
      watches.delete(room);
    }
    showRows(answer.rooms);
    empty.hidden = answer.rooms.length > 0;
  }

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'rooms-title' },
      make('div', { class: 'title-line' },
        make('h2', { id: 'rooms-title', text: say('rooms') }), button(say('refresh'), onRefresh)),
      list, empty),
    read,
    end: () => {
      for (const end of watches.values()) end();
    },
  };
}

/** The links made so far, and which attempts to use one were refused. */
function linkList(attempt, tell) {
  const list = make('ul', { class: 'rows' });
  const empty = make('p', { class: 'hint', text: say('promoter.noLinks') });
  const refused = make('ul', { class: 'plain-list' });
  const noneRefused = make('p', { class: 'hint', text: say('promoter.noRefused') });

  const showRows = keyedList(list, ({ link }) => link, ({ link, path }) => {
    const about = make('strong');
    const uses = make('span', { class: 'hint' });
    const revoke = button(say('promoter.revoke'), async () => {
      if (await attempt('link.revoke', { link })) read();
    });
    return {
      element: make('li', { class: 'row' },
        make('div', { class: 'grow' }, about, ' ', uses,
          path ? linkField(path, tell) : null),
        revoke),
      update: (view) => {
        setText(about, [view.room, view.sku, view.channel].filter(Boolean).join(' · ') || link);
        const limit = view.maximumUses ? ` / ${count(view.maximumUses)}` : '';
        setText(uses, [
          say('promoter.uses', { count: count(view.uses) + limit }),
          view.revoked ? say('promoter.revoked')
            : say('promoter.until', { time: dateAndTime(view.expiresAt) }),
        ].join(' · '));
        revoke.hidden = Boolean(view.revoked);
      },
    };
  });

  async function read() {
    const answer = await attempt('link.list');
    if (!answer) return;
    showRows(answer.links);
    empty.hidden = answer.links.length > 0;
    noneRefused.hidden = answer.refused.length > 0;
    refused.replaceChildren(...answer.refused.map((entry) => make('li', {},
      make('strong', { text: `${count(entry.count)} × ` }), sayReason(entry.reason))));
  }

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'links-title' },
      make('h2', { id: 'links-title', text: say('promoter.links') }), list, empty,
      make('h3', { text: say('promoter.refused') }), refused, noneRefused),
    read,
  };
}
