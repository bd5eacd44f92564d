/** Words of the page's language, and that language for numbers and dates. */
import { appLanguageApiRef, useApiHolder, useTranslationRef } from '@backstage/frontend-plugin-api';
import { vmMigrateTranslationRef } from '../translations/ref';

export function useWords() {
  const { t } = useTranslationRef(vmMigrateTranslationRef);
  const language = useApiHolder().get(appLanguageApiRef)?.getLanguage().language;
  return { t, language };
}
