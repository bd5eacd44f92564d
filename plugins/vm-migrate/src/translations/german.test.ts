/** German has several words for each thing; ours has one, or a reader takes them for several things. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(__dirname, 'de');
const messages = readdirSync(folder).flatMap(file => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- each file of the folder, whatever it is called
  const all = require(path.join(folder, file)) as Record<string, Record<string, string>>;
  return Object.values(all).flatMap(each => Object.entries(each));
});

it.each([
  ['a storage class is a Speicherklasse', /Storage-Klasse|StorageClass/],
  [
    'what a VM or a disk is at a time is a Stand',
    /(heutig|aktuell|behalten)\w* Zustand|Sie sind hier/i,
  ],
])('%s', (_rule, other) => {
  expect(messages.length).toBeGreaterThan(300);
  expect(messages.filter(([, words]) => other.test(words))).toEqual([]);
});

it('how far a migration or a step is is a Zustand', () => {
  const states = messages.filter(([key]) => /(column|fact|queue)\.state$/.test(key));
  expect(states.length).toBeGreaterThan(3);
  expect(new Set(states.map(([, words]) => words))).toEqual(new Set(['Zustand']));
});
