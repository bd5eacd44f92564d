import type { Pod } from '../cluster/resources';
import { ExpectedImage } from './image-check';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const running = (imageID: string): Pod => ({
  metadata: { name: 'web-0' },
  spec: {},
  status: { containerStatuses: [{ name: 'mover', imageID }] },
});
const at = (letter: string): Pod => running(`registry.example/mover@${digest(letter)}`);

describe('the image of a pod', () => {
  it('is the one that its reference names, or that the engine was built with', () => {
    const named = new ExpectedImage(`registry.example/mover@${digest('a')}`, undefined);
    expect(() => named.assert(at('a'))).not.toThrow();
    expect(() => named.assert(at('b'))).toThrow(expect.objectContaining({ code: 'MOVER_VERSION' }));
    const built = new ExpectedImage('vm-migrate/mover:1', digest('a'));
    expect(() => built.assert(at('b'))).toThrow(expect.objectContaining({ code: 'MOVER_VERSION' }));
  });

  it('stays what the first pod ran, where only a tag is said', () => {
    const tagged = new ExpectedImage('registry.example/mover:1', undefined);
    tagged.assert(at('c'));
    tagged.assert(at('c'));
    expect(() => tagged.assert(at('d'))).toThrow(
      expect.objectContaining({ code: 'MOVER_VERSION' }),
    );
  });

  it('is not compared where the runtime knows no digest, or nothing runs yet', () => {
    const named = new ExpectedImage(`m@${digest('a')}`, undefined);
    expect(() => named.assert(running(digest('b')))).not.toThrow();
    expect(() => named.assert({ metadata: {}, spec: {} })).not.toThrow();
  });
});
