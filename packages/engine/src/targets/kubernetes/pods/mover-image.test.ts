import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { tempFolder } from '../../../testing/temp-folder';
import { builtImage, imageReference } from './mover-image';

const folder = tempFolder();
const built = {
  name: 'vm-migrate.local/mover',
  tag: '1-abc',
  digest: 'sha256:abc',
  version: '1',
  programSha256: createHash('sha256').update('program').digest('hex'),
};

describe('the image of the mover', () => {
  it('is known by what was built beside the program', () => {
    const program = path.join(folder, 'mover.cjs');
    writeFileSync(program, 'program');
    expect(builtImage(program)).toBeUndefined();
    writeFileSync(path.join(folder, 'image.json'), JSON.stringify({ ...built, more: 1 }));
    expect(builtImage(program)).toEqual(built);
    writeFileSync(program, 'built again since');
    expect(builtImage(program)).toBeUndefined();
  });

  it.each([
    [undefined, 'vm-migrate.local/mover:1-abc'],
    ['registry.example:5000/team/mover', 'registry.example:5000/team/mover@sha256:abc'],
    ['registry.example/mover:mine', 'registry.example/mover:mine'],
    ['registry.example/mover@sha256:other', 'registry.example/mover@sha256:other'],
  ])('configured as %s is %s', (configured, reference) => {
    expect(imageReference(built, configured)).toBe(reference);
  });

  it.each([undefined, 'registry.example/mover'])(
    'is refused when neither the engine nor the reference %s knows a digest',
    configured => {
      expect(() => imageReference(undefined, configured)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    },
  );
});
