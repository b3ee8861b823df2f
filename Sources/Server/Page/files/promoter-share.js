// What a promoter sends to people: a link, its QR code, a text to go with it, and a picture with both.
// Everything is made here; nothing is fetched from elsewhere.

import { button, field, make } from './dom.js';
import { path } from './api.js';
import { dateAndTime, money } from './format.js';
import { copyAndTell } from './parts.js';
import { say } from './words.js';
import { dialog } from './widgets.js';
import { qrCode, qrPath } from './qr.js';

const SVG = 'http://www.w3.org/2000/svg';
const QUIET_ZONE = 4;

/** A QR code as a picture with a name. */
export function qrPicture(text, label) {
  const code = qrCode(text);
  const side = code.size + 2 * QUIET_ZONE;
  const picture = document.createElementNS(SVG, 'svg');
  picture.setAttribute('viewBox', `0 0 ${side} ${side}`);
  picture.setAttribute('class', 'qr');
  picture.setAttribute('role', 'img');
  picture.setAttribute('aria-label', label);
  picture.setAttribute('shape-rendering', 'crispEdges');
  const modules = document.createElementNS(SVG, 'path');
  modules.setAttribute('d', qrPath(code, QUIET_ZONE));
  picture.append(modules);
  return picture;
}

/** The share kit of a room, or of one product in it: makes a link, or takes the one made before. */
export async function share(page, { room, product = null }) {
  const { attempt } = page;
  const body = make('div', { class: 'stack' });
  const channel = make('input', { maxlength: 16, autocomplete: 'off', enterkeyhint: 'done' });
  const form = make('form', { class: 'inline' },
    field(say('promoter.channel'), channel, say('promoter.channel.hint')),
    make('button', { text: say('share.forChannel') }));
  const shown = dialog({
    title: product ? say('share.product') : say('share.room'),
    content: [body, form],
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    show();
  });

  async function show() {
    const link = await linkFor(attempt, room.room, product?.sku ?? null, channel.value.trim());
    if (link) body.replaceChildren(...kit(page, link, { room, product }));
  }
  await show();
  if (body.childElementCount > 0) shown.open();
}

/** The share kit of a link that was made before. */
export async function shareLink(page, link) {
  const { attempt, api } = page;
  let room = { room: link.room };
  let product = null;
  if (link.room) {
    room = await attempt(() => api.get(path`/v1/rooms/${link.room}`)) ?? room;
    if (link.sku) {
      const answer = await attempt('listing.list', { room: link.room, limit: 100 });
      product = answer?.listings.find(({ sku }) => sku === link.sku) ?? null;
    }
  }
  dialog({ title: say('share.link'), content: kit(page, link, { room, product }) }).open();
}

/** The newest link that is the same and still holds, or a new one. */
async function linkFor(attempt, room, sku, channel) {
  const known = await attempt('link.list');
  const same = known?.links.find((link) => link.room === room && (link.sku ?? null) === sku
    && (link.channel ?? '') === channel && !link.revoked && !link.maximumUses && link.path
    && Date.parse(link.expiresAt) > Date.now() + 86_400_000);
  if (same) return same;
  return attempt('link.create', {
    room, ...(sku ? { sku } : {}), ...(channel ? { channel } : {}),
  });
}

function textFor(address, { room, product }) {
  const values = {
    address,
    room: room.title || room.room || '',
    host: room.host ?? '',
    product: product?.title ?? '',
    price: product ? money(product.price) : '',
    time: room.scheduledFor ? dateAndTime(room.scheduledFor) : '',
  };
  // A link to no room, or to one that is not there.
  if (!room.host) return say('share.text.address', values);
  if (room.state === 'ended') return say('share.text.ended', values);
  if (product) return say('share.text.product', values);
  return say(room.state === 'scheduled' && room.scheduledFor ? 'share.text.scheduled'
    : 'share.text.room', values);
}

function kit(page, link, about) {
  const address = new URL(link.path, location.origin).href;
  const input = make('input', { readonly: true, value: address });
  input.addEventListener('focus', () => input.select());
  const text = make('textarea', { rows: 4 });
  text.value = textFor(address, about);
  const poster = make('canvas', {
    class: 'poster', width: 720, height: 960, role: 'img', 'aria-label': say('share.picture.label'),
  });
  drawPoster(poster, address, about);
  const name = `waggle-${[link.room, link.sku].filter(Boolean).join('-') || link.link}.png`;
  return [
    make('div', { class: 'share' },
      make('div', { class: 'share-code' },
        qrPicture(address, say('share.code.label', { address })),
        make('p', { class: 'hint', text: say('share.code') })),
      make('div', { class: 'stack grow' },
        make('div', { class: 'inline' }, field(say('promoter.link'), input),
          button(say('copy'), () => copyAndTell(page, address), { class: 'main' })),
        make('p', {
          class: 'hint',
          text: say('promoter.until', { time: dateAndTime(link.expiresAt) }),
        }),
        field(say('share.words'), text),
        make('div', { class: 'actions' },
          button(say('share.copyWords'), () => copyAndTell(page, text.value)),
          navigator.share ? button(say('share.send'), () =>
            navigator.share({ text: text.value }).catch(() => {})) : null))),
    make('details', { class: 'more' },
      make('summary', { text: say('share.picture') }),
      poster,
      make('div', { class: 'actions' },
        button(say('share.save'), () => savePicture(poster, name), { class: 'main' }))),
  ];
}

function savePicture(poster, name) {
  return new Promise((resolve) => {
    poster.toBlob((blob) => {
      const file = URL.createObjectURL(blob);
      const link = make('a', { href: file, download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(file), 60_000);
      resolve();
    }, 'image/png');
  });
}

/** A poster of 720 × 960: what is on, where, and the code that leads there. */
function drawPoster(canvas, address, { room, product }) {
  const pen = canvas.getContext('2d');
  const { width, height } = canvas;
  const face = getComputedStyle(document.body).fontFamily;
  const font = (weight, size) => { pen.font = `${weight} ${size}px ${face}`; };
  pen.fillStyle = '#fffaf0';
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = '#f5b301';
  pen.fillRect(0, 0, width, 96);
  pen.fillStyle = '#2b1d00';
  font(700, 40);
  pen.textBaseline = 'middle';
  pen.fillText('Waggle', 48, 50);
  font(600, 28);
  pen.textAlign = 'right';
  if (room.state) pen.fillText(say(`room.${room.state}`), width - 48, 50);
  pen.textAlign = 'left';
  pen.textBaseline = 'alphabetic';

  pen.fillStyle = '#221d14';
  font(700, 44);
  let y = wrapped(pen, product?.title ?? room.title ?? room.room ?? '', 48, 170, width - 96, 56, 2);
  if (product) {
    pen.fillStyle = '#b3261e';
    font(700, 64);
    y += 20;
    pen.fillText(money(product.price), 48, y + 40);
    y += 76;
  }
  pen.fillStyle = '#625a4b';
  font(400, 30);
  const lines = [
    product ? room.title : null,
    room.host ? say('by', { host: room.host }) : null,
    room.state === 'scheduled' && room.scheduledFor
      ? say('startsAt', { time: dateAndTime(room.scheduledFor) }) : null,
  ].filter(Boolean);
  for (const line of lines) y = wrapped(pen, line, 48, y + 8, width - 96, 42, 1);

  const code = qrCode(address);
  const modules = code.size + 2 * QUIET_ZONE;
  const unit = Math.floor(Math.min(560, height - y - 110) / modules);
  const side = unit * modules;
  const left = Math.round((width - side) / 2);
  const top = height - side - 84;
  pen.fillStyle = '#ffffff';
  pen.fillRect(left, top, side, side);
  pen.fillStyle = '#000000';
  for (let row = 0; row < code.size; row += 1) {
    for (let column = 0; column < code.size; column += 1) {
      if (!code.isDark(column, row)) continue;
      pen.fillRect(left + (column + QUIET_ZONE) * unit, top + (row + QUIET_ZONE) * unit, unit, unit);
    }
  }
  pen.fillStyle = '#221d14';
  font(600, 30);
  pen.textAlign = 'center';
  pen.fillText(say('share.code'), width / 2, height - 36);
  pen.textAlign = 'left';
}

/** Writes a text in lines that fit, the last one cut short; gives where the next line goes. */
function wrapped(pen, text, x, y, width, lineHeight, linesMax) {
  let line = '';
  let lines = 0;
  let bottom = y;
  // Chinese breaks anywhere, other words at their spaces.
  for (const word of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
    if (pen.measureText(line + word).width <= width || line === '') {
      line += word;
      continue;
    }
    lines += 1;
    if (lines === linesMax) {
      pen.fillText(`${line.trimEnd()}…`, x, bottom);
      return bottom + lineHeight;
    }
    pen.fillText(line.trimEnd(), x, bottom);
    bottom += lineHeight;
    line = word;
  }
  pen.fillText(line.trimEnd(), x, bottom);
  return bottom + lineHeight;
}
