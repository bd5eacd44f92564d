import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../bytes';
import { isMounted, mountTmpfs } from '../testing/scratch-mount';
import type { ApplyOrder } from './mover';
import { makeTableRoom } from './table-room';

const small = mountTmpfs(8 * MIB);
const folder = isMounted(small) ? small.folder : '';
afterAll(() => isMounted(small) && small.unmount());

(isMounted(small) ? describe : describe.skip)(
  `room for the next block table ${isMounted(small) ? '' : `[${small.reason}]`}`,
  () => {
    const at = (name: string) => path.join(folder, name);
    /** 2 MiB each. */
    const write = (name: string, minute: number) => {
      fs.writeFileSync(at(name), Buffer.alloc(2 * MIB, 1));
      fs.utimesSync(at(name), minute * 60, minute * 60);
    };
    const room = (tableBytes: number) =>
      makeTableRoom({
        proof: {
          stateSizeBytes: tableBytes * 2048,
          table: at('new.table'),
          parentTable: at('parent.table'),
        },
      } as unknown as ApplyOrder);
    const left = () => fs.readdirSync(folder).sort();

    beforeEach(() => {
      for (const name of left()) fs.rmSync(at(name));
      write('parent.table', 1);
      write('older.table', 2);
      write('old.table', 3);
    });

    it('gives up nothing while there is enough', () => {
      room(MIB / 2);
      expect(left()).toEqual(['old.table', 'older.table', 'parent.table']);
    });

    it('gives up the oldest first, and only as many as needed', () => {
      room(2 * MIB);
      expect(left()).toEqual(['old.table', 'parent.table']);
    });

    it('never gives up the parent’s table, nor what is no table', () => {
      fs.writeFileSync(at('note.txt'), '');
      room(8 * MIB);
      expect(left()).toEqual(['note.txt', 'parent.table']);
    });
  },
);
