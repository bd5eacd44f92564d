/** An error as the engine says it: what, where, and what to do. */
import { Alert } from '@backstage/ui';
import type { ErrorView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useControlWords } from './use-control-words';
import { useWords } from './use-words';

export function Failure({
  error,
}: {
  readonly error: Pick<ErrorView, 'code' | 'message' | 'hint'>;
}) {
  const { t } = useWords();
  const inOurWords = useControlWords();
  return (
    <Alert
      status="danger"
      icon
      title={error.message}
      description={
        <>
          {error.hint !== undefined && <div>{inOurWords(error.hint)}</div>}
          <code>{t('failure.code', { code: error.code })}</code>
        </>
      }
    />
  );
}
