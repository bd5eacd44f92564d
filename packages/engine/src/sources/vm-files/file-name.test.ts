import { fileIn, folderOf, isAbsoluteName, resolveIn, serverOf, shownFile } from './file-name';

const SERVER = 'https://host:8443';

describe.each([
  ['of this machine', ''],
  ['of a server', SERVER],
])('names %s', (_, server) => {
  const name = (path: string): string => server + path;

  it('are put together and taken apart', () => {
    expect(serverOf(name('/a/b'))).toBe(server);
    expect(fileIn(name('/a'), 'b c#d?.vmdk')).toBe(name('/a/b c#d?.vmdk'));
    expect(fileIn(name('/'), 'b')).toBe(name('/b'));
    expect(folderOf(name('/a/b'))).toBe(name('/a'));
    expect(folderOf(name('/b'))).toBe(name('/'));
    expect(isAbsoluteName(name('/a'))).toBe(true);
  });

  it('follow the dots of what is written in a file, never above the top', () => {
    expect(resolveIn(name('/a/b'), '../c/./d')).toBe(name('/a/c/d'));
    expect(resolveIn(name('/a/b'), '../../../../x')).toBe(name('/x'));
    expect(resolveIn(name('/a/b'), '/x/y')).toBe(name('/x/y'));
    expect(fileIn(name('/a'), '../../x')).toBe(name('/x'));
  });

  it('are shown relative inside a folder only', () => {
    expect(shownFile(name('/a'), name('/a/b/c'))).toBe('b/c');
    expect(shownFile(name('/a'), name('/ab/c'))).toBe(name('/ab/c'));
    expect(shownFile(name('/a'), name('/a'))).toBe(name('/a'));
    expect(shownFile(name('/a'), name('/a/..b'))).toBe('..b');
    expect(isAbsoluteName('b/c')).toBe(false);
  });
});

it('a name on the same server stays one, a name on another is only a name', () => {
  expect(resolveIn(`${SERVER}/a`, `${SERVER}/x/../y`)).toBe(`${SERVER}/y`);
  expect(resolveIn(`${SERVER}/a`, 'https://other/y')).toBe(`${SERVER}/a/https:/other/y`);
  expect(resolveIn('/a', `${SERVER}/y`)).toBe('/a/https:/host:8443/y');
  expect(shownFile('/a', `${SERVER}/a/b`)).toBe(`${SERVER}/a/b`);
});
