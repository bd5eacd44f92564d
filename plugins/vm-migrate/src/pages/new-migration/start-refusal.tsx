/** Why a start was refused: what it is in short, what was found thing by thing, what to do. */
import type { ErrorDataView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { EngineText } from '../../parts/engine-text';
import { Failure } from '../../parts/failure';
import styles from './plan-summary.module.css';

export function StartRefusal({ error }: { readonly error: ErrorDataView }) {
  const { message, found } = error;
  if (found === undefined) return <Failure error={error} />;
  return (
    <Failure error={{ ...error, message: shortOf(message) }}>
      <ul className={styles['refusal']}>
        {found.split('; ').map(one => (
          <li key={one}>
            <EngineText>{one}</EngineText>
          </li>
        ))}
      </ul>
    </Failure>
  );
}

/** The sentence of the code, before where it was and what was found. */
function shortOf(message: string): string {
  return /^.+?(?= (?:Where|Expected|Found): )/s.exec(message)?.[0] ?? message;
}
