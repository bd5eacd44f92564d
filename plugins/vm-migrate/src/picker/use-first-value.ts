/** A form asks nobody about a field that has no value, not even whether that will do. */
import { useEffect } from 'react';

/** Gives the form `first` for as long as the field has nothing; undefined: nothing will do. */
export function useFirstValue<Value>(
  value: Value | undefined,
  onChange: (value: Value) => void,
  first: Value | undefined,
): void {
  // After every rendering: of two fields that say something at once the form keeps the later one.
  useEffect(() => {
    if (value === undefined && first !== undefined) onChange(first);
  });
}
