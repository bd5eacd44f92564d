/** The files are put together key by key: of two that begin alike the later one would hide the earlier. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

it('no two files of words use the same first word', () => {
  const folder = path.join(__dirname, 'en');
  const owners = readdirSync(folder).flatMap(file => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- each file of the folder, whatever it is called
    const messages = require(path.join(folder, file)) as Record<string, Record<string, unknown>>;
    return Object.values(messages).flatMap(each => Object.keys(each).map(key => ({ key, file })));
  });
  const twice = owners.filter(({ key }, at) => owners.findIndex(each => each.key === key) !== at);
  expect(owners.length).toBeGreaterThan(10);
  expect(twice).toEqual([]);
});
