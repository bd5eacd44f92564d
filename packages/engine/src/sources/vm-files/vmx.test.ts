import { parseVmx } from './vmx';

const parse = (text: string) => parseVmx('vm.vmx', Buffer.from(text));

const FULL = `#!/usr/bin/vmware
.encoding = "UTF-8"
config.version = "8"
displayName = "web%2f01 |22prod|22"
guestOS = "ubuntu-64"
firmware = "EFI"
numvcpus = "8"
memSize = "16384"
uuid.bios = "56 4d 2a 71 0c 5e 8b 11-9f 44 02 aa 31 c7 e9 05"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "web.vmdk"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:15.present = "true"
scsi0:15.fileName = "web_1-000003.vmdk"
scsi0:9.present = "TRUE"
scsi0:9.fileName = "gone.vmdk"
scsi0:9.present = "TRUE"
scsi0:10.present = "FALSE"
scsi0:10.fileName = "unplugged.vmdk"
scsi1:0.present = "TRUE"
scsi1:0.fileName = "on-a-dead-controller.vmdk"
scsi1.present = "FALSE"
NVME0.present = "TRUE"
NVME0:2.Present = "TRUE"
NVME0:2.FileName = "fast.vmdk"
NVME0:2.Mode = "independent-persistent"
ide0:0.present = "TRUE"
ide0:0.fileName = "old.VMDK"
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-image"
ide1:0.fileName = "/iso/x.vmdk"
sata0:1.present = "TRUE"
sata0:1.deviceType = "atapi-cdrom"
sata0:1.fileName = "auto detect"
scsi0:3.present = "TRUE"
scsi0:3.deviceType = "rawDisk"
scsi0:3.fileName = "lun.vmdk"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.networkName = "DMZ"
ethernet0.generatedAddress = "00:50:56:AA:BB:CC"
ethernet1.present = "FALSE"
vtpm.present = "TRUE"
uefi.secureBoot.enabled = "TRUE"
sched.swap.derivedName = "/vmfs/volumes/5f3a-1/web/web.vswp"
checkpoint.vmState = ""
`;

describe('.vmx', () => {
  it('says what guests need drivers for, and where the VM lies', () => {
    const { controllers, secureBoot, vtpm, datastore } = parse(FULL);
    expect(controllers).toEqual({ ide0: 'ide', nvme0: 'nvme', scsi0: 'pvscsi' });
    expect({ secureBoot, vtpm, datastore }).toEqual({
      secureBoot: true,
      vtpm: true,
      datastore: '5f3a-1',
    });
    expect(
      parse('scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "a.vmdk"\n')
        .controllers,
    ).toEqual({ scsi0: 'lsilogic' });
  });

  it('gives the disks of all buses, whatever their unit, and nothing that is no disk or not plugged in', () => {
    expect(parse(FULL).disks.map(({ slot, fileName, mode }) => [slot, fileName, mode])).toEqual([
      ['ide0:0', 'old.VMDK', 'persistent'],
      ['nvme0:2', 'fast.vmdk', 'independent-persistent'],
      ['scsi0:0', 'web.vmdk', 'persistent'],
      ['scsi0:3', 'lun.vmdk', 'persistent'],
      ['scsi0:9', 'gone.vmdk', 'persistent'],
      ['scsi0:15', 'web_1-000003.vmdk', 'persistent'],
    ]);
  });

  it('gives the facts for people, CRLF or not', () => {
    const facts = {
      displayName: 'web/01 "prod"',
      guestOs: 'ubuntu-64',
      firmware: 'efi',
      cpus: 8,
      memoryMib: 16384,
      biosUuid: '564d2a71-0c5e-8b11-9f44-02aa31c7e905',
      networks: [{ name: 'DMZ', adapter: 'vmxnet3', mac: '00:50:56:aa:bb:cc' }],
      vtpm: true,
      suspendState: undefined,
      statesNotSuspended: true,
    };
    expect(parse(FULL)).toMatchObject(facts);
    expect(parse(FULL.replaceAll('\n', '\r\n'))).toMatchObject(facts);
  });

  it('knows a suspended VM', () => {
    expect(parse('checkpoint.vmState = "vm-1a2b3c4d.vmss"')).toMatchObject({
      suspendState: 'vm-1a2b3c4d.vmss',
      statesNotSuspended: false,
    });
    expect(parse('displayName = "x"')).toMatchObject({
      suspendState: undefined,
      statesNotSuspended: false,
    });
  });

  it('refuses an encrypted VM by name', () => {
    expect(() => parse('displayName = "x"\nencryption.keySafe = "vmware:key/list/(...)"')).toThrow(
      expect.objectContaining({ code: 'LAYER_UNSUPPORTED', where: { file: 'vm.vmx', line: 2 } }),
    );
  });

  it.each([
    ['memsize = "many"', 1],
    ['scsi0:0.present = "TRUE"\nscsi0:0.fileName = "a.vmdk"\nscsi0:0.fileName = "b.vmdk"', 3],
    ['scsi0:0.present = "TRUE"\nscsi0:0.fileName = "a.vmdk"\nscsi0:0.mode = "sideways"', 3],
  ])('refuses %j with its line', (text, line) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'VM_INVALID', where: { file: 'vm.vmx', line } }),
    );
  });
});
