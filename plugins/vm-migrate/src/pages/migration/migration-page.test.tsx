import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { DescriptionView, EventView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { eventLog, reportMarkdown } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { eventOf, migrationOf, stepOf } from '../../gallery/fixtures/build';
import { DESCRIPTIONS, REPORT } from '../../gallery/fixtures/migrations';
import { TREES } from '../../gallery/fixtures/trees';
import { liveHubOf } from '../../surface/live-hub';
import { FakeBackend } from '../../testing/fake-backend';
import { giveLayout } from '../../testing/layout';
import { renderPages, type RenderHow } from '../../testing/render-pages';
import { MIGRATION_ID, progressOf, VOLUME_FULL } from '../../testing/views';

giveLayout();
const backend = new FakeBackend();
const user = userEvent.setup();

function show(description: DescriptionView, tab = '', how?: RenderHow) {
  backend.answer('describe', () => description);
  backend.answer('getTree', () => TREES.running);
  backend.answer('getReport', () => REPORT);
  return renderPages(backend.client, `/vm-migrate/migrations/${MIGRATION_ID}${tab}`, how);
}

/** A store of events that answers as the engine does. */
function answerEvents(stored: EventView[]) {
  backend.answer('getEvents', ({ before = Infinity, after = 0, limit = 200, migration }) => {
    const found = stored.filter(
      event => event.migration === migration && event.id > after && event.id < before,
    );
    return before === Infinity ? found.slice(0, limit) : found.slice(-limit);
  });
}

const button = (name: string) => screen.findByRole('button', { name });
const asked = (name: string) =>
  backend.calls.filter(call => call.name === name).map(({ input }) => input);

describe('a migration', () => {
  it('says what it is, how far, what it waits for and for how long', async () => {
    show(DESCRIPTIONS.running);
    expect(
      await screen.findByRole('heading', { name: 'Büro-Server "Alpha" – пример' }),
    ).toBeInTheDocument();
    expect(screen.getByRole('progressbar', { name: 'Progress of the migration' })).toHaveAttribute(
      'aria-valuetext',
      '41 %, 20 GiB of 48 GiB, 120 MiB/s, 3m58s left',
    );
    const waits = screen.getByRole('region', { name: 'What it waits for' });
    expect(waits).toHaveTextContent(/hostpath\.csi\.k8s\.io to finish .*for 1m/);
    expect(screen.getByText('2 of 6 ready')).toBeInTheDocument();
    expect(
      screen.getByRole('link', { name: 'resource:default/vm-224e328117c73f17' }),
    ).toHaveAttribute('href', '/catalog/default/resource/vm-224e328117c73f17');
    expect(await screen.findByRole('treegrid')).toBeInTheDocument();
  });

  it('pauses, and says what goes on as long as it does', async () => {
    show(DESCRIPTIONS.running);
    backend.answer('pause', () => {
      backend.answer('describe', () => DESCRIPTIONS.pausing);
      return migrationOf({ wanted: 'pause' });
    });
    await user.click(await button('Pause'));
    expect(await button('Resume')).toBeInTheDocument();
    expect(asked('pause')).toEqual([{ migration: MIGRATION_ID }]);
    expect(await screen.findByText(/It is being paused/)).toBeInTheDocument();
    backend.answer('describe', () => DESCRIPTIONS.paused);
    await act(() => liveHubOf(backend.client).refresh());
    await waitFor(() => expect(screen.queryByText(/It is being paused/)).toBeNull());
  });

  it('an outcome goes when the state changes, and does not come back with the state', async () => {
    show(DESCRIPTIONS.failed);
    backend.answer('retry', () => {
      backend.answer('describe', () => DESCRIPTIONS.running);
      return migrationOf();
    });
    await user.click(await button('Retry'));
    const said = 'The failed steps are tried again.';
    expect(await screen.findByText(said)).toBeInTheDocument();
    for (const description of [DESCRIPTIONS.failed, DESCRIPTIONS.running]) {
      backend.answer('describe', () => description);
      await act(() => liveHubOf(backend.client).refresh());
      await screen.findByText(description.migration.state);
      await waitFor(() => expect(screen.queryByText(said)).toBeNull());
    }
  });

  it('one that failed says in which step of which disk, and what to do here and at a terminal', async () => {
    show(DESCRIPTIONS.failed);
    const { message } = VOLUME_FULL;
    const box = within((await screen.findByText(message)).closest('[data-status]') as HTMLElement);
    expect(box.getByText(/^write Beispiel VM-000002\.vmdk/)).toBeInTheDocument();
    expect(box.getByText('scsi0:0')).toBeInTheDocument();
    // In the words of our own controls.
    expect(box.getByText('Free space in class fast, then: “Retry”')).toBeInTheDocument();
    expect(box.getByText('kubectl vm-migrate explain VOLUME_FULL')).toBeInTheDocument();
    expect(box.getByRole('button', { name: 'Copy the command' })).toBeInTheDocument();
    expect(screen.getByText('Failed for')).toBeInTheDocument();
  });

  it('of many that failed the first are shown, and where the others are', async () => {
    const failed = DESCRIPTIONS.failed.steps.find(({ state }) => state === 'failed');
    const steps = Array.from({ length: 5 }, (_, at) => ({ ...failed!, id: `s${at}` }));
    show({ ...DESCRIPTIONS.failed, steps });
    const more = await screen.findByRole('link', { name: '2 more steps failed: see the timeline' });
    expect(more).toHaveAttribute('href', `/vm-migrate/migrations/${MIGRATION_ID}/timeline`);
    expect(screen.getAllByText(VOLUME_FULL.message)).toHaveLength(3);
  });

  it('while it is verified says how far that is', async () => {
    const read = stepOf({ id: 'verify', kind: 'verifySnapshot', weightBytes: 100 });
    const { migration, steps } = DESCRIPTIONS.migrated;
    show({
      ...DESCRIPTIONS.migrated,
      migration: { ...migration, state: 'running', finishedAt: null },
      steps: [
        ...steps,
        { ...read, id: 'verify-1:a', progress: progressOf(100, 100) },
        { ...read, id: 'verify-2:a', progress: progressOf(100, 100) },
        { ...read, id: 'verify-2:b', state: 'running', progress: progressOf(20, 100, 10) },
        { ...read, id: 'verify-2:c', state: 'ready', progress: progressOf(0, 100) },
      ],
    });
    expect(
      await screen.findByText('Verifying: 1 of 3 VolumeSnapshots read whole'),
    ).toBeInTheDocument();
    expect(
      screen.getByRole('progressbar', { name: 'Progress of the verification' }),
    ).toHaveAttribute('aria-valuetext', '40 %, 120 B of 300 B, 10 B/s, 18s left');
    expect(screen.getByText('Took')).toBeInTheDocument();
  });

  it('an act that is refused shows the engine its words', async () => {
    show(DESCRIPTIONS.failed);
    backend.answer('retry', () =>
      FakeBackend.failure(409, 'STATE_REFUSED', 'It cannot be tried again.', { hint: 'Wait.' }),
    );
    await user.click(await button('Retry'));
    expect(await screen.findByText('It cannot be tried again.')).toBeInTheDocument();
    expect(screen.getByText('Wait.')).toBeInTheDocument();
  });

  it('cancels only after it said what happens to the objects, as it was chosen', async () => {
    show(DESCRIPTIONS.running);
    backend.answer('getObjects', () => FakeBackend.failure(503, 'STORE_UNREACHABLE', 'No answer.'));
    backend.answer('cancel', () => migrationOf({ state: 'canceled' }));
    await user.click(await button('Cancel'));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getAllByRole('radio')).toHaveLength(3);
    expect(asked('cancel')).toEqual([]);
    await user.click(within(dialog).getByRole('radio', { name: /Remove all of them/ }));
    // Whoever cannot be told the names is told why, and may cancel all the same.
    expect(await within(dialog).findByText('No answer.')).toBeInTheDocument();
    await user.click(within(dialog).getByRole('button', { name: 'Cancel the migration' }));
    await waitFor(() =>
      expect(asked('cancel')).toEqual([{ migration: MIGRATION_ID, objects: 'remove-all' }]),
    );
  });

  it('a button that may not be pressed is reached by keyboard and says why', async () => {
    show(DESCRIPTIONS.running, '', {
      allows: ({ permission }) => permission.name !== 'vm-migrate.migration.control',
    });
    const pause = await button('Pause');
    await waitFor(() => expect(pause).toHaveAttribute('aria-disabled', 'true'));
    while (document.activeElement !== pause) {
      await user.tab();
      if (document.activeElement === document.body) throw new Error('Pause is not reached by Tab');
    }
    expect(await screen.findByRole('tooltip')).toHaveTextContent(/You may not steer it/);
    await user.keyboard('{Enter}');
    expect(asked('pause')).toEqual([]);
  });

  it('has the commands that do the same at a terminal', async () => {
    show(DESCRIPTIONS.failed);
    const title = await screen.findByText('The same at a terminal');
    await user.click(title);
    const commands = within(title.closest('details') as HTMLElement)
      .getAllByRole('textbox')
      .map(each => each.textContent);
    expect(commands.slice(0, 2)).toEqual([
      `kubectl vm-migrate logs ${MIGRATION_ID}`,
      `kubectl vm-migrate retry ${MIGRATION_ID}`,
    ]);
    expect(commands).toContain(`kubectl vm-migrate cancel ${MIGRATION_ID} --keep-all`);
    expect(new Set(commands).size).toBe(commands.length);
  });

  it('one that is not there leads to the list', async () => {
    show(DESCRIPTIONS.running);
    backend.answer('describe', () => FakeBackend.failure(404, 'NOT_FOUND', 'There is none.'));
    expect(
      await screen.findByRole('heading', { name: `There is no migration ${MIGRATION_ID}` }),
    ).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'To the migrations' })).toHaveAttribute(
      'href',
      '/vm-migrate',
    );
  });

  it.each([
    [503, 'DATABASE_UNSUITABLE', 'Set vmMigrate.database'],
    [403, 'ACCESS_DENIED', 'Ask somebody'],
  ])('%d: says what to do, and can be asked again', async (status, code, hint) => {
    show(DESCRIPTIONS.running);
    backend.answer('describe', () => FakeBackend.failure(status, code, 'It does not.', { hint }));
    expect(await screen.findByText(hint)).toBeInTheDocument();
    backend.answer('describe', () => DESCRIPTIONS.running);
    await user.click(await button('Ask again'));
    expect(await screen.findByRole('treegrid')).toBeInTheDocument();
  });
});

describe('its tabs', () => {
  it('are addresses', async () => {
    show(DESCRIPTIONS.running);
    const link = await screen.findByRole('link', { name: 'Findings (3)' });
    expect(link).toHaveAttribute('href', `/vm-migrate/migrations/${MIGRATION_ID}/findings`);
    await user.click(link);
    expect(await screen.findByText('memory-not-carried:2')).toBeInTheDocument();
    expect(screen.getByText('Accepted by user:default/anna')).toBeInTheDocument();
    const first = screen
      .getAllByRole('listitem')
      .find(each => each.dataset['severity'] !== undefined);
    expect(first).toHaveAttribute('data-severity', 'blocks');
  });

  it('the timeline is a table too, in the order in which steps began', async () => {
    show(DESCRIPTIONS.running, '/timeline');
    const table = await screen.findByRole('table', { name: 'Steps' });
    const rows = within(table).getAllByRole('row').slice(1);
    expect(rows[0]).toHaveTextContent(
      /prove that storage class fast supports snapshots.*done.*12s/,
    );
    expect(rows.at(-1)).toHaveTextContent(/Beispiel VM-000005.*after others/);
    expect(within(table).getByText(/2 tries/)).toBeInTheDocument();
  });

  it('the report is rendered, and is the Markdown that the command line prints', async () => {
    const saved: string[] = [];
    URL.createObjectURL = blob => {
      void (blob as Blob).text().then(text => saved.push(text));
      return 'blob:saved';
    };
    URL.revokeObjectURL = () => undefined;
    show(DESCRIPTIONS.migrated, '/report');
    expect(
      await screen.findByRole('heading', { name: 'What this report does not claim' }),
    ).toBeInTheDocument();
    await user.click(await button('Download Markdown'));
    await waitFor(() => expect(saved).toEqual([reportMarkdown(REPORT)]));
    await user.click(await button('Download JSON'));
    await waitFor(() => expect(saved).toHaveLength(2));
    expect(JSON.parse(saved[1] ?? '')).toEqual({ kind: 'Report', ...REPORT });
  });
});

describe('its events', () => {
  const shown = () =>
    within(screen.getByRole('table', { name: 'Events, newest first' }))
      .getAllByRole('row')
      .slice(1)
      .map(row => /event (\d+)/.exec(row.textContent ?? '')?.[1]);
  const named = (id: number, rest: Partial<EventView> = {}) =>
    eventOf(id, { message: `event ${id}.`, ...rest });

  it('come as they happen, newest first, each once, and those of others not at all', async () => {
    const stored = [named(1), named(2), named(3, { migration: 'm-other' })];
    answerEvents(stored);
    show(DESCRIPTIONS.running, '/events');
    await screen.findByText('event 2.');
    expect(shown()).toEqual(['2', '1']);
    await screen.findByText('Live');
    act(() => {
      backend.send(named(5));
      backend.send(named(5));
      backend.send(named(4));
      backend.send(named(6, { migration: 'm-other' }));
    });
    await screen.findByText('event 4.');
    expect(shown()).toEqual(['5', '4', '2', '1']);
    expect(screen.getByText('This is the first event.')).toBeInTheDocument();
  });

  it('older ones are loaded by cursor until the first', async () => {
    const stored = Array.from({ length: 450 }, (_, at) => named(at + 1));
    answerEvents(stored);
    show(DESCRIPTIONS.running, '/events');
    await screen.findByText('event 450.');
    const table = screen.getByRole('table', { name: 'Events, newest first' });
    expect(table).toHaveAttribute('aria-rowcount', '201');
    await user.click(await button('Load older events'));
    await waitFor(() => expect(table).toHaveAttribute('aria-rowcount', '401'));
    await user.click(await button('Load older events'));
    await waitFor(() => expect(table).toHaveAttribute('aria-rowcount', '451'));
    expect(screen.getByText('This is the first event.')).toBeInTheDocument();
    expect(asked('getEvents').filter(input => 'before' in (input as object))).toHaveLength(3);
  });

  it('all of them, also those that are not loaded, are copied as the log that a terminal prints', async () => {
    const stored = Array.from({ length: 1_450 }, (_, at) => named(at + 1));
    answerEvents(stored);
    show(DESCRIPTIONS.running, '/events');
    const write = jest.spyOn(navigator.clipboard, 'writeText');
    await user.click(await button('Copy log'));
    expect(await screen.findByText('Copied')).toBeInTheDocument();
    expect(write.mock.calls).toEqual([[eventLog(stored)]]);
  });

  it('that could not be asked for come when the backend answers again, and the error goes', async () => {
    backend.refuseStreams(() => new Response('{}', { status: 401 }));
    show(DESCRIPTIONS.running, '/events');
    backend.answer('getEvents', () => new Response('{}', { status: 502 }));
    await screen.findByText(/^Code: API_UNREACHABLE/);
    answerEvents([named(1)]);
    backend.refuseStreams(undefined);
    await act(() => liveHubOf(backend.client).refresh());
    expect(await screen.findByText('event 1.')).toBeInTheDocument();
    expect(screen.queryByText(/API_UNREACHABLE/)).toBeNull();
  });

  it('an error over events that are known goes when the backend answers again', async () => {
    const stored = Array.from({ length: 450 }, (_, at) => named(at + 1));
    answerEvents(stored);
    show(DESCRIPTIONS.running, '/events');
    await screen.findByText('event 450.');
    await screen.findByText('Live');
    backend.refuseStreams(() => new Response('{}', { status: 401 }));
    await screen.findByText('You are signed out');
    backend.answer('getEvents', () => new Response('{}', { status: 502 }));
    await user.click(await button('Load older events'));
    await screen.findByText(/^Code: API_UNREACHABLE/);
    answerEvents(stored);
    backend.refuseStreams(undefined);
    await act(() => liveHubOf(backend.client).refresh());
    await waitFor(() => expect(screen.queryByText(/API_UNREACHABLE/)).toBeNull());
    expect(screen.getByText('event 450.')).toBeInTheDocument();
  });
});
