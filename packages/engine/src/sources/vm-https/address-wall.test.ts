import { AddressWall, isAddressRule } from './address-wall';

const wall = (allowAddresses: string[] = [], denyAddresses: string[] = []): AddressWall =>
  new AddressWall({ allowAddresses, denyAddresses });

describe('the wall around addresses', () => {
  it.each([
    '127.0.0.1',
    '127.8.9.10',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '100.100.100.200',
    '::',
    '::1',
    'fe80::1',
    'ff02::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::169.254.169.254',
    '2002:7f00:1::',
    'localhost',
    '',
  ])('lets nobody to %s', address => {
    expect(wall().permits(address)).toBe(false);
  });

  it.each([
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '8.8.8.8',
    '100.64.0.1',
    'fd12::1',
    '2001:db8::1',
    '::ffff:10.1.2.3',
    '64:ff9b::8.8.8.8',
  ])('lets through to %s', address => {
    expect(wall().permits(address)).toBe(true);
  });

  it('opens for what is allowed, and only for that', () => {
    const opened = wall(['127.0.0.1', 'fe80::/10'], ['10.0.0.0/8']);
    expect(opened.permits('127.0.0.1')).toBe(true);
    expect(opened.permits('::ffff:127.0.0.1')).toBe(true);
    expect(opened.permits('127.0.0.2')).toBe(false);
    expect(opened.permits('fe80::9')).toBe(true);
    expect(opened.permits('10.96.0.1')).toBe(false);
    expect(opened.permits('::ffff:10.96.0.1')).toBe(false);
    expect(wall(['10.96.0.7'], ['10.0.0.0/8']).permits('10.96.0.7')).toBe(true);
  });

  it('is closed for the cluster’s own API server', () => {
    process.env['KUBERNETES_SERVICE_HOST'] = '10.96.0.1';
    try {
      expect(wall().permits('10.96.0.1')).toBe(false);
      expect(wall().permits('10.96.0.2')).toBe(true);
      expect(wall(['10.96.0.1']).permits('10.96.0.1')).toBe(true);
    } finally {
      delete process.env['KUBERNETES_SERVICE_HOST'];
    }
  });

  it.each(['127.1', '0x7f000001', '2130706433', '[::1]', '127.0.0.1.'])(
    'sees through %s in a URL',
    host => {
      const { hostname } = new URL(`https://${host}/`);
      expect(() => wall().assertHost(hostname)).toThrow(
        expect.objectContaining({ code: 'SOURCE_REFUSED' }),
      );
    },
  );

  it('takes addresses and blocks for rules, nothing else', () => {
    expect(['10.0.0.1', '10.0.0.0/8', 'fd00::/8', '::1'].map(isAddressRule)).not.toContain(false);
    expect(['10.0.0.0/33', 'host', '10.0.0', '', '10.0.0.0/x'].map(isAddressRule)).not.toContain(
      true,
    );
    expect(() => wall(['host'])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
