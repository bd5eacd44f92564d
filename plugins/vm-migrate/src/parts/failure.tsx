/** An error as the engine says it: what, where, and what to do. */
import { Alert } from '@backstage/ui';
import type { ErrorView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { ReactNode } from 'react';
import { EngineText } from './engine-text';
import { useControlWords } from './use-control-words';
import { useWords } from './use-words';

export interface FailureProps {
  readonly error: Pick<ErrorView, 'code' | 'message' | 'hint'>;
  /** What else is known of it, below what to do. */
  readonly children?: ReactNode;
}

export function Failure({ error, children }: FailureProps) {
  const { t } = useWords();
  const inOurWords = useControlWords();
  const code = <code>{t('failure.code', { code: error.code })}</code>;
  // The client's own words are for a terminal, where a token is set by hand.
  if (error.code === 'NOT_SIGNED_IN')
    return (
      <Alert
        status="danger"
        icon
        title={t('failure.signedOut.title')}
        description={
          <>
            <div>{t('failure.signedOut.remedy')}</div>
            {code}
          </>
        }
      />
    );
  return (
    <Alert
      status="danger"
      icon
      title={<EngineText>{error.message}</EngineText>}
      description={
        <>
          {error.hint !== undefined && (
            <div>
              <EngineText>{inOurWords(error.hint)}</EngineText>
            </div>
          )}
          {code}
          {children}
        </>
      }
    />
  );
}
