import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeBackend } from '../testing/fake-backend';
import { renderTemplateForm } from '../testing/template-form';
import { classOf, targetOf } from '../testing/views';
import { classByRule, faultOfPlace } from './place';

const backend = new FakeBackend();
const user = userEvent.setup();

const cluster = targetOf();
const other = targetOf({
  name: 'other',
  kind: 'local-directory',
  isDefault: false,
  classes: [classOf({ name: 'plain', snapshots: { how: 'none', reason: 'No class fits.' } })],
});

function show(preset?: object) {
  const place = {
    type: 'object',
    title: 'Where to',
    'ui:field': 'VmPlacePicker',
    ...(preset === undefined ? {} : { properties: presetsOf(preset) }),
  };
  return renderTemplateForm(backend.client, [{ type: 'object', properties: { place } }]);
}

/** Values that a field of a form begins with. */
function presetsOf(preset: object) {
  return Object.fromEntries(
    Object.entries(preset).map(([name, value]) => [name, { type: 'string', default: value }]),
  );
}

const press = async (name: string) => user.click(await screen.findByRole('button', { name }));

async function choose(label: RegExp, option: string) {
  await press(label as never);
  await user.click(await screen.findByRole('option', { name: option }));
}

/** What the form has in the end. */
async function created({ onCreate }: ReturnType<typeof show>) {
  await press('Review');
  await press('Create');
  return onCreate.mock.lastCall?.[0]['place'];
}

describe('field VmPlacePicker', () => {
  it('says which target and class it will be where nothing is chosen, and answers nothing', async () => {
    backend.answer('getTargets', () => [cluster, other]);
    const form = show();
    expect(await screen.findByRole('group', { name: 'Where to' })).toBeInTheDocument();
    expect(
      await screen.findByRole('button', { name: /cluster \(default\).*Target/ }),
    ).toBeVisible();
    expect(screen.getByRole('button', { name: /by rule: fast.*Storage class/ })).toBeVisible();
    expect(
      screen.getByText('takes snapshots: proved by a restore', { exact: false }),
    ).toBeVisible();
    expect(await created(form)).toEqual({});
  });

  it('answers target and class; another target forgets the class', async () => {
    backend.answer('getTargets', () => [cluster, other]);
    const form = show();
    await choose(/Storage class/, 'bulk');
    await choose(/Target/, 'other (local-directory)');
    await press(/Storage class/ as never);
    // It says of each class whether it takes snapshots.
    await user.click(await screen.findByRole('option', { name: 'plain (no snapshots)' }));
    expect(screen.getByText('No class fits.')).toBeVisible();
    expect(await created(form)).toEqual({ target: 'other', storageClass: 'plain' });
  });

  it('lets who may not see the targets name one', async () => {
    backend.answer('getTargets', () => FakeBackend.failure(403, 'ACCESS_DENIED', 'You may not.'));
    const form = show();
    await user.type(await screen.findByRole('textbox', { name: 'Target' }), 'attic');
    const storageClass = screen.getByRole('textbox', { name: 'Storage class' });
    await user.type(storageClass, 'slow');
    await user.clear(storageClass);
    expect(await created(form)).toEqual({ target: 'attic' });
  });

  it('says why the targets are not there, and asks again', async () => {
    backend.answer('getTargets', () =>
      FakeBackend.failure(503, 'DATABASE_UNREACHABLE', 'No answer.', { hint: 'Start it.' }),
    );
    show();
    expect(await screen.findByText('No answer.')).toBeVisible();
    expect(screen.getByText('Start it.')).toBeVisible();
    backend.answer('getTargets', () => [cluster]);
    await press('Ask again');
    expect(await screen.findByRole('button', { name: /cluster \(default\)/ })).toBeVisible();
  });

  it('says that there are none', async () => {
    backend.answer('getTargets', () => []);
    show();
    expect(await screen.findByText('There is no target yet.')).toBeVisible();
    await press('Review');
    expect(
      (await screen.findAllByText(/'Where to' There is no target to migrate to/))[0],
    ).toBeVisible();
  });

  it.each([
    [{ target: 'attic' }, /'Where to' There is no target attic: choose one of the list/],
    [{ target: 'other', storageClass: 'fast' }, /'Where to' The target has no storage class fast/],
  ])('does not go on with %j', async (preset, words) => {
    backend.answer('getTargets', () => [cluster, other]);
    const { onCreate } = show(preset);
    await screen.findByRole('group', { name: 'Where to' });
    await press('Review');
    expect((await screen.findAllByText(words))[0]).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Create' })).toBeNull();
    expect(onCreate).not.toHaveBeenCalled();
  });
});

describe('a place', () => {
  const noDefault = [{ ...cluster, isDefault: false }, other];
  const broken = targetOf({ error: { code: 'TARGET_UNREACHABLE', message: 'no' }, classes: [] });

  it.each([
    ['nothing, of none', {}, [], 'noTargets'],
    ['nothing, without a default one', {}, noDefault, 'noDefault'],
    ['empty texts', { target: '', storageClass: '' }, [cluster], undefined],
    ['a class of a target that does not answer', { storageClass: 'x' }, [broken], undefined],
    ['a class of the default target', { storageClass: 'bulk' }, [cluster], undefined],
  ] as const)('%s', (_name, place, targets, fault) => {
    expect(faultOfPlace(place, targets)).toBe(fault);
  });

  it('has the class that the target takes by itself: its default one, else the only one that can', () => {
    const none = { how: 'none', reason: 'no' } as const;
    const able = classOf({ name: 'able' });
    expect(classByRule(cluster)?.name).toBe('fast');
    expect(
      classByRule(targetOf({ classes: [classOf({ name: 'a', snapshots: none }), able] }))?.name,
    ).toBe('able');
    expect(classByRule(targetOf({ classes: [able, classOf({ name: 'b' })] }))).toBeUndefined();
  });
});
