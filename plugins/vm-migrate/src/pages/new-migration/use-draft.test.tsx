import { act, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter, useLocation, useNavigate } from 'react-router-dom';
import { useDraft } from './use-draft';

function show() {
  const wrapper = ({ children }: { readonly children: ReactNode }) => (
    <MemoryRouter initialEntries={['/new?vm=lab%2Fweb-1']}>{children}</MemoryRouter>
  );
  return renderHook(
    () => ({
      ...useDraft('lab/web-1'),
      navigate: useNavigate(),
      address: useLocation().search,
    }),
    { wrapper },
  ).result;
}

describe('choices in the address', () => {
  it('are undone by the way back, a moved slider and a typed word at once', () => {
    const page = show();
    act(() => page.current.change({ rule: 'newest' }));
    for (const newest of [3, 2, 1]) act(() => page.current.change({ newest }));
    for (const namePrefix of ['s', 'sh', 'shop']) act(() => page.current.change({ namePrefix }));
    expect(page.current.address).toBe('?vm=lab%2Fweb-1&keep=newest&count=1&prefix=shop');
    const back = () => act(() => page.current.navigate(-1));
    back();
    expect(page.current.draft).toMatchObject({ newest: 1, namePrefix: '' });
    // What is chosen after a way back does not overwrite the step that it led to.
    act(() => page.current.change({ namePrefix: 'x' }));
    expect(page.current.draft).toMatchObject({ newest: 1, namePrefix: 'x' });
    back();
    back();
    expect(page.current.draft).toMatchObject({ rule: 'newest', newest: undefined });
    back();
    expect(page.current.draft.rule).toBe('all');
    act(() => page.current.navigate(2));
    expect(page.current.draft).toMatchObject({ rule: 'newest', newest: 1 });
  });
});
