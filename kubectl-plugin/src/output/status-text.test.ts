import fc from 'fast-check';
import { displayWidth } from './display-width';
import { diskStatus, NOW, progress, status, step } from '../testing/fixtures';
import { HOSTILE_NAMES } from './hostile-names';
import { heartbeatLines, statusLines, statusText } from './status-text';
import { PLAIN, type Style } from './style';

const style: Style = { palette: PLAIN, width: 80, symbols: 'ascii' };

it('has a bar for each disk, what it writes now, and why where it stands still', () => {
  expect(statusText([status('stalled')], style, NOW).split('\n')).toEqual([
    'lab/Büro-Server "Alpha" – пример  m-9mbxaaqm',
    '  running  50 %  24/48 MiB  3/11 layers  2/6 snapshots  12 MiB/s  ETA 2s',
    '  scsi0:0  #############.........   62 %    18/29 MiB  2/7    12 MiB/s    ETA 1s',
    '           Beispiel VM-000002.vmdk',
    '  scsi0:1  ######................   31 %   6.0/19 MiB  1/4',
    '           why: waits 42s for hostpath.csi.k8s.io to f..atenbank-dazu-7f4914702e',
  ]);
});

it('shows a failure with its code and the next step', () => {
  const text = statusText([status('failed')], style, NOW);
  expect(text).toContain('           failed: Beispiel VM-000002.vmdk');
  expect(text).toContain('  error: The target has no space left. (VOLUME_FULL)');
  expect(text).toContain(
    '    next: Free space in class fast, then: kubectl vm-migrate retry m-9mbxaaqm',
  );
});

it('says the same reason of many steps once', () => {
  const waiting = ['1', '2', '3'].map(id =>
    step({ id, state: 'waiting', waitsFor: 'a free place', waitsSince: null }),
  );
  const view = { ...status('running'), disks: [diskStatus({ now: waiting })] };
  const whys = statusText([view], { ...style, width: 140 }, NOW)
    .split('\n')
    .filter(line => line.includes('why:'));
  expect(whys).toEqual([
    '           why: waits for a free place (Beispiel VM-000002.vmdk, and 2 more)',
  ]);
});

it('no name and no width breaks a line', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...HOSTILE_NAMES),
      fc.integer({ min: 64, max: 200 }),
      fc.nat(29),
      (name, width, done) => {
        const view = {
          ...status('stalled'),
          vm: name,
          disks: [
            diskStatus({
              label: name,
              progress: progress(done, 29, 12),
              now: [step({ words: name }), step({ id: '2', waitsFor: name })],
            }),
          ],
        };
        for (const line of statusText([view], { ...style, width }, NOW).split('\n')) {
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/\p{Cc}/u);
        }
      },
    ),
  );
});

describe('without a terminal', () => {
  const at = new Date('2026-11-23T15:40:00Z');

  it('writes one line for each change, and none where nothing changed', () => {
    expect(statusLines([], [status('running')], at)).toEqual([
      '15:40:00Z m-9mbxaaqm - running lab/Büro-Server "Alpha" – пример',
      '15:40:00Z m-9mbxaaqm scsi0:0 started Beispiel VM-000002.vmdk',
      '15:40:00Z m-9mbxaaqm scsi0:1 started Beispiel VM_1-000002.vmdk',
      '15:40:00Z m-9mbxaaqm - snapshots ready 2/6',
    ]);
    expect(statusLines([status('running')], [status('running')], at)).toEqual([]);
    expect(statusLines([status('running')], [status('stalled')], at)).toEqual([
      '15:40:00Z m-9mbxaaqm scsi0:1 done Beispiel VM_1-000002.vmdk layers 1/4',
      '15:40:00Z m-9mbxaaqm scsi0:1 waits snapshot "Datenbank dazu / база данных" for hostpath.csi.k8s.io to finish buro-server-alpha-scsi0-1-datenbank-dazu-7f4914702e',
    ]);
  });

  it('ends with the result', () => {
    expect(statusLines([status('stalled')], [status('migrated')], at).at(-1)).toBe(
      '15:40:00Z m-9mbxaaqm - migrated lab/Büro-Server "Alpha" – пример layers 11/11 snapshots 6/6 bytes 48/48 MiB',
    );
    expect(statusLines([status('running')], [status('failed')], at).join('\n')).toMatch(
      /failed .* VOLUME_FULL: /,
    );
  });

  it('does not repeat a reason of which only a number changed', () => {
    const waits = (reason: string) => ({
      ...status('running'),
      disks: [diskStatus({ now: [step({ waitsFor: reason })] })],
    });
    expect(statusLines([waits('busy, 3 s')], [waits('busy, 4 s')], at)).toEqual([]);
  });

  it('has a heartbeat for each disk that moves', () => {
    expect(heartbeatLines([status('stalled')], at)).toEqual([
      '15:40:00Z m-9mbxaaqm scsi0:0 progress 62% 18/29MiB 12MiB/s ETA=1s layers=2/7 Beispiel VM-000002.vmdk',
    ]);
  });
});
