/** What a query answered, or what there is instead: its shape while it comes, or why it does not come. */
import { Button } from '@backstage/ui';
import type { ApiError } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import styles from './answer.module.css';
import { Failure } from './failure';
import { useWords } from './use-words';
import { Waiting } from './waiting';

export interface AnswerProps<Data> {
  readonly query: Pick<UseQueryResult<Data, ApiError>, 'data' | 'error'> & {
    readonly refetch: () => Promise<unknown>;
  };
  /** Lines of the skeleton. */
  readonly lines?: number;
  readonly children: (data: Data) => ReactNode;
}

/** What was answered last stays, with what went wrong since then above it. */
export function Answer<Data>({ query, lines = 6, children }: AnswerProps<Data>) {
  const { t } = useWords();
  const { data, error, refetch } = query;
  return (
    <>
      {error !== null && (
        <div className={styles['failure']}>
          <Failure error={error.data ?? { code: 'INTERNAL', message: error.message }} />
          <Button variant="secondary" size="small" onPress={() => void refetch()}>
            {t('answer.again')}
          </Button>
        </div>
      )}
      {data !== undefined && children(data)}
      {data === undefined && error === null && <Waiting lines={lines} />}
    </>
  );
}
