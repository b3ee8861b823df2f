// The QR encoder against codes of an encoder that shares nothing with it: python-qrcode 8.2, byte mode,
// level M, the mask given. Run by Tools/check-page.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

// The page's files are modules without saying so in their names: they are loaded by their text.
const source = await readFile(
  new URL('../../Sources/Server/Page/files/qr.js', import.meta.url), 'utf8');
const { qrBytesMax, qrCode, qrPath } = await import(
  `data:text/javascript,${encodeURIComponent(source)}`);

const textOf = (length) => `https://shop.example/l/${'AbCd-_09'.repeat(30)}`.slice(0, length);

const rowsOf = ({ size, isDark }) => Array.from({ length: size }, (_, y) =>
  Array.from({ length: size }, (__, x) => (isDark(x, y) ? '#' : '.')).join(''));

const digestOf = (code) => createHash('sha256')
  .update(rowsOf(code).join('').replaceAll('#', '1').replaceAll('.', '0'))
  .digest('hex').slice(0, 16);

// [bytes of text, mask, version, the beginning of SHA-256 over the modules as 0 and 1]: the shortest
// and the longest text of every version.
const vectors = [
  [1, 0, 1, 'ca7e987369db4273'],
  [14, 1, 1, 'ea7f89e37f1e074c'],
  [15, 2, 2, '34a21af2dcd4a509'],
  [26, 3, 2, '0a2e98b748f6330c'],
  [27, 4, 3, '342cf5caae29af5f'],
  [42, 5, 3, 'ea22cb580a876808'],
  [43, 6, 4, 'a36d8babe6e44463'],
  [62, 7, 4, '3acf9c2e0f018413'],
  [63, 0, 5, '800fbc5aeb069ee5'],
  [84, 1, 5, 'e60c06741c222a03'],
  [85, 2, 6, 'c5fb22ad6826196d'],
  [106, 3, 6, '3b183846dcb3611b'],
  [107, 4, 7, '3fd410246178c581'],
  [122, 5, 7, 'c602e699999c6ac9'],
  [123, 6, 8, '3bfec83dde3ee6fa'],
  [152, 7, 8, '398fc996e405b9bf'],
  [153, 0, 9, 'dafb8fba63727058'],
  [180, 1, 9, '40c0bca6d55ec781'],
  [181, 2, 10, 'f6c99796cc3f13c2'],
  [213, 3, 10, 'c9f67cdae86132b6'],
];

test('Every version is the other encoder’s code, module by module', () => {
  for (const [length, mask, version, digest] of vectors) {
    const code = qrCode(textOf(length), mask);
    assert.equal(code.size, 17 + 4 * version, `${length} bytes`);
    assert.equal(digestOf(code), digest, `${length} bytes, mask ${mask}`);
  }
});

test('A small code can be compared by eye', () => {
  assert.deepEqual(rowsOf(qrCode('Waggle', 2)), [
    '#######....#..#######',
    '#.....#..#.##.#.....#',
    '#.###.#.##..#.#.###.#',
    '#.###.#.#..##.#.###.#',
    '#.###.#.#####.#.###.#',
    '#.....#.##..#.#.....#',
    '#######.#.#.#.#######',
    '........#..##........',
    '#.#####.....#.#####..',
    '##.###.#....#..#..#.#',
    '#.##..######.#..####.',
    '#.###..#.......######',
    '##.##.##.#.#.#..#..#.',
    '........#.######.###.',
    '#######..#..#.##.#.#.',
    '#.....#.#.#####..##.#',
    '#.###.#.###.#......#.',
    '#.###.#.#.#.#..####..',
    '#.###.#.#.##.#...#...',
    '#.....#........#.##..',
    '#######.##.#.#..#..#.',
  ]);
});

test('A text is taken as UTF-8', () => {
  assert.equal(digestOf(qrCode('直播间', 5)), 'fad67ca2d1336706');
});

test('Without a mask one of the eight is chosen, always the same', () => {
  const chosen = digestOf(qrCode(textOf(120)));
  const each = Array.from({ length: 8 }, (_, mask) => digestOf(qrCode(textOf(120), mask)));
  assert.ok(each.includes(chosen));
  assert.equal(digestOf(qrCode(textOf(120))), chosen);
});

test('The longest text has a code and one byte more has none', () => {
  assert.equal(qrCode('x'.repeat(qrBytesMax)).size, 57);
  assert.throws(() => qrCode('x'.repeat(qrBytesMax + 1)), RangeError);
});

test('The path covers exactly the dark modules', () => {
  const code = qrCode('Waggle');
  const covered = new Set();
  for (const [, x, y, width] of qrPath(code, 4).matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let step = 0; step < Number(width); step += 1) {
      covered.add(`${Number(x) + step - 4},${Number(y) - 4}`);
    }
  }
  let dark = 0;
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (!code.isDark(x, y)) continue;
      dark += 1;
      assert.ok(covered.has(`${x},${y}`));
    }
  }
  assert.equal(covered.size, dark);
});
