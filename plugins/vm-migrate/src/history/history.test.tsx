import { renderInTestApp } from '@backstage/frontend-test-utils';
import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { TreeView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { TREES } from '../gallery/fixtures/trees';
import { giveLayout } from '../testing/layout';
import { History } from './history';

giveLayout();
const user = userEvent.setup();

function show(tree: TreeView) {
  renderInTestApp(<History tree={tree} />);
  return screen.findByRole('treegrid');
}

const rows = (): HTMLElement[] => screen.getAllByRole('row').slice(1);
const row = (name: RegExp | string): HTMLElement => {
  const found = rows().find(each => within(each).queryByText(name) !== null);
  if (found === undefined) throw new Error(`no row with ${String(name)}`);
  return found;
};
const shape = (): string[] =>
  rows().map(each =>
    ['aria-level', 'aria-posinset', 'aria-setsize', 'aria-expanded']
      .map(name => each.getAttribute(name) ?? '')
      .concat(each.dataset['key'] ?? '')
      .join(' '),
  );

describe('the history', () => {
  it('is a treegrid in the order of the rails, with words for its forks', async () => {
    expect(await show(TREES.before)).toHaveAccessibleName(/^Snapshot history of Büro-Server/);
    expect(shape()).toEqual([
      '1 1 7 false point 1',
      '1 2 7 false point 2',
      '1 3 7 false point 4',
      '1 4 7 false point 3',
      '1 5 7 false point 5',
      '1 6 7 false point 6',
      '1 7 7 false point current',
    ]);
    expect(rows()[3]).toHaveTextContent(/goes on from Before "5.0" upgrade/);
    expect(rows()[1]).not.toHaveTextContent(/from/);
    expect(row('Versuch: andere Bibliothek')).toHaveTextContent(/branch from Before "5.0" upgrade/);
    expect(row('You are here')).toHaveAttribute('data-current', 'true');
  });

  it('says of each point how far it is, in words', async () => {
    await show(TREES.running);
    expect(row('"Fresh install"')).toHaveTextContent('proved by samples');
    expect(row('Before "5.0" upgrade')).toHaveTextContent('memory not carried');
    expect(row('Before "5.0" upgrade')).toHaveTextContent('ready');
    expect(row('Versuch: andere Bibliothek')).toHaveTextContent('cut, not ready yet');
    expect(row('Datenbank dazu / база данных')).toHaveTextContent(
      /copying 42 %.*1\.7 GiB of 4 GiB · 120 MiB\/s · 19s left/,
    );
    expect(row('nach dem Test 100 % grün')).toHaveTextContent(/not kept: merged.*into 本番前 ✓/);
  });

  it('goes by the keyboard: up and down, to the ends, into a point and out of it', async () => {
    await show(TREES.running);
    act(() => rows()[0]?.focus());
    await user.keyboard('{ArrowDown}{ArrowDown}');
    expect(row('Versuch: andere Bibliothek')).toHaveFocus();
    await user.keyboard('{ArrowLeft}');
    expect(row('Before "5.0" upgrade')).toHaveFocus();
    await user.keyboard('{End}');
    expect(row('You are here')).toHaveFocus();
    await user.keyboard('{Home}{ArrowRight}');
    expect(row('"Fresh install"')).toHaveFocus();
    expect(row('"Fresh install"')).toHaveAttribute('aria-expanded', 'true');
    await user.keyboard('{ArrowRight}{ArrowRight}{ArrowDown}');
    expect(row('Beispiel VM.vmdk')).toHaveFocus();
    expect(row('Beispiel VM.vmdk')).toHaveAttribute('aria-level', '2');
    await user.keyboard('{ArrowLeft}{Enter}');
    expect(row('"Fresh install"')).toHaveFocus();
    expect(screen.queryByText('Beispiel VM.vmdk')).toBeNull();
    // One place in the order of Tab, wherever it went.
    expect(rows().filter(each => each.tabIndex === 0)).toEqual([row('"Fresh install"')]);
  });

  it('of a point with forks, too, is expanded what Enter, Space, Left and Right show', async () => {
    await show(TREES.before);
    const fork = () => row('Before "5.0" upgrade');
    act(() => fork().focus());
    for (const [key, isShown] of [
      ['{Enter}', true],
      [' ', false],
      ['{ArrowRight}', true],
      ['{ArrowLeft}', false],
    ] as const) {
      await user.keyboard(key);
      expect(fork()).toHaveFocus();
      expect(fork()).toHaveAttribute('aria-expanded', String(isShown));
      expect(screen.queryAllByText('Beispiel VM-000001.vmdk')).toHaveLength(isShown ? 1 : 0);
    }
  });

  it('of what waits the time is apart from the reason, which may be cut', async () => {
    await show(TREES.waiting);
    const [time] = within(row('Datenbank dazu / база данных')).getAllByText(/for 1m/);
    expect(time).toHaveClass('lasting');
    expect(time?.previousSibling).toHaveTextContent(/^hostpath\.csi\.k8s\.io to finish/);
    expect(time?.previousSibling).toHaveClass('reason');
  });

  it('shows which points are verified now, and which wait for that', async () => {
    await show(TREES.verifying);
    expect(row('"Fresh install"')).toHaveTextContent(
      /verifying 25 %.*6 GiB of 24 GiB · 120 MiB\/s · 2m33s left/,
    );
    // It can be restored from all the same.
    expect(row('"Fresh install"').querySelector('[data-mark]')).toHaveAttribute(
      'data-mark',
      'done',
    );
    expect(row('Before "5.0" upgrade')).toHaveTextContent(
      /ready.*to be verified; waits for a free place under limit all.*for \d+s/,
    );
    expect(screen.getByRole('button', { name: 'Go to what is verified' })).toBeInTheDocument();
  });

  it('shows of a disk its layer, its bytes, and the VolumeSnapshot to copy', async () => {
    await show(TREES.running);
    await user.click(screen.getByRole('button', { name: 'Show all disks' }));
    const disk = row('Beispiel VM.vmdk');
    expect(disk).toHaveTextContent(/4 GiB.*\+ 24 MiB zeros/);
    const copied = jest.spyOn(navigator.clipboard, 'writeText');
    const name = 'buro-server-alpha-scsi0-0-beispiel-vm-vmdk-24b9d03208';
    await user.click(within(disk).getByRole('button', { name: `Copy VolumeSnapshot ${name}` }));
    expect(copied).toHaveBeenLastCalledWith(name);
    expect(await screen.findByText('Copied')).toBeInTheDocument();
    await user.click(within(disk).getByRole('button', { name: 'Copy handle snap-0d9c1f2b7a6e4f' }));
    expect(copied).toHaveBeenLastCalledWith('snap-0d9c1f2b7a6e4f');
    expect(screen.getByText(/Keys: see the vault/)).toBeInTheDocument();
    expect(screen.getAllByText(/hostpath\.csi\.k8s\.io to finish/).length).toBeGreaterThan(0);
  });

  it('opens what failed, with the error and what to do', async () => {
    await show(TREES.failed);
    expect(screen.getByText(/The target has no space left/)).toBeInTheDocument();
    expect(screen.getByText(/Free space in class fast/)).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Go to what failed' })).toBeInTheDocument();
  });

  it('of 20,000 points there are as many rows as are in sight, and now is one press away', async () => {
    await show(TREES.line);
    expect(screen.getByRole('treegrid')).toHaveAttribute('aria-rowcount', '20001');
    expect(rows().length).toBeLessThan(60);
    expect(rows()[0]).toHaveAttribute('aria-rowindex', '2');
    act(() => rows()[0]?.focus());
    await user.keyboard('{End}');
    expect(row('You are here')).toHaveFocus();
    expect(rows().length).toBeLessThan(80);
  });

  it('a name that means harm is shown and does nothing', async () => {
    await show(TREES.hostile);
    expect(row('<img src=x onerror=alert(1)>')).toHaveTextContent('photo\\u202egpj.exe');
    expect(document.querySelector('[role="treegrid"] img')).toBeNull();
    expect(row('no name')).toHaveTextContent('no disks');
  });
});
