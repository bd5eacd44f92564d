import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { liveHubOf } from '../surface/live-hub';
import { FakeBackend } from '../testing/fake-backend';
import { renderPages } from '../testing/render-pages';
import { descriptionOf, migrationOf, stepOf } from '../testing/views';

const backend = new FakeBackend();

function answerList() {
  const byState = { running: 0, paused: 0, failed: 0, migrated: 0, canceled: 0 };
  backend.answer('getMigrations', () => []);
  backend.answer('countMigrations', () => ({ total: 0, byState }));
  backend.answer('getPlace', () => FakeBackend.failure(403, 'ACCESS_DENIED', 'no'));
}

describe('pages', () => {
  it('shows what is migrated', async () => {
    answerList();
    renderPages(backend.client);
    expect(await screen.findByText('Live')).toBeInTheDocument();
    expect(
      within(screen.getByRole('navigation', { name: 'VM migrations' })).getByRole('link', {
        name: 'New migration',
      }),
    ).toHaveAttribute('href', '/vm-migrate/new');
  });
});

describe('the language of our words', () => {
  /** As a screen reader finds it out. */
  const languageOf = (element: HTMLElement) => element.closest('[lang]')?.getAttribute('lang');

  it('is said, and that of what the engine says is English', async () => {
    const vm = migrationOf({
      state: 'failed',
      error: { code: 'VOLUME_FULL', message: 'The target has no space left.', hint: 'Free some.' },
    });
    const waits = stepOf({ state: 'ready', waitsFor: 'a free place', words: 'write base.vmdk' });
    backend.answer('describe', () =>
      descriptionOf({ ...vm, disks: [], now: [waits] }, { steps: [waits] }),
    );
    backend.answer('getTree', () => FakeBackend.failure(403, 'ACCESS_DENIED', 'no'));
    backend.answer('getObjects', () => []);
    renderPages(backend.client, '/vm-migrate/migrations/m-1', { language: 'de' });
    expect(languageOf(await screen.findByText('Worauf sie wartet'))).toBe('de');
    expect(languageOf(screen.getByText('The target has no space left.'))).toBe('en');
    expect(languageOf(screen.getByText('Free some.'))).toBe('en');
    expect(languageOf(screen.getByText('a free place'))).toBe('en');
    expect(languageOf(screen.getByText('write base.vmdk'))).toBe('en');
    const cancel = screen.getByRole('button', { name: 'Abbrechen' });
    await waitFor(() => expect(cancel).not.toHaveAttribute('aria-disabled'));
    await userEvent.click(cancel);
    expect(languageOf(await screen.findByText('Diese Migration abbrechen?'))).toBe('de');
  });

  it('is English where nobody chose another', async () => {
    answerList();
    renderPages(backend.client);
    expect(languageOf(await screen.findByText('Live'))).toBe('en');
  });
});

describe('the title in the tab', () => {
  it.each([
    ['', 'Migrations · VM migrations'],
    ['/', 'Migrations · VM migrations'],
    ['/new', 'New migration · VM migrations'],
    ['/operations', 'Sources and workers · VM migrations'],
    ['/migrations/m-1', 'photo\\u202egpj · VM migrations'],
    ['/nonsense', 'There is no such page · VM migrations'],
  ])('of %s says which page it is', async (path, title) => {
    answerList();
    const vm = 'photo\u202egpj';
    const migration = { ...migrationOf({ vm }), disks: [], now: [] };
    backend.answer('describe', () => descriptionOf(migration));
    for (const name of ['getTree', 'getQueue', 'getWorkers', 'getLimits', 'getSources'] as const)
      backend.answer(name, () => FakeBackend.failure(403, 'ACCESS_DENIED', 'no'));
    backend.answer('getTargets', () => []);
    backend.answer('getVms', () => []);
    renderPages(backend.client, `/vm-migrate${path}`);
    await waitFor(() => expect(document.title).toBe(title));
  });

  it('an address that leads nowhere leads to the list', async () => {
    renderPages(backend.client, '/vm-migrate/nonsense');
    expect(
      await screen.findByRole('heading', { name: 'There is no such page' }),
    ).toBeInTheDocument();
    expect(screen.getByRole('main')).toContainElement(
      screen.getByRole('link', { name: 'To the migrations' }),
    );
  });
});

describe('a backend that does not know who asks', () => {
  const signedOut = () => new Response('{}', { status: 401 });
  const refuseQueries = () => {
    for (const name of ['getMigrations', 'countMigrations', 'getPlace'] as const)
      backend.answer(name, signedOut);
  };
  /** As a person who comes back to the tab. */
  const comeBack = () => act(() => void document.dispatchEvent(new Event('visibilitychange')));

  it('is said as that above the page, and what was shown comes anew when it knows again', async () => {
    backend.refuseStreams(signedOut);
    refuseQueries();
    renderPages(backend.client);
    expect(await screen.findByText('You are signed out')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Reload the page' })).toBeInTheDocument();
    expect(screen.queryByText(/does not answer/)).toBeNull();
    // The client's own remedy is for a terminal.
    expect(await screen.findByText('You are signed out.')).toBeInTheDocument();
    expect(screen.queryByText(/VM_MIGRATE_API_TOKEN/)).toBeNull();
    answerList();
    backend.refuseStreams(undefined);
    jest.spyOn(document, 'hidden', 'get').mockReturnValueOnce(true);
    comeBack();
    comeBack();
    expect(await screen.findByText('Live')).toBeInTheDocument();
    expect(await screen.findByText('Nothing has been migrated yet')).toBeInTheDocument();
    expect(screen.queryByText(/signed out/)).toBeNull();
  });

  it('asks for the stream again as soon as a query is answered', async () => {
    answerList();
    renderPages(backend.client);
    await screen.findByText('Live');
    backend.refuseStreams(signedOut);
    await screen.findByText('You are signed out');
    backend.refuseStreams(undefined);
    await act(() => liveHubOf(backend.client).refresh());
    await waitFor(() => expect(screen.queryByText('You are signed out')).toBeNull());
    expect(screen.getByText('Live')).toBeInTheDocument();
  });

  it('who may read no events is told that, and of no backend that does not answer', async () => {
    answerList();
    backend.refuseStreams(() => FakeBackend.failure(403, 'ACCESS_DENIED', 'No.'));
    renderPages(backend.client);
    expect(await screen.findByText('Not live: you may not read events')).toBeInTheDocument();
    expect(screen.queryByText(/does not answer/)).toBeNull();
  });
});
