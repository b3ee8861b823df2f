// Money, rates, counts and times in words. Money is a whole number of minor units (fen) and stays
// whole: the decimal point is put into the text, never into a floating-point number.

import { language } from './words.js';

let storefrontCurrency = 'CNY';
let storefrontZone = 'Asia/Shanghai';

/** Sets the currency of amounts that come without one, and the zone that times are told in. */
export function setStorefront({ currency, timeZone }) {
  if (currency) storefrontCurrency = currency;
  if (timeZone) storefrontZone = timeZone;
}

/** The zone that times are told in. */
export function timeZone() {
  return storefrontZone;
}

export function money(minorUnits, currency = storefrontCurrency) {
  if (minorUnits === null || minorUnits === undefined) return '–';
  const format = new Intl.NumberFormat(language(), {
    style: 'currency', currency, currencyDisplay: 'narrowSymbol',
  });
  const places = format.resolvedOptions().maximumFractionDigits;
  const digits = String(Math.abs(minorUnits)).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const part = digits.slice(digits.length - places);
  // A string keeps every digit: Intl reads it as a decimal.
  return format.format(`${minorUnits < 0 ? '-' : ''}${whole}${places > 0 ? `.${part}` : ''}`);
}

function placesOf(currency) {
  return new Intl.NumberFormat('en', { style: 'currency', currency })
    .resolvedOptions().maximumFractionDigits;
}

/** An amount as it is typed, such as 12.30, in minor units; null where it is none. Digits only: no
    floating-point number comes near money. */
export function minorUnits(text, currency) {
  const places = placesOf(currency);
  const match = /^\s*(\d{1,10})(?:[.,](\d*))?\s*$/.exec(text);
  if (!match || (match[2] ?? '').length > places) return null;
  return Number(match[1] + (match[2] ?? '').padEnd(places, '0'));
}

/** Minor units as they are typed. */
export function typed(minor, currency) {
  const places = placesOf(currency);
  const digits = String(minor).padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

export function count(number) {
  if (number === null || number === undefined) return '–';
  return new Intl.NumberFormat(language()).format(number);
}

/** Parts per million as a percentage. */
export function rate(partsPerMillion) {
  if (partsPerMillion === null || partsPerMillion === undefined) return '–';
  return new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 4 })
    .format(partsPerMillion / 1_000_000);
}

/** A percentage that was typed, as parts per million; null where it is none from 0 to 100. */
export function partsPerMillion(text) {
  const match = /^\s*(\d{1,3})(?:[.,](\d{1,4}))?\s*%?\s*$/.exec(text);
  if (!match) return null;
  const value = Number(match[1]) * 10_000 + Number((match[2] ?? '').padEnd(4, '0'));
  return value <= 1_000_000 ? value : null;
}

function inZone(options, moment) {
  return new Intl.DateTimeFormat(language(), { timeZone: storefrontZone, ...options })
    .format(moment);
}

/** The time of day, with seconds. */
export function time(text) {
  return text ? inZone({ timeStyle: 'medium' }, new Date(text)) : '–';
}

export function dateAndTime(text) {
  return text ? inZone({ dateStyle: 'medium', timeStyle: 'short' }, new Date(text)) : '–';
}

/** A day; of a day without a time (YYYY-MM-DD) it is that day in every zone. */
export function day(text) {
  if (!text) return '–';
  if (text.length > 10) return inZone({ dateStyle: 'medium' }, new Date(text));
  return new Intl.DateTimeFormat(language(), { timeZone: 'UTC', dateStyle: 'medium' })
    .format(new Date(`${text}T00:00:00Z`));
}

/**
 * A moment of a day and time as `datetime-local` gives them, told in the storefront's zone; null where
 * it is none. The zone's offset is read off at the moment that UTC would give, then once more.
 */
export function momentOf(text) {
  const asUTC = Date.parse(`${text}Z`);
  if (Number.isNaN(asUTC)) return null;
  let moment = asUTC;
  for (let round = 0; round < 2; round += 1) moment = asUTC - offsetAt(moment);
  return new Date(moment);
}

/** A moment as `datetime-local` wants it, in the storefront's zone. */
export function localText(moment) {
  return new Date(moment.getTime() + offsetAt(moment)).toISOString().slice(0, 16);
}

/** How far the storefront's clocks are ahead of UTC, in milliseconds. */
function offsetAt(moment) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat('en-US', {
    timeZone: storefrontZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
    hour: 'numeric', minute: 'numeric', second: 'numeric',
  }).formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  const there = Date.UTC(
    parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return there - Math.floor(Number(moment) / 1000) * 1000;
}

/** The time of day of a moment in seconds since 1970, without seconds. */
export function clock(seconds) {
  return inZone({ timeStyle: 'short' }, new Date(seconds * 1000));
}

/** How long something took, in hours and minutes (minutes and seconds below an hour). */
export function duration(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  const whole = Math.max(0, Math.floor(seconds));
  if (whole >= 3600) return `${Math.floor(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)}`;
  return `${two(whole / 60)}:${two(whole % 60)}`;
}
