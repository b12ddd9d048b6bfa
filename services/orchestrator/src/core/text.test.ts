import test from 'ava';
import { Name, cleanLine } from './text.ts';

const ZERO_WIDTH = '\u{200B}\u{200D}\u{2060}\u{FEFF}';

test('names of all the world are names', (t) => {
  for (const name of [
    'Café de la Gare',
    'مقهى المحطة',
    'می‌خواهم',
    '東京',
    'O’Brien & Söhne',
    '42',
    '🚂',
    '👩‍🚀 Team',
    '!',
  ])
    t.is(Name.parse(`  ${name} `), name);
});

test('a name is one line, reads in the direction it is written, and can be seen', (t) => {
  for (const deceptive of ['\r', '\n', '\0', '\x1b', '\x7f', '\u{85}', '\u{2028}', '\u{202E}', '\u{2066}', '\u{200E}'])
    t.false(Name.safeParse(`Ba${deceptive}nk`).success, JSON.stringify(deceptive));
  for (const mark of ['\u{200F}', '\u{061C}', '\u{202A}', '\u{2069}', '\u{D800}'])
    t.false(Name.safeParse(`Ba${mark}nk`).success, JSON.stringify(mark));
  for (const invisible of ['', '   ', ZERO_WIDTH, '\u{3164}', '\u{2800}', '\u{AD}', '\u{301}'])
    t.false(Name.safeParse(invisible).success, JSON.stringify(invisible));
  t.false(Name.safeParse('x'.repeat(101)).success);
});

test('a name from elsewhere is cleaned', (t) => {
  t.is(cleanLine(' Ada\r\nBcc: eve@example.test\u{202E} ', 100), 'Ada Bcc: eve@example.test');
  t.is(cleanLine(`\0\u{202E}${ZERO_WIDTH}`, 100), undefined);
  t.is(cleanLine('ab🚂', 3), 'ab\u{FFFD}', 'no half of a character is stored');
});
