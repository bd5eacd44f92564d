import { entriesOfHtml, entriesOfJson } from './listing';

const FOLDER = new URL('https://files.test/store/vm%201/');
const html = (text: string, folder = FOLDER, query = ''): string[] =>
  entriesOfHtml(text, folder, query).map(({ name, kind }) => `${kind} ${name}`);

describe('names in an HTML listing', () => {
  it('of nginx', () => {
    expect(
      html(`<html>
<head><title>Index of /store/vm 1/</title></head>
<body>
<h1>Index of /store/vm 1/</h1><hr><pre><a href="../">../</a>
<a href="snapshots/">snapshots/</a>                                         23-Nov-2026 10:00                   -
<a href="a%20very%20long%20name%20that%20nginx%20cuts%20when%20it%20is%20shown.vmdk">a very long name that nginx cuts when it is sh..&gt;</a> 23-Nov-2026 10:00    1024
<a href="Gr%C3%B6%C3%9Fe.vmdk">Größe.vmdk</a>      23-Nov-2026 10:00                1024
</pre><hr></body></html>`),
    ).toEqual([
      'folder snapshots',
      'file a very long name that nginx cuts when it is shown.vmdk',
      'file Größe.vmdk',
    ]);
  });

  it('of Apache, with links that sort', () => {
    expect(
      html(`<table id="indexlist">
<tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><img src="/icons/back.gif" alt="[DIR]"></td><td><a href="/store/">Parent Directory</a></td></tr>
<tr><td valign="top"><img src="/icons/unknown.gif"></td><td><a href="vm&amp;co.vmx">vm&amp;co.vmx</a></td></tr>
<tr><td><A HREF='vm.vmdk'>vm.vmdk</A></td></tr>`),
    ).toEqual(['file vm&co.vmx', 'file vm.vmdk']);
  });

  it('of Caddy, with dots before', () => {
    expect(
      html(
        '<!-- <a href="hidden">x</a> --><script>document.write(\'<a href="scripted">\')</script><a href="./snapshots/"><svg></svg><span class="name">snapshots</span></a><a href="./vm.vmx"><span>vm.vmx</span></a>',
      ),
    ).toEqual(['folder snapshots', 'file vm.vmx']);
  });

  it('of the datastore browser of vSphere, whose links repeat the query in their own way', () => {
    const query = '?dcPath=ha-datacenter&dsName=store%201';
    const folder = new URL(`https://esx.test/folder/vm/${query}`);
    const link = (path: string, words: string): string =>
      `<a href="${path}?dcPath=ha%252ddatacenter&amp;dsName=store%25201">${words}</a>`;
    expect(
      html(
        `<a href="/folder?dcPath=ha%252ddatacenter">Parent</a>${link('/folder/vm/snapshots', 'snapshots/')}${link('/folder/vm/vm.vmx', 'vm.vmx')}<a href="/folder/vm/of-another.vmx?dcPath=ha%252ddatacenter&amp;dsName=other">of-another.vmx</a>`,
        folder,
        query,
      ),
    ).toEqual(['folder snapshots', 'file vm.vmx']);
  });

  it.each([
    '..',
    '../',
    '../other.vmdk',
    '../../etc/passwd',
    '%2e%2e/other.vmdk',
    '%2e%2e%2fother.vmdk',
    'sub/deep.vmdk',
    'sub%2fdeep.vmdk',
    'back%5cslash.vmdk',
    'nul%00.vmdk',
    '%ff.vmdk',
    '.',
    './',
    '',
    '#top',
    '?C=N',
    'vm.vmdk?x=1',
    '/other/vm.vmdk',
    '/store/vm%201x/vm.vmdk',
    '//evil.test/store/vm%201/vm.vmdk',
    'https://evil.test/store/vm%201/vm.vmdk',
    'http://files.test/store/vm%201/vm.vmdk',
    'https://files.test:8443/store/vm%201/vm.vmdk',
    'https://me@files.test/store/vm%201/vm.vmdk',
    'javascript:alert(1)',
    'file:///store/vm%201/vm.vmdk',
    'http://[',
  ])('never of a link that leads elsewhere: %s', href => {
    expect(html(`<a href="${href}">vm.vmdk</a>`)).toEqual([]);
  });

  it('however the server spells the folder', () => {
    expect(
      html('<a href="/store/vm 1/a.vmdk">a</a><a href="/%73tore/vm%201/b.vmdk">b</a>'),
    ).toEqual(['file a.vmdk', 'file b.vmdk']);
  });

  it('in reasonable time, whatever the page is', () => {
    const began = Date.now();
    for (const page of [
      '<a '.repeat(500_000),
      '<a href="'.repeat(200_000),
      '<!--'.repeat(500_000),
      '<script '.repeat(100_000),
    ])
      html(page);
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});

describe('names in a JSON listing', () => {
  it('of nginx', () => {
    expect(
      entriesOfJson(
        '[{"name":"snapshots","type":"directory","mtime":"x"},{"name":"vm.vmx","type":"file","size":3},{"name":"link","type":"other"},{"name":"../up","type":"file"},{"name":"..","type":"directory"}]',
      ),
    ).toEqual([
      { name: 'snapshots', kind: 'folder' },
      { name: 'vm.vmx', kind: 'file' },
      { name: 'link', kind: 'other' },
    ]);
  });

  it('of Caddy', () => {
    expect(
      entriesOfJson(
        '[{"name":"snapshots/","size":1,"url":"./snapshots/","is_dir":true,"is_symlink":false},{"name":"vm.vmx","is_dir":false,"is_symlink":false},{"name":"away","is_dir":false,"is_symlink":true}]',
      ),
    ).toEqual([
      { name: 'snapshots', kind: 'folder' },
      { name: 'vm.vmx', kind: 'file' },
      { name: 'away', kind: 'other' },
    ]);
    expect(entriesOfJson('null')).toEqual([]);
  });

  it.each(['{}', '[1]', '[{"type":"file"}]', '"x"', '[', ''])(
    'never of something else: %s',
    text => {
      expect(entriesOfJson(text)).toBeUndefined();
    },
  );
});
