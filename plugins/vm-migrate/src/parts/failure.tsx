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
  // The client's own words are for a terminal, where a token is set by hand.
  const isSignedOut = error.code === 'NOT_SIGNED_IN';
  const remedy = isSignedOut
    ? t('failure.signedOut.remedy')
    : error.hint === undefined
      ? undefined
      : inOurWords(error.hint);
  return (
    <Alert
      status="danger"
      icon
      title={isSignedOut ? t('failure.signedOut.title') : error.message}
      description={
        <>
          {remedy !== undefined && <div>{remedy}</div>}
          <code>{t('failure.code', { code: error.code })}</code>
        </>
      }
    />
  );
}
