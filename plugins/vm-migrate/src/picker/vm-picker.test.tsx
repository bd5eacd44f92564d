import { renderInTestApp } from '@backstage/frontend-test-utils';
import { catalogApiRef } from '@backstage/plugin-catalog-react';
import type { FieldExtensionComponentProps } from '@backstage/plugin-scaffolder-react';
import type { Entity } from '@backstage/catalog-model';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { vmMigrateApiRef } from '../surface/api-ref';
import { FakeBackend } from '../testing/fake-backend';
import { renderTemplateForm } from '../testing/template-form';
import { VmPicker, type VmPickerOptions } from './vm-picker';
import { isVmReference, vmPickerField } from './vm-picker-field';

const backend = new FakeBackend();
const user = userEvent.setup();

const entity: Entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Resource',
  metadata: {
    name: 'vm-4711',
    namespace: 'default',
    title: 'web-1',
    annotations: { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': '4711' },
  },
  spec: { type: 'virtual-machine' },
};

type Props = FieldExtensionComponentProps<string, VmPickerOptions>;

/** As a form holds it: what is chosen comes back as its data. */
function Form({
  onChosen,
  options,
}: {
  onChosen: (vm: unknown) => void;
  options: VmPickerOptions;
}) {
  const [chosen, setChosen] = useState<string>();
  const props = {
    formData: chosen,
    onChange: (vm: string | undefined) => {
      setChosen(vm);
      onChosen(vm);
    },
    schema: { title: 'Which VM' },
    uiSchema: { 'ui:options': options },
    required: true,
    rawErrors: [],
  } as unknown as Props;
  return <VmPicker {...props} />;
}

function show(items: readonly Entity[] | Error, options: VmPickerOptions = {}) {
  const onChosen = jest.fn();
  const getEntities = jest.fn(() =>
    items instanceof Error ? Promise.reject(items) : Promise.resolve({ items: [...items] }),
  );
  renderInTestApp(<Form onChosen={onChosen} options={options} />, {
    apis: [
      [vmMigrateApiRef, backend.client],
      [catalogApiRef, { getEntities }],
    ],
  });
  return { onChosen, getEntities };
}

async function choose(label: string) {
  await user.click(await screen.findByRole('combobox', { name: /Which VM/ }));
  await user.click(await screen.findByRole('option', { name: label }));
}

describe('field VmPicker left empty', () => {
  const pageOf = (hideError: boolean) => ({
    type: 'object',
    required: ['vm'],
    properties: {
      vm: {
        type: 'string',
        title: 'Which VM',
        description: 'It and its snapshots',
        'ui:field': 'VmPicker',
        ...(hideError ? { 'ui:hideError': true } : {}),
      },
    },
  });

  it('says so in its own words, beside its help', async () => {
    const { onCreate } = renderTemplateForm(backend.client, [pageOf(true)], {
      entities: [entity],
    });
    await user.click(await screen.findByRole('button', { name: 'Review' }));
    const field = screen.getByRole('combobox', { name: /Which VM/ });
    await waitFor(() => expect(field).toHaveAccessibleDescription(/Choose a VM of the list\./));
    expect(screen.getByText('It and its snapshots')).toBeInTheDocument();
    // Once at the field, once in the form's own list.
    expect(screen.getAllByText(/Choose a VM of the list\./)).toHaveLength(2);
    expect(screen.queryByText(/must have required property/)).toBeNull();
    await user.click(field);
    await user.click(await screen.findByRole('option', { name: 'web-1 (lab)' }));
    await user.click(screen.getByRole('button', { name: 'Review' }));
    await user.click(await screen.findByRole('button', { name: 'Create' }));
    expect(onCreate.mock.lastCall?.[0]).toEqual({ vm: 'resource:default/vm-4711' });
  });

  it('leaves the words to a form that says them itself', async () => {
    renderTemplateForm(backend.client, [pageOf(false)], { entities: [entity] });
    await user.click(await screen.findByRole('button', { name: 'Review' }));
    await waitFor(() => expect(screen.getAllByText(/Choose a VM of the list\./)).toHaveLength(2));
    const field = screen.getByRole('combobox', { name: /Which VM/ });
    expect(field).toHaveAttribute('aria-invalid', 'true');
    expect(field).not.toHaveAccessibleDescription(/Choose a VM/);
  });
});

describe('field VmPicker', () => {
  it("answers the ref of the VM's entity", async () => {
    const { onChosen, getEntities } = show([entity], { source: 'lab' });
    await choose('web-1 (lab)');
    expect(onChosen).toHaveBeenLastCalledWith('resource:default/vm-4711');
    expect(getEntities).toHaveBeenCalledWith(
      expect.objectContaining({
        filter: {
          kind: 'Resource',
          'spec.type': 'virtual-machine',
          'metadata.annotations.vm-migrate.io/source': 'lab',
        },
      }),
    );
    expect(backend.calls).toEqual([]);
  });

  it.each([
    ['has no VMs', []],
    ['does not answer', new Error('503')],
  ])('answers SOURCE/NAME where the catalog %s', async (_name, items) => {
    backend.answer('getVms', () => [
      {
        source: 'lab',
        id: '1',
        name: 'db-1',
        location: '',
        snapshots: null,
        migration: null,
        error: null,
      },
      {
        source: 'lab',
        id: '2',
        name: 'broken',
        location: '',
        snapshots: null,
        migration: null,
        error: 'no .vmx',
      },
    ]);
    const { onChosen } = show(items);
    await choose('db-1 (lab)');
    expect(onChosen).toHaveBeenLastCalledWith('lab/db-1');
    expect(screen.queryByRole('option', { name: /broken/ })).toBeNull();
  });

  it('says why there is nothing to choose from', async () => {
    backend.answer('getVms', () => FakeBackend.failure(403, 'ACCESS_DENIED', 'You may not.'));
    show([]);
    expect(await screen.findByText('You may not.')).toBeInTheDocument();
  });

  it.each([
    ['resource:default/vm-1', true],
    ['lab/web 1', true],
    ['lab/', false],
    ['/web', false],
    ['web-1', false],
  ])('%s names a VM: %s', async (text, isOne) => {
    expect(isVmReference(text)).toBe(isOne);
    const addError = jest.fn();
    const context = { apiHolder: { get: () => undefined }, formData: {}, schema: {} };
    await vmPickerField.validation(text, { addError } as never, context as never);
    await waitFor(() => expect(addError).toHaveBeenCalledTimes(isOne ? 0 : 1));
  });

  it.each([
    [['resource:default/vm-1', 'lab/web 1'], 0],
    [['resource:default/vm-1', undefined], 0],
    [['resource:default/vm-1', ''], 1],
    [['resource:default/vm-1', 'web-1'], 1],
  ])('as the items of a list: %j', async (list, errors) => {
    const addError = jest.fn();
    const context = { apiHolder: { get: () => undefined }, formData: {}, schema: {} };
    // Backstage gives it the list, whatever its type says.
    await vmPickerField.validation(list as never, { addError } as never, context as never);
    expect(addError).toHaveBeenCalledTimes(errors);
  });
});
