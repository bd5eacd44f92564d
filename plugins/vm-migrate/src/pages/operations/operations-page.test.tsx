import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeBackend } from '../../testing/fake-backend';
import { renderPages, type RenderHow } from '../../testing/render-pages';
import { classOf, limitOf, queuedStepOf, sourceOf, targetOf, workerOf } from '../../testing/views';

const backend = new FakeBackend();
const user = userEvent.setup();

function show(how?: RenderHow) {
  backend.answer('getQueue', () => ({
    counts: { running: 1, waiting: 0, queued: 0, ready: 1, paused: 0 },
    steps: [
      queuedStepOf({
        id: 'base.vmdk',
        words: 'write base.vmdk',
        worker: 'w-1',
        progress: { bytesDone: 50, bytesTotal: 100, bytesPerSecond: 10, etaMs: 5_000 },
      }),
      queuedStepOf({
        id: 'delta.vmdk',
        words: 'write delta.vmdk',
        state: 'ready',
        waitsFor: 'a free place under limit all, 4 at a time (see: kubectl vm-migrate limits)',
        waitsSince: '2026-11-28T02:00:00.000Z',
      }),
    ],
  }));
  backend.answer('getWorkers', () => [workerOf({ silentMs: 120_000 })]);
  backend.answer('getLimits', () => [limitOf()]);
  backend.answer('getSources', () => [
    sourceOf({
      vms: null,
      error: { code: 'SOURCE_UNREACHABLE', message: 'It does not answer.', hint: 'Mount it.' },
    }),
  ]);
  backend.answer('getTargets', () => [
    targetOf({
      classes: [
        classOf({
          name: 'slow',
          proof: {
            outcome: 'failed',
            at: '2026-11-28T02:00:00.000Z',
            ageMs: 1,
            snapshotsOutliveVolume: null,
            writeBytesPerSecond: null,
            error: { code: 'CLASS_PROBE_FAILED', message: 'A restore held other bytes.' },
          },
        }),
      ],
    }),
  ]);
  return renderPages(backend.client, '/vm-migrate/operations', how);
}

const asked = (name: string) =>
  backend.calls.filter(call => call.name === name).map(({ input }) => input);

describe('sources, workers and limits', () => {
  it('says who works on what, and why the next one waits', async () => {
    show();
    expect(
      await screen.findByRole('progressbar', { name: 'Progress: write base.vmdk' }),
    ).toHaveAttribute('aria-valuenow', '50');
    expect(
      screen.getByText(
        'a free place under limit all, 4 at a time (see: “Limits” under “Sources and workers”)',
      ),
    ).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: /^next/ }));
    await waitFor(() => expect(asked('getQueue').at(-1)).toMatchObject({ states: ['ready'] }));
  });

  it('says what does not work, and why', async () => {
    show();
    expect(await screen.findByText('Mount it.')).toBeInTheDocument();
    expect(await screen.findByText('silent')).toBeInTheDocument();
    expect(await screen.findByText(/A restore held other bytes/)).toBeInTheDocument();
    expect(screen.getByText('user:default/ann')).toBeInTheDocument();
  });

  it('takes a limit away, and says what the backend refuses', async () => {
    show();
    await user.click(await screen.findByRole('button', { name: /Change the limit: All together/ }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.click(dialog.getByRole('switch', { name: /Copies at a time/ }));
    await user.click(dialog.getByRole('switch', { name: /Rate in MiB/ }));
    backend.answer('setLimit', () =>
      FakeBackend.failure(429, 'TOO_MANY_REQUESTS', 'Too many changes.'),
    );
    await user.click(dialog.getByRole('button', { name: 'Save' }));
    expect(await dialog.findByText('Too many changes.')).toBeInTheDocument();
    expect(asked('setLimit')).toEqual([
      { scope: 'all', maxRunning: null, bytesPerSecond: 100 * 1024 ** 2 },
    ]);
    backend.answer('setLimit', () => []);
    await user.click(dialog.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('on a narrow window says all of it in columns that fit', async () => {
    show();
    // jsdom has no window that is wide.
    const row = async (words: string) =>
      (await screen.findByText(words)).closest('[role=row]') as HTMLElement;
    expect(await row('write delta.vmdk')).toHaveTextContent(/next.*Waits for.*a free place/);
    expect(await row('silent')).toHaveTextContent(/w-1.*lab.*→ cluster.*1 step/);
    const limit = await row('All together');
    expect(limit).toHaveTextContent(/Copies at a time: 4.*Rate: no limit.*user:default\/ann/);
    expect(within(limit).getByRole('button', { name: /Change the limit/ })).toBeInTheDocument();
    expect(screen.getAllByRole('columnheader').map(each => each.textContent)).toEqual([
      'Step',
      'Worker',
      'Health',
      'On what',
      'Change',
    ]);
  });

  it('is not changed by those who may not', async () => {
    show({ allows: ({ permission }) => permission.name !== 'vm-migrate.limits' });
    const change = await screen.findByRole('button', { name: /Change the limit/ });
    await waitFor(() => expect(change).toHaveAttribute('aria-disabled', 'true'));
    await user.click(change);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('says how to get a worker where there is none', async () => {
    show();
    backend.answer('getWorkers', () => []);
    expect(await screen.findByText('Nobody works')).toBeInTheDocument();
    expect(screen.getByText('kubectl vm-migrate worker')).toBeInTheDocument();
  });
});
