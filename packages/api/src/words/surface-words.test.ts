import { inWordsOf, withoutCommands, type ControlWords } from './surface-words';

const words: ControlWords = {
  storageClass: '“Storage class”',
  keep: '“What to keep”',
  keepNewest: '“The newest” with {0}',
  retry: '“Retry”',
  limits: '“Limits”',
  tree: '“History”',
  workers: '“Workers”',
};

describe('the words of a surface', () => {
  it.each([
    ['Name one with --storage-class: fast, bulk.', 'Name one with “Storage class”: fast, bulk.'],
    ['Keep the snapshot (--keep), or not.', 'Keep the snapshot (“What to keep”), or not.'],
    ['`--keep newest=3` is the most that fits.', '“The newest” with 3 is the most that fits.'],
    ['Fewer (--keep newest N), or so.', 'Fewer (“The newest” with N), or so.'],
    ['Free space, then: kubectl vm-migrate retry m-9mbxaaqm', 'Free space, then: “Retry”'],
    ['Run `kubectl vm-migrate retry m-1 --force`.', 'Run “Retry”.'],
    ['as `kubectl vm-migrate tree VM` shows them.', 'as “History” shows them.'],
    ['a free place (see: kubectl vm-migrate limits)', 'a free place (see: “Limits”)'],
    [
      'a worker to take it (see: kubectl vm-migrate get workers)',
      'a worker to take it (see: “Workers”)',
    ],
  ])('%s', (said, expected) => {
    expect(inWordsOf(said, words)).toBe(expected);
  });

  it.each([
    ['a free place, 4 at a time (see: kubectl vm-migrate limits)', 'a free place, 4 at a time'],
    ['a worker (see: kubectl vm-migrate get workers); then db-1', 'a worker; then db-1'],
    ['a driver (hostpath) to finish', 'a driver (hostpath) to finish'],
  ])('or no command at all: %s', (said, expected) => {
    expect(withoutCommands(said)).toBe(expected);
  });

  it.each([
    'kubectl vm-migrate doctor --probe',
    'Choose other names with --name-prefix.',
    'A file called --keepsake.vmdk.',
  ])('leaves alone what it has no control for: %s', said => {
    expect(inWordsOf(said, words)).toBe(said);
  });
});
