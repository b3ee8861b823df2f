// A QR code of a text: byte mode, versions 1 to 10, error correction M (15 %). No DOM; pure.
//
// What it does, in the order of ISO/IEC 18004:2015:
//  1. The text as UTF-8 bytes with its mode and length, padded to the version's capacity (7.4).
//  2. Data in blocks, each with Reed–Solomon codewords over GF(256) mod 0x11d, interleaved (7.5, 7.6).
//  3. Finder, alignment and timing patterns, then the bits in a zigzag from the lower right (7.7).
//  4. Of eight masks the one with the smallest penalty, and what says which it is (7.8 to 7.10).

/** For versions 1 to 10 at level M: [check codewords of a block, blocks, data codewords in all]. */
const CAPACITIES = [
  [10, 1, 16], [16, 1, 28], [26, 1, 44], [18, 2, 64], [24, 2, 86],
  [16, 4, 108], [18, 4, 124], [22, 4, 154], [22, 5, 182], [26, 5, 216],
];
/** The middle row or column of alignment patterns between 6 and size − 7; 0 is none. */
const ALIGNMENT_MIDDLES = [0, 0, 0, 0, 0, 0, 22, 24, 26, 28];
const LEVEL_M = 0b00;

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => (x * y) % 2 + (x * y) % 3 === 0,
  (x, y) => ((x * y) % 2 + (x * y) % 3) % 2 === 0,
  (x, y) => ((x + y) % 2 + (x * y) % 3) % 2 === 0,
];

/** How many bytes of text the largest of these codes takes. */
export const qrBytesMax = 213;

/**
 * The modules of a code: {size, isDark(x, y)}, without the quiet zone of four that it needs around it.
 *
 * `mask` is for tests; without it the best is chosen. Throws RangeError for a text that is too long.
 */
export function qrCode(text, mask = null) {
  const bytes = new TextEncoder().encode(text);
  const version = CAPACITIES.findIndex(
    ([, , room], index) => bytes.length * 8 + 4 + lengthBits(index + 1) <= room * 8) + 1;
  if (version === 0) throw new RangeError(`A QR code of ${bytes.length} bytes is too large.`);
  const codewords = interleaved(dataCodewords(bytes, version), version);
  const plain = drawnPatterns(version);
  drawBits(plain, codewords);
  const candidates = mask === null ? MASKS.keys() : [mask];
  let best = null;
  for (const number of candidates) {
    const drawn = masked(plain, number);
    const penalty = penaltyOf(drawn);
    if (best === null || penalty < best.penalty) best = { drawn, penalty };
  }
  const { size, dark } = best.drawn;
  return { size, isDark: (x, y) => dark[y * size + x] === 1 };
}

/** The dark modules as the `d` of one SVG path, a unit each; `quiet` is the width of the margin. */
export function qrPath({ size, isDark }, quiet = 4) {
  const parts = [];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const start = x;
      while (x < size && isDark(x, y)) x += 1;
      if (x > start) parts.push(`M${start + quiet} ${y + quiet}h${x - start}v1h${start - x}z`);
    }
  }
  return parts.join('');
}

// Bits.

function lengthBits(version) {
  return version < 10 ? 8 : 16;
}

function dataCodewords(bytes, version) {
  const room = CAPACITIES[version - 1][2];
  const bits = [];
  const push = (value, count) => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  push(0b0100, 4);
  push(bytes.length, lengthBits(version));
  for (const byte of bytes) push(byte, 8);
  push(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8 !== 0) bits.push(0);
  const words = [];
  for (let index = 0; index < bits.length; index += 8) {
    words.push(bits.slice(index, index + 8).reduce((word, bit) => word * 2 + bit, 0));
  }
  for (let pad = 0xec; words.length < room; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

function interleaved(data, version) {
  const [checks, count, room] = CAPACITIES[version - 1];
  const generator = generatorPolynomial(checks);
  const short = Math.floor(room / count);
  const shortBlocks = count - room % count;
  const blocks = [];
  for (let index = 0, from = 0; index < count; index += 1) {
    const length = index < shortBlocks ? short : short + 1;
    const words = data.slice(from, from + length);
    blocks.push({ words, check: remainder(words, generator) });
    from += length;
  }
  const result = [];
  for (let place = 0; place <= short; place += 1) {
    for (const { words } of blocks) if (place < words.length) result.push(words[place]);
  }
  for (let place = 0; place < checks; place += 1) {
    for (const { check } of blocks) result.push(check[place]);
  }
  return result;
}

/** A product in GF(256) modulo x⁸ + x⁴ + x³ + x² + 1. */
function product(a, b) {
  let result = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    result = (result << 1) ^ ((result >> 7) * 0x11d);
    if ((b >> bit) & 1) result ^= a;
  }
  return result;
}

/** (x − 2⁰)(x − 2¹)…, the highest power, which is 1, left out. */
function generatorPolynomial(degree) {
  const result = new Array(degree).fill(0);
  result[degree - 1] = 1;
  for (let index = 0, root = 1; index < degree; index += 1, root = product(root, 2)) {
    for (let place = 0; place < degree; place += 1) {
      result[place] = product(result[place], root) ^ (result[place + 1] ?? 0);
    }
  }
  return result;
}

function remainder(words, generator) {
  const result = new Array(generator.length).fill(0);
  for (const word of words) {
    const factor = word ^ result.shift();
    result.push(0);
    generator.forEach((value, place) => { result[place] ^= product(value, factor); });
  }
  return result;
}

// Modules.

function drawnPatterns(version) {
  const size = 17 + 4 * version;
  const drawn = {
    size, dark: new Uint8Array(size * size), isFixed: new Uint8Array(size * size),
  };
  const set = (x, y, isDark) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return;
    drawn.dark[y * size + x] = isDark ? 1 : 0;
    drawn.isFixed[y * size + x] = 1;
  };
  for (let place = 0; place < size; place += 1) {
    set(6, place, place % 2 === 0);
    set(place, 6, place % 2 === 0);
  }
  for (const [left, top] of [[0, 0], [size - 7, 0], [0, size - 7]]) {
    for (let y = -1; y <= 7; y += 1) {
      for (let x = -1; x <= 7; x += 1) {
        const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
        set(left + x, top + y, ring !== 2 && ring !== 4);
      }
    }
  }
  for (const [x, y] of alignmentCentres(version, size)) {
    for (let down = -2; down <= 2; down += 1) {
      for (let right = -2; right <= 2; right += 1) {
        set(x + right, y + down, Math.max(Math.abs(right), Math.abs(down)) !== 1);
      }
    }
  }
  drawFormat(drawn, set, 0);
  if (version >= 7) drawVersion(set, size, version);
  return drawn;
}

function alignmentCentres(version, size) {
  if (version === 1) return [];
  const middle = ALIGNMENT_MIDDLES[version - 1];
  const lines = middle === 0 ? [6, size - 7] : [6, middle, size - 7];
  const last = lines.length - 1;
  return lines.flatMap((y, row) => lines.map((x, column) => [x, y, row, column]))
    .filter(([, , row, column]) =>
      !(row === 0 && column === 0) && !(row === 0 && column === last)
      && !(row === last && column === 0));
}

/** Fifteen bits, a BCH code of five: the level and the mask; beside two corners each. */
function drawFormat({ size }, set, mask) {
  const data = (LEVEL_M << 3) | mask;
  let rest = data;
  for (let step = 0; step < 10; step += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (index) => (bits >> index) & 1;
  for (let index = 0; index < 15; index += 1) {
    // Around the upper left corner, where the timing patterns are left out.
    if (index < 6) set(8, index, bit(index));
    else if (index < 8) set(8, index + 1, bit(index));
    else if (index === 8) set(7, 8, bit(index));
    else set(14 - index, 8, bit(index));
    if (index < 8) set(size - 1 - index, 8, bit(index));
    else set(8, size - 15 + index, bit(index));
  }
  set(8, size - 8, 1);
}

/** Eighteen bits, a BCH code of six: the version, from 7 up. */
function drawVersion(set, size, version) {
  let rest = version;
  for (let step = 0; step < 12; step += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let index = 0; index < 18; index += 1) {
    const along = Math.floor(index / 3);
    const across = size - 11 + index % 3;
    set(across, along, (bits >> index) & 1);
    set(along, across, (bits >> index) & 1);
  }
}

/** Two columns at a time from the right, up and down by turns; column 6 is the timing pattern's. */
function drawBits({ size, dark, isFixed }, codewords) {
  let index = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const isUpward = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const y = isUpward ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        const place = y * size + x;
        if (isFixed[place] === 1) continue;
        dark[place] = index < codewords.length * 8
          ? (codewords[index >> 3] >> (7 - (index & 7))) & 1 : 0;
        index += 1;
      }
    }
  }
}

function masked({ size, dark, isFixed }, number) {
  const result = { size, dark: dark.slice() };
  for (let place = 0; place < dark.length; place += 1) {
    if (isFixed[place] === 0 && MASKS[number](place % size, Math.floor(place / size))) {
      result.dark[place] ^= 1;
    }
  }
  drawFormat(result, (x, y, isDark) => { result.dark[y * size + x] = isDark ? 1 : 0; }, number);
  return result;
}

/** What makes a code hard to read: runs, squares, false finders, too much of one colour (7.8.3.1). */
function penaltyOf({ size, dark }) {
  const at = (x, y) => dark[y * size + x];
  let penalty = 0;
  for (let line = 0; line < size; line += 1) {
    penalty += linePenalty(Array.from({ length: size }, (_, place) => at(place, line)));
    penalty += linePenalty(Array.from({ length: size }, (_, place) => at(line, place)));
  }
  for (let y = 0; y + 1 < size; y += 1) {
    for (let x = 0; x + 1 < size; x += 1) {
      const sum = at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1);
      if (sum % 4 === 0) penalty += 3;
    }
  }
  const total = dark.reduce((sum, value) => sum + value, 0);
  return penalty + 10 * Math.floor(Math.abs(total * 20 - size * size * 10) / (size * size));
}

function linePenalty(line) {
  let penalty = 0;
  for (let place = 0, run = 0; place <= line.length; place += 1) {
    if (place > 0 && place < line.length && line[place] === line[place - 1]) {
      run += 1;
      continue;
    }
    if (run >= 5) penalty += run - 2;
    run = 1;
  }
  const text = line.join('');
  for (const finder of ['10111010000', '00001011101']) {
    for (let from = text.indexOf(finder); from >= 0; from = text.indexOf(finder, from + 1)) {
      penalty += 40;
    }
  }
  return penalty;
}
