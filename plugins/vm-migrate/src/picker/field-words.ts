/** What a field says where it refuses: a validator is no component, and finds the words by itself. */
import {
  translationApiRef,
  type ApiHolder,
  type TranslationFunction,
} from '@backstage/frontend-plugin-api';
import { vmMigrateTranslationRef } from '../translations/ref';

type Words = TranslationFunction<(typeof vmMigrateTranslationRef)['T']>;

/** `otherwise`: of an app without translations, or before they are loaded. */
export function inWords(
  apiHolder: ApiHolder,
  say: (t: Words) => string,
  otherwise: string,
): string {
  const words = apiHolder.get(translationApiRef)?.getTranslation(vmMigrateTranslationRef);
  return words?.ready === true ? say(words.t) : otherwise;
}
