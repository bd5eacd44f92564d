/** Why the form does not go on, below the field: of a form that is told to leave that to its fields. */
import { RiErrorWarningLine } from '@remixicon/react';
import styles from './field-group.module.css';

export interface FaultShown {
  /** As the form checked it, in the words of our validators. */
  readonly rawErrors?: readonly string[] | undefined;
  /** `ui:hideError`: the form does not say it itself. */
  readonly hideError?: boolean | undefined;
}

/** Undefined: there is none, or the form says it. */
export function faultToShow({ rawErrors = [], hideError = false }: FaultShown): string | undefined {
  // The same fault may be found by several checks.
  return hideError && rawErrors.length > 0 ? [...new Set(rawErrors)].join(' ') : undefined;
}

export function FieldFault({ id, ...fault }: FaultShown & { readonly id: string }) {
  const words = faultToShow(fault);
  if (words === undefined) return null;
  return (
    <p id={id} className={styles['fault']}>
      <RiErrorWarningLine aria-hidden /> {words}
    </p>
  );
}
