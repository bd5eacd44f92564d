import { parseVmsd } from './vmsd';

const parse = (text: string) => parseVmsd('vm.vmsd', Buffer.from(text));

/** As ESXi writes one snapshot; with a negative low half of the time. */
const ONE = `.encoding = "UTF-8"
snapshot.lastUID = "7"
snapshot.current = "7"
snapshot0.uid = "7"
snapshot0.filename = "mail-Snapshot7.vmsn"
snapshot0.displayName = "before %2fetc%2f cleanup |22v2|22"
snapshot0.description = "two|0Alines"
snapshot0.createTimeHigh = "392160"
snapshot0.createTimeLow = "-2029766656"
snapshot0.numDisks = "2"
snapshot0.disk0.fileName = "mail.vmdk"
snapshot0.disk0.node = "scsi0:0"
snapshot0.disk1.fileName = "/vmfs/volumes/5f1c-22/mail/mail_1.vmdk"
snapshot0.disk1.node = "NVMe0:12"
snapshot.numSnapshots = "1"
`;

function manySnapshots(count: number): string {
  const lines = [
    '.encoding = "UTF-8"',
    `snapshot.lastUID = "${count + 40}"`,
    `snapshot.current = "${count + 40}"`,
    `snapshot.numSnapshots = "${count}"`,
  ];
  for (let at = 0; at < count; at++) {
    const key = `snapshot${at}`;
    lines.push(
      `${key}.uid = "${at + 41}"`,
      `${key}.displayName = "S${at}"`,
      `${key}.createTimeHigh = "390000"`,
      `${key}.createTimeLow = "${at * 1000}"`,
    );
    if (at > 0) lines.push(`${key}.parent = "${at + 40}"`);
    lines.push(`${key}.numDisks = "12"`);
    for (let disk = 0; disk < 12; disk++)
      lines.push(
        `${key}.disk${disk}.fileName = "vm_${disk}.vmdk"`,
        `${key}.disk${disk}.node = "scsi${disk % 4}:${disk}"`,
      );
  }
  return lines.join('\r\n');
}

describe('.vmsd', () => {
  it('gives one snapshot with its time, disks and texts', () => {
    expect(parse(ONE)).toEqual({
      currentUid: '7',
      statedCount: 1,
      broken: [],
      snapshots: [
        {
          uid: '7',
          parentUid: undefined,
          name: 'before /etc/ cleanup "v2"',
          description: 'two\nlines',
          // (392160 << 32) + (2^32 - 2029766656)
          createdAtUs: 1684316640000000,
          quiesced: undefined,
          stateFile: 'mail-Snapshot7.vmsn',
          disks: [
            { fileName: 'mail.vmdk', slot: 'scsi0:0' },
            { fileName: '/vmfs/volumes/5f1c-22/mail/mail_1.vmdk', slot: 'nvme0:12' },
          ],
          clones: [],
          line: 4,
        },
      ],
    });
    expect(new Date(1684316640000).toISOString()).toBe('2023-05-17T09:44:00.000Z');
  });

  it.each([1, 12, 32])('loses none of %i snapshots with twelve disks each', count => {
    const { snapshots, broken } = parse(manySnapshots(count));
    expect(broken).toEqual([]);
    expect(snapshots.map(({ name }) => name)).toEqual(
      Array.from({ length: count }, (_, at) => `S${at}`),
    );
    expect(
      snapshots.every(
        ({ disks }) =>
          disks.map(({ fileName }) => fileName).join() ===
          Array.from({ length: 12 }, (_, disk) => `vm_${disk}.vmdk`).join(),
      ),
    ).toBe(true);
    expect(snapshots.map(({ parentUid }) => parentUid)).toEqual([
      undefined,
      ...Array.from({ length: count - 1 }, (_, at) => String(at + 41)),
    ]);
  });

  it('takes the order from the time, not from indexes, and minds no gaps', () => {
    const found = parse(`snapshot9.uid = "3"
snapshot9.parent = ""
snapshot9.createTimeHigh = "1"
snapshot9.createTimeLow = "5"
snapshot120.uid = "0012"
snapshot120.parent = "3"
snapshot120.createTimeHigh = "1"
snapshot120.createTimeLow = "-1"
snapshot4.uid = "40"
snapshot4.parent = "3"
snapshot4.createTimeHigh = "1"
snapshot4.createTimeLow = "6"
`);
    expect(found.snapshots.map(({ uid, parentUid }) => [uid, parentUid])).toEqual([
      ['3', undefined],
      ['40', '3'],
      ['12', '3'],
    ]);
  });

  it('reads a file whose snapshots were all deleted as a history without snapshots', () => {
    expect(
      parse(
        '.encoding = "windows-1252"\r\nsnapshot.lastUID = "4"\r\nsnapshot.mru0.uid = "4"\r\nsnapshot.mru1.uid = "2"\r\n',
      ),
    ).toEqual({
      currentUid: undefined,
      statedCount: undefined,
      broken: [],
      snapshots: [],
    });
  });

  it('names the clones that hang on a snapshot', () => {
    const text =
      'snapshot0.uid = "1"\nsnapshot0.numClones = "2"\nsnapshot0.clone0 = "/vms/a/a.vmx"\nsnapshot0.clone1 = "/vms/b/b.vmx"\n';
    expect(parse(text).snapshots[0]?.clones).toEqual(['/vms/a/a.vmx', '/vms/b/b.vmx']);
  });

  it('reports a record that cannot be used and keeps the others', () => {
    const found = parse(`snapshot0.displayName = "no uid"
snapshot1.uid = "5"
snapshot1.displayName = "good"
snapshot2.uid = "5"
snapshot2.displayName = "double"
snapshot3.uid = "../x"
snapshot3.displayName = "odd"
snapshot4.uid = "6"
snapshot4.displayName = "one"
snapshot4.displayName = "two"
__proto__.uid = "9"
`);
    expect(found.snapshots.map(({ name }) => name)).toEqual(['good']);
    expect(found.broken.map(({ key, line }) => [key, line])).toEqual([
      ['snapshot0', 1],
      ['snapshot2', 4],
      ['snapshot3', 6],
      ['snapshot4', 10],
    ]);
  });
});
