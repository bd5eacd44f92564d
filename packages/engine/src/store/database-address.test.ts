import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { databaseUrl } from './database-address';

describe('database address', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-address-'));
    process.env['PGSERVICEFILE'] = path.join(folder, 'services');
  });
  afterEach(() => {
    delete process.env['PGSERVICEFILE'];
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes a URL from a file, without its line end', () => {
    const file = path.join(folder, 'url');
    writeFileSync(file, 'postgres://u:p@h/d\n');
    expect(databaseUrl({ kind: 'urlFile', file })).toBe('postgres://u:p@h/d');
  });

  it('says which file is missing', () => {
    const file = path.join(folder, 'none');
    expect(() => databaseUrl({ kind: 'urlFile', file })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', where: { file } }),
    );
  });

  it('finds a service among others, with a password of any characters', () => {
    writeFileSync(
      path.join(folder, 'services'),
      '# comment\n[other]\nhost=wrong\n\n[prod]\nhost=db.example\nport=6432\nuser=me\npassword=a@b/c#d\ndbname=vm\nsslmode=verify-full\n[last]\nhost=wrong\n',
    );
    const url = new URL(databaseUrl({ kind: 'service', service: 'prod' }));
    expect(url.host).toBe('db.example:6432');
    expect(decodeURIComponent(url.password)).toBe('a@b/c#d');
    expect(url.pathname).toBe('/vm');
    expect(url.searchParams.get('sslmode')).toBe('verify-full');
  });

  it('says where it looked for a service', () => {
    expect(() => databaseUrl({ kind: 'service', service: 'none' })).toThrow(
      expect.objectContaining({ expected: expect.stringContaining(path.join(folder, 'services')) }),
    );
  });
});
