// Money, rates, counts and times in words. Money is a whole number of minor units (fen) and stays
// whole: the decimal point is put into the text, never into a floating-point number.

import { language } from './words.js';

let storefrontCurrency = 'CNY';

/** Sets the currency of amounts that come without one. */
export function setCurrency(currency) {
  if (currency) storefrontCurrency = currency;
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

export function time(text) {
  if (!text) return '–';
  return new Intl.DateTimeFormat(language(), { timeStyle: 'medium' }).format(new Date(text));
}

export function dateAndTime(text) {
  if (!text) return '–';
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short' })
    .format(new Date(text));
}
